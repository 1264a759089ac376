#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sb/core/result.h"

#include "board.h"
#include "tools.h"

namespace sb::app {

/// What `wait --until` waits for.
using Condition = std::function<bool(const BoardRow&)>;
/// A status reason code, a column, or needs-user; in any case, with "-" for "_". Errors:
/// invalid_argument, listing what there is.
Result<Condition> parse_condition(const std::string& text);

struct WaitOptions {
  std::string workspace;
  bool any = false;  ///< of every project, instead of `workspace`
  std::string until;
  std::optional<double> timeout_s;  ///< none: for ever
  bool json = false;
};
/// `snapboard wait`: returns as soon as the condition holds, at once when it holds already. Prints
/// the workspace. A server that goes away is waited for as long. Exit 0 met, 1 it is gone, 2 usage,
/// 3 server not reachable at the start, 124 timeout.
int wait(const std::string& socket, const WaitOptions& options);

/// `snapboard watch`: a live table on a terminal, one line per change elsewhere, NDJSON with --json
/// (`{op: put, id, entry}` and `{op: del, id}`). Until it is interrupted; a server
/// that goes away is waited for.
int watch(const std::string& socket, Output output);

}  // namespace sb::app
