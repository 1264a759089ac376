#include "sb/workspace/data_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fmt/format.h>

namespace sb::workspace {
namespace {

constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kLockMode = 0600;
constexpr std::size_t kPidDigitsMax = 20;

std::optional<std::string> variable(const char* name) {
  const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes ours
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

bool is_absolute(const std::optional<std::string>& path) {
  return path && path->starts_with('/');
}

std::string system_text(int error) {
  return std::system_category().message(error);
}

/// What the holder wrote about itself, for the message only: the lock decides, not the text.
std::string holder_of(int file) {
  std::string pid(kPidDigitsMax, '\0');
  const auto count = ::pread(file, pid.data(), pid.size(), 0);
  pid.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  pid.resize(std::min(pid.find_first_not_of("0123456789"), pid.size()));
  return pid.empty() ? std::string() : fmt::format(" (process {})", pid);
}

}  // namespace

Result<std::string> default_data_dir(const std::optional<std::string>& xdg_data_home,
                                     const std::optional<std::string>& home) {
  if (is_absolute(xdg_data_home)) return *xdg_data_home + "/snapboard";
  if (is_absolute(home)) return *home + "/.local/share/snapboard";
  return fail(
      ErrorCode::invalid_argument,
      "no data directory: neither XDG_DATA_HOME nor HOME is an absolute path; use --data-dir");
}

Result<std::string> default_data_dir() {
  return default_data_dir(variable("XDG_DATA_HOME"), variable("HOME"));
}

Result<std::string> create_data_dir(const std::string& path) {
  std::error_code error;
  const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
  std::filesystem::path made;
  for (const auto& part : absolute) {
    made /= part;
    if (::mkdir(made.c_str(), kDirectoryMode) == 0) continue;
    // The first real failure is the one to tell, and only if the folder is not there in the end: a
    // parent that may not be written is no obstacle when nothing is missing in it.
    if (errno != EEXIST && !error) error.assign(errno, std::system_category());
  }
  struct stat info{};
  if (::stat(absolute.c_str(), &info) != 0) {
    return fail(ErrorCode::invalid_argument, fmt::format("cannot create the data directory {}: {}",
                                                         absolute.string(), error.message()));
  }
  if (!S_ISDIR(info.st_mode) || ::access(absolute.c_str(), R_OK | W_OK | X_OK) != 0) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("the data directory {} is not a directory this user can write",
                            absolute.string()));
  }
  const auto canonical = std::filesystem::canonical(absolute, error);
  return error ? absolute.string() : canonical.string();
}

Result<DataDirLock> DataDirLock::acquire(const std::string& data_dir) {
  const std::string path = data_dir + "/lock";
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, kLockMode);
  if (file < 0) {
    return fail(ErrorCode::internal, fmt::format("cannot open {}: {}", path, system_text(errno)));
  }
  DataDirLock lock(file);
  if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      return fail(ErrorCode::internal, fmt::format("cannot lock {}: {}", path, system_text(errno)));
    }
    return fail(ErrorCode::conflict,
                fmt::format("the data directory {} is in use by another snapboard{}", data_dir,
                            holder_of(file)));
  }
  const std::string pid = std::to_string(::getpid()) + "\n";
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, pid.data(), pid.size(), 0) < 0) {
    return fail(ErrorCode::internal, fmt::format("cannot write {}: {}", path, system_text(errno)));
  }
  return lock;
}

DataDirLock::~DataDirLock() {
  if (file_ >= 0) ::close(file_);
}

DataDirLock::DataDirLock(DataDirLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}

DataDirLock& DataDirLock::operator=(DataDirLock&& other) noexcept {
  std::swap(file_, other.file_);
  return *this;
}

}  // namespace sb::workspace
