#include "child.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>

namespace sb::process {
namespace {

constexpr int kFirstPrivateFd = 3;

tl::unexpected<Error> system_failure(std::string_view what, int error) {
  return fail(ErrorCode::internal,
              fmt::format("{}: {}", what, std::generic_category().message(error)));
}

std::vector<std::string> environment_of(const ProcessSpec& spec) {
  const auto replaced = [&spec](std::string_view name) {
    return std::find(spec.unset_env.begin(), spec.unset_env.end(), name) != spec.unset_env.end() ||
           std::any_of(spec.set_env.begin(), spec.set_env.end(),
                       [name](const auto& variable) { return variable.first == name; });
  };
  std::vector<std::string> result;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (!replaced(text.substr(0, text.find('=')))) result.emplace_back(text);
  }
  for (const auto& [name, value] : spec.set_env) {
    result.emplace_back(name).append("=").append(value);
  }
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_failure("cannot make a pipe", errno);
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  // Our end only: the child expects blocking streams.
  if (::fcntl(pipe.read.get(), F_SETFL, O_NONBLOCK) != 0) {
    return system_failure("cannot set up a pipe", errno);
  }
  return pipe;
}

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

/// The two settings objects of posix_spawn, released at the end.
class SpawnSettings {
 public:
  SpawnSettings() {
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnSettings() {
    ::posix_spawn_file_actions_destroy(&actions);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

void set_attributes(SpawnSettings& settings) {
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&settings.attributes, &none);
  ::posix_spawnattr_setsigdefault(&settings.attributes, &all);
  ::posix_spawnattr_setpgroup(&settings.attributes, 0);
  constexpr short kFlags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP;
  ::posix_spawnattr_setflags(&settings.attributes, kFlags);
}

bool is_directory(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
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

  SpawnSettings settings;
  set_attributes(settings);
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
  auto environment = environment_of(spec);
  auto argument_pointers = pointers(arguments);
  auto environment_pointers = pointers(environment);
  Child child;
  const int error =
      ::posix_spawnp(&child.pid, arguments.front().c_str(), &settings.actions, &settings.attributes,
                     argument_pointers.data(), environment_pointers.data());
  if (error != 0) {
    if (!spec.cwd.empty() && !is_directory(spec.cwd)) {
      return fail(ErrorCode::not_found, fmt::format("there is no folder {}", spec.cwd));
    }
    return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::internal,
                fmt::format("cannot run {}: {}", spec.argv.front(),
                            std::generic_category().message(error)));
  }
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
