#include "frame_batch.h"

#include <utility>

#include "ws_frame.h"

namespace sb::transport {
namespace {

constexpr std::size_t kJoinBytesMax = 4096;  // of one message: larger ones are not copied

}  // namespace

FrameBatch::FrameBatch(std::shared_ptr<const snapshot::MessageBatch> batch)
    : batch_(std::move(batch)) {
  std::size_t joined_bytes = 0;
  for (const std::string& message : *batch_) {
    joined_bytes += kWsHeaderBytesMax + (message.size() <= kJoinBytesMax ? message.size() : 0);
  }
  joined_.reserve(joined_bytes);  // never grows below: pieces_ points into it
  std::size_t piece_start = 0;
  const auto end_piece = [&] {
    if (joined_.size() > piece_start)
      pieces_.push_back(std::string_view(joined_).substr(piece_start));
    piece_start = joined_.size();
  };
  for (const std::string& message : *batch_) {
    char header[kWsHeaderBytesMax];
    joined_.append(header, encode_ws_header(WsOpcode::text, message.size(), header));
    if (message.size() <= kJoinBytesMax) {
      joined_ += message;
    } else {
      end_piece();
      pieces_.emplace_back(message);
    }
  }
  end_piece();
}

std::shared_ptr<const FrameBatch> FrameCache::get(
    std::shared_ptr<const snapshot::MessageBatch> batch) {
  auto& slot = frames_[batch.get()];
  if (!slot) slot = std::make_shared<const FrameBatch>(std::move(batch));
  return slot;
}

}  // namespace sb::transport
