#include "sb/git_cli/output.h"

#include <charconv>
#include <system_error>

#include <fmt/format.h>

namespace sb::git_cli {
namespace {

/// Takes NUL-ended records off the front.
class Records {
 public:
  explicit Records(std::string_view bytes) : bytes_(bytes) {}
  [[nodiscard]] bool done() const { return at_ >= bytes_.size(); }

  /// The next record; nothing when the rest lacks its NUL (the output was cut off).
  std::optional<std::string_view> next() {
    const auto end = bytes_.find('\0', at_);
    if (end == std::string_view::npos) return std::nullopt;
    const auto record = bytes_.substr(at_, end - at_);
    started_ = at_;
    at_ = end + 1;
    return record;
  }

  [[nodiscard]] tl::unexpected<Error> bad(std::string_view what) const {
    return fail(ErrorCode::internal,
                fmt::format("unexpected output of git: {} at byte {}", what, started_));
  }

 private:
  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t started_ = 0;
};

std::optional<std::int64_t> to_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

/// Removes everything up to and with the first `separator`; nothing when there is none.
std::optional<std::string_view> take_until(std::string_view& rest, char separator) {
  const auto at = rest.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  const auto field = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return field;
}

void take_ahead_behind(std::string_view value, Status& status) {
  const auto ahead = take_until(value, ' ');
  if (!ahead || !ahead->starts_with('+') || !value.starts_with('-'))
    return;  // "+? -?": not computed
  status.ahead = to_number(ahead->substr(1));
  status.behind = to_number(value.substr(1));
}

void take_header(std::string_view header, Status& status) {
  const auto name = take_until(header, ' ');
  if (!name) return;
  if (*name == "branch.oid" && header != "(initial)") status.oid = std::string(header);
  if (*name == "branch.head" && header != "(detached)") status.branch = std::string(header);
  if (*name == "branch.upstream") status.upstream = std::string(header);
  if (*name == "branch.ab") take_ahead_behind(header, status);
}

/// A line about a tracked file: `fields` blank-separated fields, then the path.
bool take_tracked(std::string_view record, int fields, Status& status) {
  std::string_view state;
  for (int i = 0; i < fields; ++i) {
    const auto field = take_until(record, ' ');
    if (!field) return false;
    if (i == 0) state = *field;
  }
  if (state.size() != 2 || record.empty()) return false;
  ++status.changed;
  if (state[0] != '.') ++status.staged;
  if (status.changed_names.size() < Status::kChangedNamesMax) {
    status.changed_names.emplace_back(record);
  }
  return true;
}

constexpr int kOrdinaryFields = 7;  // XY sub mH mI mW hH hI
constexpr int kRenamedFields = 8;   // and Xscore
constexpr int kUnmergedFields = 9;  // XY sub m1 m2 m3 mW h1 h2 h3

}  // namespace

Result<Status> parse_status_v2(std::string_view bytes) {
  Status status;
  Records records(bytes);
  while (!records.done()) {
    const auto record = records.next();
    if (!record) return records.bad("a record without an end");
    if (record->size() < 3 || (*record)[1] != ' ') return records.bad("no status record");
    const auto rest = record->substr(2);
    bool good = true;
    switch ((*record)[0]) {
      case '#':
        take_header(rest, status);
        break;
      case '1':
        good = take_tracked(rest, kOrdinaryFields, status);
        break;
      case '2':
        good = take_tracked(rest, kRenamedFields, status) && records.next().has_value();
        break;
      case 'u':
        good = take_tracked(rest, kUnmergedFields, status);
        ++status.unmerged;
        break;
      case '?':
        status.untracked.emplace_back(rest);
        break;
      case '!':
        status.ignored.emplace_back(rest);
        break;
      default:
        good = false;
    }
    if (!good) return records.bad("a malformed status record");
  }
  return status;
}

Result<std::vector<NumstatLine>> parse_numstat(std::string_view bytes) {
  std::vector<NumstatLine> lines;
  Records records(bytes);
  while (!records.done()) {
    const auto record = records.next();
    if (!record) return records.bad("a record without an end");
    // Only the first two tabs separate: a path may hold tabs too.
    std::string_view rest = *record;
    const auto added = take_until(rest, '\t');
    const auto deleted = take_until(rest, '\t');
    if (!added || !deleted) return records.bad("no numstat record");
    NumstatLine line;
    const bool binary = *added == "-" && *deleted == "-";
    if (!binary) {
      line.added = to_number(*added);
      line.deleted = to_number(*deleted);
      if (!line.added || !line.deleted) return records.bad("a numstat record without numbers");
    }
    if (rest.empty()) {  // renamed: the two paths follow
      const auto from = records.next();
      const auto to = from ? records.next() : std::nullopt;
      if (!to || from->empty() || to->empty()) return records.bad("a rename without paths");
      line.old_path = std::string(*from);
      rest = *to;
    }
    line.path = std::string(rest);
    lines.push_back(std::move(line));
  }
  return lines;
}

Result<std::vector<std::string>> parse_paths(std::string_view bytes) {
  std::vector<std::string> paths;
  Records records(bytes);
  while (!records.done()) {
    const auto record = records.next();
    if (!record) return records.bad("a path without an end");
    if (record->empty()) return records.bad("an empty path");
    paths.emplace_back(*record);
  }
  return paths;
}

}  // namespace sb::git_cli
