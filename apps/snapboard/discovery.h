#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include <boost/describe.hpp>

#include "sb/core/clock.h"
#include "sb/core/json_codec.h"
#include "sb/core/result.h"

namespace sb::app {

/// How local tools find the server: `server.json` in the runtime directory and in the data
/// directory (protocol, section 1).
struct Discovery {
  std::int64_t pid = 0;
  std::string url;
  std::string socket;
  std::string token;
  WallTime startedAt{};
};
BOOST_DESCRIBE_STRUCT(Discovery, (), (pid, url, socket, token, startedAt))
static_assert(all_members_described<Discovery>());

/// Writes the file atomically, mode 0600. Errors: unavailable.
Result<void> write_discovery(const std::string& path, const Discovery& discovery);
/// Errors: not_found (no server ever ran), invalid_argument.
Result<Discovery> read_discovery(const std::string& path);
/// True while the process that wrote it runs. Only one that is called as we are counts: numbers of
/// processes are given again.
[[nodiscard]] bool lives(const Discovery& discovery);
/// True when it lives and answers at its socket. Blocks for up to a second.
[[nodiscard]] bool answers(const Discovery& discovery);
/// The server of `data_dir` when it lives: how it is found by who was given another runtime
/// directory than it was (su, cron, a container's shell).
[[nodiscard]] std::optional<Discovery> find_living(const std::string& data_dir);
/// The server of `data_dir` when it lives while its socket is gone, so that no tool can ask it.
/// Such a one has to be ended by hand.
[[nodiscard]] std::optional<Discovery> find_cut_off(const std::string& data_dir);
/// What to say of it and what to do about it.
[[nodiscard]] std::string describe_cut_off(const Discovery& server, const std::string& data_dir);
/// Removes the file if it still speaks of `pid`.
void remove_discovery(const std::string& path, std::int64_t pid);

}  // namespace sb::app
