#include "frame_batch.h"

#include <utility>

#include "ws_frame.h"

namespace sb::transport {
namespace {

constexpr std::size_t kJoinBytesMax = 4096;  // of one part of a message: larger ones are not copied

constexpr std::string_view kEventEnd = "\n\n";
constexpr std::size_t kCursorWithin = 512;  // bytes: before anything whose text is not ours

// Batches and marks name their cursor among their first members; a welcome and a bye have none.
std::string_view cursor_of(std::string_view message) {
  constexpr std::string_view kMember = "\"cursor\":\"";
  message = message.substr(0, message.find("\"ops\":"));
  const auto at = message.substr(0, kCursorWithin).find(kMember);
  if (at == std::string_view::npos) return {};
  message.remove_prefix(at + kMember.size());
  return message.substr(0, message.find('"'));
}

void append_event_head(std::string& out, std::string_view message) {
  if (const auto cursor = cursor_of(message); !cursor.empty()) {
    out.append("id: ").append(cursor).append("\n");
  }
  out += "data: ";
}

std::size_t overhead(Framing framing, std::string_view message) {
  if (framing == Framing::websocket) return kWsHeaderBytesMax;
  std::string head;
  append_event_head(head, message);
  return head.size() + kEventEnd.size();
}

}  // namespace

std::string event_text(std::string_view message) {
  std::string out;
  append_event_head(out, message);
  return out.append(message).append(kEventEnd);
}

FrameBatch::FrameBatch(std::shared_ptr<const snapshot::MessageBatch> batch, Framing framing)
    : batch_(std::move(batch)) {
  const auto each_part = [](const snapshot::Message& message, auto&& visit) {
    visit(message.head);
    for (const auto& part : message.rest) visit(*part);
  };
  std::size_t joined_bytes = 0;
  for (const snapshot::Message& message : *batch_) {
    joined_bytes += overhead(framing, message.head);
    each_part(message, [&](const std::string& part) {
      if (part.size() <= kJoinBytesMax) joined_bytes += part.size();
    });
  }
  joined_.reserve(joined_bytes);  // never grows below: pieces_ points into it
  std::size_t piece_start = 0;
  const auto end_piece = [&] {
    if (joined_.size() > piece_start)
      pieces_.push_back(std::string_view(joined_).substr(piece_start));
    piece_start = joined_.size();
  };
  for (const snapshot::Message& message : *batch_) {
    if (framing == Framing::events) {
      append_event_head(joined_, message.head);
    } else {
      char header[kWsHeaderBytesMax];
      joined_.append(header, encode_ws_header(WsOpcode::text, message.size(), header));
    }
    each_part(message, [&](const std::string& part) {
      if (part.size() <= kJoinBytesMax) {
        joined_ += part;
      } else {
        end_piece();
        pieces_.emplace_back(part);
      }
    });
    if (framing == Framing::events) joined_ += kEventEnd;
  }
  end_piece();
}

const std::shared_ptr<const FrameBatch>& FrameCache::get(
    std::shared_ptr<const snapshot::MessageBatch> batch, Framing framing) {
  Frames& frames = frames_.at(static_cast<std::size_t>(framing));
  if (frames.last && frames.last->is_of(*batch)) return frames.last;
  auto& slot = frames.all[batch.get()];
  if (!slot) {
    slot = std::make_shared<const FrameBatch>(std::move(batch), framing);
    encoded_.add(static_cast<double>(slot->messages()));
  }
  return frames.last = slot;
}

}  // namespace sb::transport
