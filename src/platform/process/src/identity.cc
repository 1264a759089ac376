#include <array>
#include <charconv>
#include <fstream>
#include <string>
#include <string_view>

#include "sb/process/process_watch.h"

namespace sb::process {
namespace {

constexpr int kStateField = 3;  // of /proc/PID/stat, counted from 1
constexpr int kStartField = 22;

struct Stat {
  char state = '?';
  std::uint64_t start_ticks = 0;
};

std::optional<Stat> read_stat(std::int32_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat", std::ios::binary);
  std::string text;
  if (!std::getline(file, text)) return std::nullopt;
  // The name may hold blanks and brackets, so everything is counted from its last one.
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  std::string_view rest = std::string_view(text).substr(name_end + 1);
  Stat stat;
  for (int field = kStateField; field <= kStartField; ++field) {
    const auto begin = rest.find_first_not_of(' ');
    if (begin == std::string_view::npos) return std::nullopt;
    rest.remove_prefix(begin);
    const auto word = rest.substr(0, rest.find(' '));
    if (field == kStateField) stat.state = word.front();
    if (field == kStartField) {
      std::from_chars(word.data(), word.data() + word.size(), stat.start_ticks);
    }
    rest.remove_prefix(word.size());
  }
  return stat;
}

}  // namespace

const std::string& boot_id() {
  static const std::string id = [] {
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string text;
    std::getline(file, text);
    return text;
  }();
  return id;
}

Result<ProcessIdentity> identify(std::int32_t pid) {
  const auto stat = pid > 0 ? read_stat(pid) : std::nullopt;
  if (!stat) return fail(ErrorCode::not_found, "no process " + std::to_string(pid));
  return ProcessIdentity{boot_id(), pid, stat->start_ticks};
}

bool is_running(const ProcessIdentity& process) {
  if (!process.known() || process.boot != boot_id()) return false;
  const auto stat = read_stat(process.pid);
  return stat && stat->start_ticks == process.start_ticks && stat->state != 'Z' &&
         stat->state != 'X';
}

}  // namespace sb::process
