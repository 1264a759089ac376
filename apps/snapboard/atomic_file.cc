#include "atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "sb/core/unique_fd.h"

namespace sb::app {
namespace {

tl::unexpected<Error> failed(const std::string& path) {
  return fail(ErrorCode::unavailable, "cannot write " + path + ": " + std::strerror(errno));
}

}  // namespace

Result<void> write_atomically(const std::string& path, std::string_view text, mode_t mode) {
  const std::string temporary = path + "." + std::to_string(getpid());
  const UniqueFd file(open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode));
  if (!file.open()) return failed(temporary);
  (void)fchmod(file.get(), mode);  // also when a left-over file had other rights
  for (std::string_view left = text; !left.empty();) {
    const ssize_t written = write(file.get(), left.data(), left.size());
    if (written <= 0) {
      auto error = failed(temporary);
      (void)unlink(temporary.c_str());
      return error;
    }
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) return failed(path);
  return {};
}

}  // namespace sb::app
