#include "files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

#include "sb/core/unique_fd.h"

namespace sb::git_cli {
namespace {

tl::unexpected<Error> failed(const std::string& path, int error) {
  const bool absent = error == ENOENT || error == ENOTDIR;
  return fail(absent ? ErrorCode::not_found : ErrorCode::unavailable,
              fmt::format("cannot read {}: {}", path, std::generic_category().message(error)));
}

}  // namespace

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  // O_NONBLOCK: a named pipe in place of a file must not hang us.
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (file.get() < 0) return failed(path, errno);
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return failed(path, errno);
  if (!S_ISREG(info.st_mode)) {
    return fail(ErrorCode::unavailable, fmt::format("{} is not a regular file", path));
  }
  std::string bytes;
  char buffer[8192];
  while (true) {
    const ssize_t got = ::read(file.get(), buffer, sizeof buffer);
    if (got < 0) {
      if (errno == EINTR) continue;
      return failed(path, errno);
    }
    if (got == 0) return bytes;
    if (bytes.size() + static_cast<std::size_t>(got) > bytes_max) {
      return fail(ErrorCode::limit_exceeded,
                  fmt::format("{} is larger than {} bytes", path, bytes_max));
    }
    bytes.append(buffer, static_cast<std::size_t>(got));
  }
}

bool is_directory(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

bool exists(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0;
}

std::optional<std::string> canonical(const std::string& path) {
  std::error_code error;
  auto resolved = std::filesystem::canonical(path, error);
  if (error) return std::nullopt;
  return resolved.native();
}

std::string absolute_from(const std::string& base, std::string_view path) {
  const std::filesystem::path given(path);
  const auto joined = given.is_absolute() ? given : std::filesystem::path(base) / given;
  auto folded = joined.lexically_normal().native();
  while (folded.size() > 1 && folded.back() == '/') folded.pop_back();
  return folded;
}

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view name_of(std::string_view path) {
  const auto slash = path.find_last_of('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view without_line_end(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

Result<std::string> read_gitdir_file(const std::string& path) {
  SB_TRY(const auto text, read_file(path));
  constexpr std::string_view kPrefix = "gitdir:";
  std::string_view value = without_line_end(text);
  if (!value.starts_with(kPrefix)) {
    return fail(ErrorCode::unavailable, fmt::format("{} does not name a git directory", path));
  }
  value.remove_prefix(kPrefix.size());
  while (value.starts_with(' ')) value.remove_prefix(1);
  if (value.empty()) {
    return fail(ErrorCode::unavailable, fmt::format("{} names no git directory", path));
  }
  return absolute_from(parent_of(path), value);
}

bool is_git_dir(const std::string& path) {
  struct stat info{};
  // lstat: an old-style symbolic HEAD of an unborn branch points nowhere.
  if (::lstat((path + "/HEAD").c_str(), &info) != 0) return false;
  const std::string common = common_dir_of(path);
  return is_directory(common + "/objects") && is_directory(common + "/refs");
}

std::string common_dir_of(const std::string& git_dir) {
  std::string common = git_dir;
  if (const auto text = read_file(git_dir + "/commondir")) {
    common = absolute_from(git_dir, without_line_end(*text));
  }
  return canonical(common).value_or(common);
}

}  // namespace sb::git_cli
