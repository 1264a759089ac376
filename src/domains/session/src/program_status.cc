#include "sb/session/program_status.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "sb/core/json_codec.h"
#include "sb/core/utf8.h"

namespace sb::session {
namespace {

bool is_control(unsigned char byte) {
  constexpr unsigned char kFirstPrintable = 0x20;
  constexpr unsigned char kDelete = 0x7f;
  return byte < kFirstPrintable || byte == kDelete;
}

/// Valid UTF-8 without control characters (C1 too), cut at a character.
std::string clean(std::string_view text) {
  const std::string valid = to_valid_utf8(text);
  std::string out;
  for (std::size_t i = 0; i < valid.size(); ++i) {
    const auto byte = static_cast<unsigned char>(valid[i]);
    const bool c1 =
        byte == 0xC2U && i + 1 < valid.size() && static_cast<unsigned char>(valid[i + 1]) < 0xA0U;
    if (c1) {
      ++i;
    } else if (!is_control(byte)) {
      out += valid[i];
    }
  }
  if (out.size() > kProgramTextBytesMax) {
    std::size_t end = kProgramTextBytesMax;
    while (end > 0 && (static_cast<unsigned char>(out[end]) & 0xC0U) == 0x80U) --end;
    out.resize(end);
  }
  return out;
}

std::optional<unsigned> base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a') + 26U;
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0') + 52U;
  if (c == '+') return 62U;
  if (c == '/') return 63U;
  return std::nullopt;
}

/// Nothing when it is not base64 (RFC 4648; padding may be absent), or decodes to more.
std::optional<std::string> from_base64(std::string_view text, std::size_t bytes_max) {
  while (text.ends_with('=')) text.remove_suffix(1);
  constexpr unsigned kDigitBits = 6;
  constexpr unsigned kByteBits = 8;
  std::string out;
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const auto digit = base64_digit(c);
    if (!digit) return std::nullopt;
    bits = (bits << kDigitBits | *digit) & 0xFFFFU;
    count += kDigitBits;
    if (count >= kByteBits) {
      count -= kByteBits;
      out += static_cast<char>(bits >> count & 0xFFU);
    }
    if (out.size() > bytes_max) return std::nullopt;
  }
  return is_valid_utf8(out) ? std::optional(out) : std::nullopt;
}

bool is_path(std::string_view path) {
  if (path.empty() || path.size() > ProgramRecords::kPathBytesMax) return false;
  std::size_t levels = 0;
  while (true) {
    const auto slash = path.find('/');
    const std::string_view segment = path.substr(0, slash);
    const bool plain = std::all_of(segment.begin(), segment.end(), [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             c == '_' || c == '.' || c == '+' || c == '-';
    });
    if (segment.empty() || segment.size() > ProgramRecords::kSegmentBytesMax || !plain ||
        ++levels > ProgramRecords::kPathLevelsMax) {
      return false;
    }
    if (slash == std::string_view::npos) return true;
    path.remove_prefix(slash + 1);
  }
}

bool is_percent(std::string_view text) {
  constexpr unsigned kWhole = 100;
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && value <= kWhole;
}

/// The keys of one report; views into the payload. Unknown ones are ignored.
struct Report {
  std::optional<std::string_view> state, kind, progress, app, id, title, msg;
};
Report split(std::string_view payload) {
  Report report;
  while (!payload.empty()) {
    const auto colon = payload.find(':');
    const std::string_view pair = payload.substr(0, colon);
    payload.remove_prefix(colon == std::string_view::npos ? payload.size() : colon + 1);
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    const std::string_view key = pair.substr(0, equals);
    const std::string_view value = pair.substr(equals + 1);
    if (key == "state") report.state = value;
    if (key == "kind") report.kind = value;
    if (key == "progress") report.progress = value;
    if (key == "app") report.app = value;
    if (key == "id") report.id = value;
    if (key == "title") report.title = value;
    if (key == "msg") report.msg = value;
  }
  return report;
}

}  // namespace

Result<ProgramStatus> read_program_status(std::string_view state,
                                          const std::optional<std::string>& kind,
                                          std::string_view app, std::string_view message) {
  ProgramStatus status;
  const auto known = enum_from_text<ProgramState>(state);
  if (!known) return fail(ErrorCode::invalid_argument, "no state of a program", "$.program.state");
  status.state = *known;
  if (kind) {
    status.kind = enum_from_text<ProgramKind>(*kind);
    if (!status.kind || *known != ProgramState::blocked) {
      return fail(ErrorCode::invalid_argument, "no kind of a blocked program", "$.program.kind");
    }
  }
  status.app = clean(app);
  if (*known == ProgramState::error) status.message = clean(message);
  return status;
}

std::string ProgramRecords::inherited_app(std::string_view path) const {
  // The nearest ancestor that names one.
  const Record* nearest = nullptr;
  for (const Record& record : records_) {
    const bool above =
        record.path.empty() || (path.starts_with(record.path) && path.size() > record.path.size() &&
                                path[record.path.size()] == '/');
    if (!above || path.empty() || record.status.app.empty()) continue;
    if (nearest == nullptr || record.path.size() > nearest->path.size()) nearest = &record;
  }
  return nearest == nullptr ? std::string() : nearest->status.app;
}

void ProgramRecords::take(std::string_view payload) {
  const Report report = split(payload);
  if (!report.state) return;
  if (report.id && !is_path(*report.id)) return;
  const std::string path(report.id.value_or(""));
  const auto is_below = [&path](const Record& record) {
    return path.empty() || record.path == path || record.path.starts_with(path + "/");
  };
  if (*report.state == "clear") {
    records_.remove_if(is_below);
    return;
  }
  if (report.title && !from_base64(*report.title, kTitleBytesMax)) return;
  std::string message;
  if (report.msg) {
    auto decoded = from_base64(*report.msg, kMessageBytesMax);
    if (!decoded) return;
    message = *std::move(decoded);
  }
  if (report.progress && !is_percent(*report.progress)) return;
  const bool blocked = *report.state == "blocked";
  const auto kind = blocked && report.kind && enum_from_text<ProgramKind>(*report.kind)
                        ? std::optional<std::string>(*report.kind)
                        : std::nullopt;
  auto status = read_program_status(*report.state, kind, report.app.value_or(""), message);
  if (!status) return;  // an unknown state: the whole report means nothing
  if (status->app.empty()) status->app = inherited_app(path);
  records_.remove_if([&path](const Record& record) { return record.path == path; });
  records_.push_front({path, *std::move(status)});
  if (records_.size() > kRecordsMax) records_.pop_back();
}

std::optional<ProgramStatus> ProgramRecords::status() const {
  const auto own = std::find_if(records_.begin(), records_.end(),
                                [](const Record& record) { return record.path.empty(); });
  if (own != records_.end() && own->status.state == ProgramState::blocked) return own->status;
  const auto waiting = std::find_if(records_.begin(), records_.end(), [](const Record& record) {
    return record.status.state == ProgramState::blocked;
  });
  if (waiting != records_.end()) return waiting->status;
  return own == records_.end() ? std::nullopt : std::optional(own->status);
}

}  // namespace sb::session
