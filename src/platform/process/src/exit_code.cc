#include "exit_code.h"

#include <sys/ioctl.h>
#include <sys/wait.h>

#include <cstdint>

namespace sb::process {
namespace {

// The first version of the kernel's struct pidfd_info (Linux 6.13), which the C library of the
// build may not know yet.
struct PidfdInfo {
  std::uint64_t mask;
  std::uint64_t cgroup;
  std::uint32_t ids[11];  // pid, tgid, ppid and the eight user and group ids
  std::int32_t exit_code;
};
static_assert(sizeof(PidfdInfo) == 64);
constexpr std::uint64_t kInfoExit = 1U << 3U;  // Linux 6.15
constexpr unsigned long kGetInfo = _IOWR(0xFF, 11, PidfdInfo);
constexpr int kSignalExitBase = 128;

}  // namespace

ExitReport read_exit(int pidfd) {
  PidfdInfo info{};
  info.mask = kInfoExit;
  if (::ioctl(pidfd, kGetInfo, &info) != 0) return {true, std::nullopt};
  if ((info.mask & kInfoExit) == 0) return {false, std::nullopt};
  const int status = info.exit_code;
  return {true, WIFSIGNALED(status) ? kSignalExitBase + WTERMSIG(status) : WEXITSTATUS(status)};
}

}  // namespace sb::process
