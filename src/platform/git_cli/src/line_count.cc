#include "line_count.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sb/core/unique_fd.h"
#include "sb/git_cli/worktree_reader.h"

namespace sb::git_cli {
namespace {

constexpr std::size_t kReadBytes = 64U << 10U;
constexpr std::size_t kBinaryProbeBytes = 8000;  // git looks for NUL in as much

/// Lines of an open regular file; 0 when it is binary or cannot be read.
std::int64_t lines_of(int file) {
  std::int64_t lines = 0;
  std::size_t total = 0;
  char last = '\n';
  std::array<char, kReadBytes> buffer;  // NOLINT: filled by read
  while (total <= WorktreeReader::kUntrackedFileBytesMax) {
    const ssize_t got = ::read(file, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    const auto count = static_cast<std::size_t>(got);
    if (total < kBinaryProbeBytes &&
        std::memchr(buffer.data(), '\0', std::min(count, kBinaryProbeBytes - total)) != nullptr) {
      return 0;
    }
    lines += std::count(buffer.data(), buffer.data() + count, '\n');
    last = buffer[count - 1];
    total += count;
  }
  return last == '\n' ? lines : lines + 1;
}

}  // namespace

UntrackedCount count_untracked(const std::string& root, const std::vector<std::string>& paths) {
  UntrackedCount result;
  std::size_t bytes_left = WorktreeReader::kUntrackedTotalBytesMax;
  for (const auto& path : paths) {
    if (path.ends_with('/')) continue;
    ++result.files;
    std::string full = root;
    full.append("/").append(path);
    // A named pipe must not hang us, and a link must not lead us out of the worktree.
    const UniqueFd file(
        ::open(full.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY));
    if (!file.open()) {
      if (errno == ELOOP) ++result.lines;
      continue;
    }
    struct stat info{};
    if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) continue;
    const auto size = static_cast<std::size_t>(std::max<off_t>(info.st_size, 0));
    if (size > WorktreeReader::kUntrackedFileBytesMax || size > bytes_left) continue;
    bytes_left -= size;
    result.lines += lines_of(file.get());
  }
  return result;
}

}  // namespace sb::git_cli
