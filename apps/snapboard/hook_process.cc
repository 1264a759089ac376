#include "hook_process.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

#include "sb/core/unique_fd.h"

namespace sb::app {
namespace {

constexpr int kAncestorsMax = 4;  // shells between the agent and us
constexpr std::array<std::string_view, 7> kShells{"sh",   "bash", "dash",   "zsh",
                                                  "fish", "ksh",  "busybox"};

std::string read_small(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> text;  // NOLINT: filled by read
  const ssize_t got = file.open() ? ::read(file.get(), text.data(), text.size()) : 0;
  return got > 0 ? std::string(text.data(), static_cast<std::size_t>(got)) : std::string();
}

template <class T>
T number(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

struct Stat {
  std::string name;
  std::int32_t parent = 0;
  std::uint64_t start_ticks = 0;
};

std::optional<Stat> read_stat(std::int32_t pid) {
  const std::string text = read_small("/proc/" + std::to_string(pid) + "/stat");
  // The name may hold blanks and brackets.
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  Stat stat;
  stat.name = text.substr(open + 1, close - open - 1);
  std::string_view rest = std::string_view(text).substr(close + 1);
  constexpr int kParentField = 4;  // counted from 1; what follows the name is field 3
  constexpr int kStartField = 22;
  for (int field = 3; field <= kStartField; ++field) {
    const auto begin = rest.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(begin);
    const auto word = rest.substr(0, rest.find(' '));
    if (field == kParentField) stat.parent = number<std::int32_t>(word);
    if (field == kStartField) stat.start_ticks = number<std::uint64_t>(word);
    rest.remove_prefix(word.size());
  }
  return stat;
}

bool is_shell(std::string_view name) {
  for (const auto shell : kShells) {
    if (name == shell) return true;
  }
  return false;
}

}  // namespace

ProcessIdentity agent_process(const std::string& named_pid) {
  std::int32_t pid = number<std::int32_t>(named_pid);
  auto stat = pid > 0 ? read_stat(pid) : std::nullopt;
  if (!stat) {
    pid = ::getppid();
    stat = read_stat(pid);
    for (int step = 0; stat && is_shell(stat->name) && step < kAncestorsMax; ++step) {
      pid = stat->parent;
      stat = pid > 1 ? read_stat(pid) : std::nullopt;
    }
  }
  if (!stat || pid <= 1) return {};
  std::string boot = read_small("/proc/sys/kernel/random/boot_id");
  while (!boot.empty() && boot.back() == '\n') boot.pop_back();
  return {std::move(boot), pid, stat->start_ticks};
}

}  // namespace sb::app
