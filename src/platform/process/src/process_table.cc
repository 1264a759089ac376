#include "sb/process/process_table.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <csignal>
#include <memory>

#include <fmt/format.h>

#include "sb/core/unique_fd.h"

#include "proc_files.h"

namespace sb::process {
namespace {

// Numbers of the fields of stat after the name, counted from the state.
constexpr std::size_t kParent = 1;
constexpr std::size_t kGroup = 2;
constexpr std::size_t kSession = 3;
constexpr std::size_t kTerminal = 4;
constexpr std::size_t kForegroundGroup = 5;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kFields = kStartTicks + 1;

std::optional<ProcessEntry> parse_stat(pid_t pid, std::string_view text) {
  // The name may hold anything, parentheses too: it ends at the last one.
  const auto name_end = text.rfind(')');
  if (name_end == std::string_view::npos || name_end + 2 >= text.size()) return std::nullopt;
  text.remove_prefix(name_end + 2);
  std::array<std::string_view, kFields> fields;
  for (auto& field : fields) {
    const auto space = text.find(' ');
    field = text.substr(0, space);
    text.remove_prefix(space == std::string_view::npos ? text.size() : space + 1);
  }
  const auto number = [&fields]<class T>(std::size_t index, T& value) {
    const std::string_view field = fields.at(index);
    return std::from_chars(field.data(), field.data() + field.size(), value).ec == std::errc{};
  };
  ProcessEntry entry;
  entry.pid = pid;
  if (fields[0].empty()) return std::nullopt;
  entry.state = fields[0][0];
  std::int64_t terminal = 0;
  const bool sound = number(kParent, entry.parent) && number(kGroup, entry.group) &&
                     number(kSession, entry.session) && number(kTerminal, terminal) &&
                     number(kForegroundGroup, entry.foreground_group) &&
                     number(kStartTicks, entry.start_ticks);
  entry.terminal = static_cast<std::uint64_t>(terminal);
  return sound ? std::optional(entry) : std::nullopt;
}

/// Appends the children of `pid`; false when the kernel does not tell them.
bool append_children(pid_t pid, std::vector<pid_t>& out) {
  bool told = false;
  each_number_in(fmt::format("/proc/{}/task", pid), [&](int thread) {
    const auto text = read_small_file(fmt::format("/proc/{}/task/{}/children", pid, thread));
    if (!text) return;
    told = true;
    const char* at = text->data();
    const char* const end = at + text->size();
    while (at < end) {
      pid_t child = 0;
      const auto [next, error] = std::from_chars(at, end, child);
      if (error == std::errc{}) out.push_back(child);
      at = next + 1;
    }
  });
  return told;
}

/// The tree out of a listing of the whole machine, where there are no lists of children.
std::vector<ProcessEntry> tree_by_parents(const ProcessEntry& root) {
  const auto all = all_processes();
  std::vector<ProcessEntry> tree{root};
  for (std::size_t i = 0; i < tree.size(); ++i) {
    const auto [parent, depth] = std::pair(tree[i].pid, tree[i].depth);
    for (auto entry : all) {
      if (entry.parent != parent || entry.pid == parent) continue;
      entry.depth = depth + 1;
      tree.push_back(entry);
    }
  }
  return tree;
}

}  // namespace

std::optional<std::string> read_small_file(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) return std::nullopt;
  constexpr std::size_t kChunkBytes = 4096;
  std::string text;
  while (true) {
    const std::size_t had = text.size();
    text.resize(had + kChunkBytes);
    const ssize_t got = ::read(file.get(), text.data() + had, kChunkBytes);
    text.resize(had + static_cast<std::size_t>(got > 0 ? got : 0));
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
  }
}

void each_number_in(const std::string& folder, const std::function<void(int)>& visit) {
  struct Close {
    void operator()(DIR* dir) const { ::closedir(dir); }
  };
  const std::unique_ptr<DIR, Close> dir(::opendir(folder.c_str()));
  if (!dir) return;
  while (const dirent* entry = ::readdir(dir.get())) {
    const std::string_view name(entry->d_name);
    int number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc{} && end == name.data() + name.size()) visit(number);
  }
}

std::optional<ProcessEntry> read_process(pid_t pid) {
  const auto text = read_small_file(fmt::format("/proc/{}/stat", pid));
  return text ? parse_stat(pid, *text) : std::nullopt;
}

std::vector<ProcessEntry> all_processes() {
  std::vector<ProcessEntry> list;
  each_number_in("/proc", [&](int pid) {
    if (const auto entry = read_process(pid)) list.push_back(*entry);
  });
  return list;
}

std::vector<ProcessEntry> process_tree(pid_t root) {
  std::vector<ProcessEntry> tree;
  const auto top = read_process(root);
  if (!top) return tree;
  tree.push_back(*top);
  std::vector<pid_t> children;
  for (std::size_t i = 0; i < tree.size(); ++i) {
    children.clear();
    const auto [parent, depth] = std::pair(tree[i].pid, tree[i].depth);
    if (!append_children(parent, children) && i == 0) return tree_by_parents(*top);
    for (const pid_t child : children) {
      auto entry = read_process(child);
      if (!entry) continue;
      entry->depth = depth + 1;
      tree.push_back(*entry);
    }
  }
  return tree;
}

bool send_signal(const ProcessIdentity& identity, int signal) {
  // The descriptor holds the process fast, so that the check and the signal mean the same one.
  const UniqueFd pidfd(static_cast<int>(::syscall(SYS_pidfd_open, identity.pid, 0)));
  if (!pidfd.open() || !is_running(identity)) return false;
  return ::syscall(SYS_pidfd_send_signal, pidfd.get(), signal, nullptr, 0) == 0;
}

}  // namespace sb::process
