#include "sb/session/hook_spool.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "sb/core/unique_fd.h"

namespace sb::session {
namespace {

constexpr int kOpenTries = 4;  // the file may be taken between open and lock
constexpr mode_t kMode = 0600;

std::string older(const std::string& path) {
  return path + ".old";
}
std::string taken(const std::string& path, int number) {
  return path + ".taken" + std::to_string(number);
}
constexpr int kTakenFiles = 2;  // the older one and the newer one

bool is_still_at(int file, const std::string& path) {
  struct stat held{};
  struct stat there{};
  return ::fstat(file, &held) == 0 && ::stat(path.c_str(), &there) == 0 &&
         held.st_ino == there.st_ino && held.st_dev == there.st_dev;
}

/// Opened and locked, and still under its name then.
UniqueFd open_locked(const std::string& path, int flags, int lock) {
  for (int tries = 0; tries < kOpenTries; ++tries) {
    UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW, kMode));
    if (!file.open() || ::flock(file.get(), lock) != 0) return UniqueFd();
    if (is_still_at(file.get(), path)) return file;
  }
  return UniqueFd();
}

void read_all(const std::string& path, std::string& out) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  std::array<char, 65'536> chunk;  // NOLINT: filled by read
  while (file.open() && out.size() <= 4 * kSpoolBytesMax) {
    const ssize_t got = ::read(file.get(), chunk.data(), chunk.size());
    if (got <= 0) break;
    out.append(chunk.data(), static_cast<std::size_t>(got));
  }
  if (!out.empty() && out.back() != '\n') out += '\n';  // a line cut by a full disk
}

/// Moves a file out of the way of those who append, unless one from before still waits there.
void move_away(const std::string& from, const std::string& to) {
  struct stat info{};
  if (::stat(to.c_str(), &info) == 0) return;
  const UniqueFd file = open_locked(from, O_RDWR, LOCK_EX);
  if (file.open()) static_cast<void>(std::rename(from.c_str(), to.c_str()));
}

}  // namespace

bool append_to_spool(const std::string& path, std::string_view agent, std::string_view locators,
                     std::string_view body) {
  std::string line;
  line.reserve(agent.size() + locators.size() + body.size() + 3);
  line.append(agent).append(1, '\t').append(locators).append(1, '\t').append(body);
  std::replace(line.begin(), line.end(), '\n', ' ');
  line += '\n';
  UniqueFd file = open_locked(path, O_WRONLY | O_APPEND | O_CREAT, LOCK_SH);
  if (!file.open()) return false;
  struct stat info{};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) return false;
  if (static_cast<std::size_t>(info.st_size) + line.size() > kSpoolBytesMax) {
    // Whoever comes first moves it; the others find a new file.
    if (is_still_at(file.get(), path)) {
      static_cast<void>(std::rename(path.c_str(), older(path).c_str()));
    }
    file = open_locked(path, O_WRONLY | O_APPEND | O_CREAT, LOCK_SH);
    if (!file.open()) return false;
  }
  return ::write(file.get(), line.data(), line.size()) == static_cast<ssize_t>(line.size());
}

std::vector<SpooledHook> take_spool(const std::string& path) {
  move_away(older(path), taken(path, 0));
  move_away(path, taken(path, 1));
  std::string text;
  for (int number = 0; number < kTakenFiles; ++number) read_all(taken(path, number), text);
  std::vector<SpooledHook> hooks;
  std::string_view rest = text;
  while (!rest.empty()) {
    const auto line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    const auto first = line.find('\t');
    const auto second = first == std::string_view::npos ? first : line.find('\t', first + 1);
    if (second == std::string_view::npos) continue;
    hooks.push_back({std::string(line.substr(0, first)),
                     parse_locators(line.substr(first + 1, second - first - 1)),
                     std::string(line.substr(second + 1))});
  }
  std::stable_sort(hooks.begin(), hooks.end(), [](const auto& left, const auto& right) {
    return left.locators.order < right.locators.order;
  });
  return hooks;
}

void drop_taken(const std::string& path) {
  for (int number = 0; number < kTakenFiles; ++number) {
    static_cast<void>(::unlink(taken(path, number).c_str()));
  }
}

}  // namespace sb::session
