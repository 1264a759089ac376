#include "spawn_settings.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

#include <fmt/format.h>

namespace sb::process {

SpawnSettings::SpawnSettings(short group_flag) {
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawnattr_init(&attributes);
  sigset_t none;
  sigset_t all;
  ::sigemptyset(&none);
  ::sigfillset(&all);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::posix_spawnattr_setsigdefault(&attributes, &all);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  const int flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group_flag;
  ::posix_spawnattr_setflags(&attributes, static_cast<short>(flags));
}

SpawnSettings::~SpawnSettings() {
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
}

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

tl::unexpected<Error> system_failure(std::string_view what, int error) {
  return fail(ErrorCode::internal,
              fmt::format("{}: {}", what, std::generic_category().message(error)));
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& set,
    const std::vector<std::string>& unset) {
  const auto replaced = [&](std::string_view name) {
    return std::find(unset.begin(), unset.end(), name) != unset.end() ||
           std::any_of(set.begin(), set.end(),
                       [name](const auto& variable) { return variable.first == name; });
  };
  std::vector<std::string> result;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text(*variable);
    if (!replaced(text.substr(0, text.find('=')))) result.emplace_back(text);
  }
  for (const auto& [name, value] : set) result.emplace_back(name).append("=").append(value);
  return result;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> result;
  result.reserve(texts.size() + 1);
  for (auto& text : texts) result.push_back(text.data());
  result.push_back(nullptr);
  return result;
}

tl::unexpected<Error> spawn_failure(const std::string& program, const std::string& cwd, int error) {
  struct stat info{};
  if (!cwd.empty() && !(::stat(cwd.c_str(), &info) == 0 && S_ISDIR(info.st_mode))) {
    return fail(ErrorCode::not_found, fmt::format("there is no folder {}", cwd));
  }
  return fail(error == ENOENT ? ErrorCode::not_found : ErrorCode::internal,
              fmt::format("cannot run {}: {}", program, std::generic_category().message(error)));
}

}  // namespace sb::process
