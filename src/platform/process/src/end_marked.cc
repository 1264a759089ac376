#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <map>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "sb/core/unique_fd.h"
#include "sb/process/process_table.h"

#include "proc_files.h"

namespace sb::process {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kLookAgain{20};        // after KILL, for what was being born
constexpr std::chrono::milliseconds kKillPatience{5'000};  // then it is in the kernel's hands

bool carries(pid_t pid, std::string_view assignment) {
  const auto text = read_small_file(fmt::format("/proc/{}/environ", pid));
  if (!text) return false;
  for (std::size_t at = 0; (at = text->find(assignment, at)) != std::string::npos; ++at) {
    const std::size_t end = at + assignment.size();
    if ((at == 0 || (*text)[at - 1] == '\0') && (end == text->size() || (*text)[end] == '\0')) {
      return true;
    }
  }
  return false;
}

/// Who belongs to the run now: the marked, the sessions they began, and everything below; zombies
/// and we ourselves left out.
std::vector<ProcessIdentity> find_run(const std::string& assignment,
                                      const std::optional<ProcessIdentity>& first) {
  const pid_t self = ::getpid();
  const auto all = all_processes();
  std::set<pid_t> members;
  std::set<pid_t> sessions;
  std::multimap<pid_t, pid_t> children;
  std::vector<pid_t> open;
  const auto join = [&](pid_t pid) {
    if (pid != self && members.insert(pid).second) open.push_back(pid);
  };
  for (const auto& entry : all) {
    children.emplace(entry.parent, entry.pid);
    const bool seed = first && entry.identity() == *first;
    if (!seed && !carries(entry.pid, assignment)) continue;
    join(entry.pid);
    // Only a session the run began itself: whoever else is in it was started by the run.
    if (entry.session == entry.pid) sessions.insert(entry.session);
  }
  for (const auto& entry : all) {
    if (sessions.contains(entry.session)) join(entry.pid);
  }
  while (!open.empty()) {
    const pid_t parent = open.back();
    open.pop_back();
    const auto [begin, end] = children.equal_range(parent);
    for (auto child = begin; child != end; ++child) join(child->second);
  }
  std::vector<ProcessIdentity> found;
  for (const auto& entry : all) {
    if (members.contains(entry.pid) && entry.state != 'Z') found.push_back(entry.identity());
  }
  return found;
}

/// Waits until every one of them ended; false when `deadline` came first.
bool wait_for_end(const std::vector<ProcessIdentity>& processes, SteadyClock::time_point deadline) {
  for (const auto& process : processes) {
    const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, process.pid, 0)));
    if (!pidfd.open() || !is_running(process)) continue;
    pollfd ended{pidfd.get(), POLLIN, 0};
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now()).count();
    if (::poll(&ended, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) == 0) return false;
  }
  return true;
}

}  // namespace

std::size_t end_marked(std::string_view mark, const std::optional<ProcessIdentity>& first,
                       std::chrono::milliseconds grace) {
  const std::string assignment = fmt::format("{}={}", kMarkVariable, mark);
  auto found = find_run(assignment, first);
  const std::size_t count = found.size();
  for (const auto& process : found) {
    send_signal(process, SIGTERM);
    send_signal(process, SIGCONT);  // a stopped one hears TERM only then
  }
  if (!found.empty()) wait_for_end(found, SteadyClock::now() + grace);
  // Whoever is there now was deaf, or was started while we looked.
  const auto patience = SteadyClock::now() + grace + kKillPatience;
  while (!(found = find_run(assignment, first)).empty() && SteadyClock::now() < patience) {
    for (const auto& process : found) send_signal(process, SIGKILL);
    wait_for_end(found, SteadyClock::now() + kLookAgain);
  }
  return count;
}

}  // namespace sb::process
