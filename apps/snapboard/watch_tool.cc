#include "watch_tool.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <map>
#include <thread>

#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"
#include "sb/model/enums.h"

#include "local_api.h"

namespace sb::app {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kForEver = std::chrono::hours(24 * 365);
constexpr std::chrono::milliseconds kReadGap{100};   // between two reads of a busy board
constexpr std::chrono::milliseconds kRetryMin{100};  // while the server is away
constexpr std::chrono::milliseconds kRetryMax{5'000};
constexpr std::string_view kNeedsUser = "NEEDS_USER";

std::string upper(const std::string& text) {
  std::string out;
  for (const char c : text) {
    out += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return out;
}

template <class Enum>
void append_names(std::string& out) {
  boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>(
      [&](auto described) { out.append(out.empty() ? "" : " ").append(described.name); });
}

std::chrono::milliseconds left_until(Steady::time_point deadline) {
  return std::max(std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now()),
                  std::chrono::milliseconds(0));
}

// Reads the board again and again: first as it is, then after each change, until `look` says stop
// or the deadline is over. A change between a read and the wait for the next is not missed.
// `reached` tells whether a board was read. Errors: what ended it.
template <class Look>
Result<int> follow_life(const std::string& given_socket, Steady::time_point deadline, Look&& look,
                        bool& reached) {
  SB_TRY(const std::string socket, find_socket(given_socket));
  for (;;) {
    SB_TRY(const Board board, read_board(socket));
    reached = true;
    const Steady::time_point read_at = Steady::now();
    if (const std::optional<int> done = look(board)) return *done;
    for (bool changed = false; !changed;) {
      const auto left = left_until(deadline);
      if (left.count() == 0) return kExitTimeout;
      SB_TRY(changed, wait_for_change(socket, board, left));
    }
    std::this_thread::sleep_until(std::min(read_at + kReadGap, deadline));
  }
}

// The same through the lives of the server: once it was reached, one that goes away is waited for.
// Each board is read anew, so nothing has to be remembered from one life to the next.
template <class Look>
int follow(const std::string& given_socket, Steady::time_point deadline, Look&& look) {
  bool ever_reached = false;
  bool told = false;
  std::chrono::milliseconds pause = kRetryMin;
  for (;;) {
    bool reached = false;
    const Result<int> ended = follow_life(given_socket, deadline, look, reached);
    if (ended) return *ended;
    if (reached) {
      ever_reached = true;
      told = false;
      pause = kRetryMin;
    }
    const ErrorCode code = ended.error().code;
    const bool away = code == ErrorCode::unavailable || code == ErrorCode::timeout;
    if (!ever_reached || !away) return report(ended.error());
    if (!told) std::fprintf(stderr, "snapboard: the server went away; waiting for it\n");
    told = true;
    const auto left = left_until(deadline);
    if (left.count() == 0) return kExitTimeout;
    std::this_thread::sleep_for(std::min(pause, left));
    pause = std::min(pause * 2, kRetryMax);
  }
}

void print_row(const BoardRow& row) {
  std::printf("%s  %s  %s (%s)\n", row.id.c_str(), row.name.c_str(), row.label.c_str(),
              row.code.c_str());
}

// What changed from one board to the next, as lines.
class Differ {
 public:
  explicit Differ(bool json) : json_(json) {}

  void show(const Board& board) {
    std::map<std::string, std::int64_t> seen;
    for (const BoardRow& row : board.rows) {
      seen[row.id] = row.version;
      const auto held = seen_.find(row.id);
      const bool same = epoch_ == board.epoch && held != seen_.end() && held->second == row.version;
      if (!same) put(row);
    }
    for (const auto& [id, version] : seen_) {
      if (!seen.contains(id)) del(id);
    }
    seen_ = std::move(seen);
    epoch_ = board.epoch;
    std::fflush(stdout);
  }

 private:
  void put(const BoardRow& row) const {
    if (!json_) return print_row(row);
    std::string line;
    JsonWriter json(line);
    json.begin_object().key("op").string("put").key("id").string(row.id);
    json.key("entry").raw(row.entry).end_object();
    std::printf("%s\n", line.c_str());
  }
  void del(const std::string& id) const {
    if (!json_) {
      std::printf("%s  gone\n", id.c_str());
      return;
    }
    std::string line;
    JsonWriter json(line);
    json.begin_object().key("op").string("del").key("id").string(id).end_object();
    std::printf("%s\n", line.c_str());
  }

  bool json_;
  std::string epoch_;
  std::map<std::string, std::int64_t> seen_;  // id to version
};

}  // namespace

Result<Condition> parse_condition(const std::string& text) {
  const std::string wanted = upper(text);
  if (wanted == kNeedsUser) return Condition([](const BoardRow& row) { return row.needs_user; });
  if (enum_from_text<model::KanbanColumn>(wanted)) {
    return Condition([wanted](const BoardRow& row) { return row.column == wanted; });
  }
  if (enum_from_text<model::StatusReasonCode>(wanted)) {
    return Condition([wanted](const BoardRow& row) { return row.code == wanted; });
  }
  std::string names = "needs-user";
  append_names<model::KanbanColumn>(names);
  append_names<model::StatusReasonCode>(names);
  return fail(ErrorCode::invalid_argument, "--until does not know " + text + "; it knows " + names);
}

int wait(const std::string& socket, const WaitOptions& options) {
  const auto condition = parse_condition(options.until);
  if (!condition || options.any != options.workspace.empty()) {
    std::fprintf(stderr, "snapboard: %s\n",
                 condition ? "wait wants a workspace or --any, not both"
                           : condition.error().message.c_str());
    return kExitUsage;
  }
  const auto limit =
      options.timeout_s
          ? std::chrono::milliseconds(static_cast<std::int64_t>(*options.timeout_s * 1'000))
          : kForEver;
  std::optional<std::string> id;  // the one waited for, once it is known
  return follow(socket, Steady::now() + limit, [&](const Board& board) -> std::optional<int> {
    if (!options.any && !id) {
      const auto found = find_workspace(board.rows, options.workspace);
      if (!found) return report(found.error());
      id = found->id;
    }
    bool present = options.any;
    for (const BoardRow& row : board.rows) {
      if (id && row.id != *id) continue;
      present = true;
      if (!(*condition)(row)) continue;
      if (options.json) {
        std::printf("%s\n", row.entry.c_str());
      } else {
        print_row(row);
      }
      return kExitOk;
    }
    if (present) return std::nullopt;
    std::fprintf(stderr, "snapboard: the workspace is gone\n");
    return kExitFailed;
  });
}

int watch(const std::string& socket, Output output) {
  const bool table = output == Output::text && isatty(STDOUT_FILENO) == 1;
  Differ differ(output == Output::json);
  return follow(socket, Steady::now() + kForEver, [&](const Board& board) -> std::optional<int> {
    if (table) {
      std::printf("\x1b[H\x1b[2J%s", board_table(board).c_str());
      std::fflush(stdout);
    } else {
      differ.show(board);
    }
    return std::ferror(stdout) != 0 ? std::optional(kExitOk) : std::nullopt;  // nobody reads on
  });
}

}  // namespace sb::app
