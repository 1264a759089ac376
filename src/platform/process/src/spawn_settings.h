#pragma once

#include <spawn.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sb/core/result.h"
#include "sb/core/unique_fd.h"

namespace sb::process {

/// The two settings objects of posix_spawn, released at the end. The child begins without any
/// signal mask or disposition of ours. Thread: confined to its owner.
class SpawnSettings {
 public:
  /// `group_flag`: POSIX_SPAWN_SETPGROUP (a group of its own) or POSIX_SPAWN_SETSID (a session).
  explicit SpawnSettings(short group_flag);
  ~SpawnSettings();
  SpawnSettings(const SpawnSettings&) = delete;
  SpawnSettings& operator=(const SpawnSettings&) = delete;

  posix_spawn_file_actions_t actions{};
  posix_spawnattr_t attributes{};
};

/// A pipe whose both ends close at exec; ours, `read`, does not block.
struct Pipe {
  UniqueFd read;
  UniqueFd write;
};
Result<Pipe> make_pipe();

/// "what: text of errno".
tl::unexpected<Error> system_failure(std::string_view what, int error);

/// Our environment with some variables removed and some set.
std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& set,
    const std::vector<std::string>& unset);

/// What exec wants: pointers into `texts` and a null.
std::vector<char*> pointers(std::vector<std::string>& texts);

/// Why `program` could not be started in `cwd`. Errors: not_found (program or folder), internal.
tl::unexpected<Error> spawn_failure(const std::string& program, const std::string& cwd, int error);

}  // namespace sb::process
