#include "child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <string_view>

#include "spawn_settings.h"

namespace sb::process {
namespace {

constexpr int kFirstPrivateFd = 3;

/// Standard input as a file in memory: nothing to pump, and no SIGPIPE when the child does not
/// read.
Result<UniqueFd> make_input(std::string_view bytes) {
  UniqueFd file(::memfd_create("stdin", MFD_CLOEXEC));
  if (!file.open()) return system_failure("cannot make standard input", errno);
  while (!bytes.empty()) {
    const ssize_t wrote = ::write(file.get(), bytes.data(), bytes.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) return system_failure("cannot fill standard input", errno);
    bytes.remove_prefix(static_cast<std::size_t>(wrote));
  }
  if (::lseek(file.get(), 0, SEEK_SET) != 0) return system_failure("cannot rewind input", errno);
  return file;
}

}  // namespace

Result<Child> spawn(const ProcessSpec& spec) {
  if (spec.argv.empty()) return fail(ErrorCode::internal, "no program to run");
  SB_TRY(auto out, make_pipe());
  SB_TRY(auto err, make_pipe());
  UniqueFd input;
  if (!spec.stdin_bytes.empty()) {
    SB_TRY(input, make_input(spec.stdin_bytes));
  }

  SpawnSettings settings(POSIX_SPAWN_SETPGROUP);
  if (input.open()) {
    ::posix_spawn_file_actions_adddup2(&settings.actions, input.get(), STDIN_FILENO);
  } else {
    ::posix_spawn_file_actions_addopen(&settings.actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  }
  ::posix_spawn_file_actions_adddup2(&settings.actions, out.write.get(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&settings.actions, err.write.get(), STDERR_FILENO);
  ::posix_spawn_file_actions_addclosefrom_np(&settings.actions, kFirstPrivateFd);
  if (!spec.cwd.empty()) {
    ::posix_spawn_file_actions_addchdir_np(&settings.actions, spec.cwd.c_str());
  }

  auto arguments = spec.argv;
  auto environment = environment_with(spec.set_env, spec.unset_env);
  auto argument_pointers = pointers(arguments);
  auto environment_pointers = pointers(environment);
  Child child;
  const int error =
      ::posix_spawnp(&child.pid, arguments.front().c_str(), &settings.actions, &settings.attributes,
                     argument_pointers.data(), environment_pointers.data());
  if (error != 0) return spawn_failure(spec.argv.front(), spec.cwd, error);
  // The pid cannot be reused before we reap it, so this opens the right process.
  child.pidfd = UniqueFd(static_cast<int>(::syscall(SYS_pidfd_open, child.pid, 0)));
  if (!child.pidfd.open()) {
    const int failed = errno;
    ::kill(-child.pid, SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    return system_failure("cannot watch a child process", failed);
  }
  child.out = std::move(out.read);
  child.err = std::move(err.read);
  return child;
}

}  // namespace sb::process
