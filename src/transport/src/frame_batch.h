#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "sb/core/metrics.h"
#include "sb/snapshot/dialect1_session.h"

namespace sb::transport {

/// How messages stand on the wire: WebSocket frames, or server-sent events whose id is the cursor.
enum class Framing { websocket, events };

/// One message as a server-sent event.
[[nodiscard]] std::string event_text(std::string_view message);

/// A batch of messages as the bytes of its frames: made once, sent by every subscriber. Small
/// messages are joined into one piece, because a send costs by the piece; large ones are only
/// pointed at. Thread: immutable.
class FrameBatch : public std::enable_shared_from_this<FrameBatch> {
 public:
  FrameBatch(std::shared_ptr<const snapshot::MessageBatch> batch, Framing framing);
  FrameBatch(const FrameBatch&) = delete;
  FrameBatch& operator=(const FrameBatch&) = delete;

  /// The bytes in order, in pieces that live as long as this.
  [[nodiscard]] const std::vector<std::string_view>& pieces() const { return pieces_; }
  [[nodiscard]] std::size_t messages() const { return batch_->size(); }
  [[nodiscard]] bool is_of(const snapshot::MessageBatch& batch) const {
    return batch_.get() == &batch;
  }

 private:
  std::shared_ptr<const snapshot::MessageBatch> batch_;
  std::string joined_;
  std::vector<std::string_view> pieces_;
};

/// The batches framed during one turn. `encoded` counts the messages of each batch once, however
/// many ask for it. Thread: confined to the loop.
class FrameCache {
 public:
  explicit FrameCache(Counter& encoded) : encoded_(encoded) {}
  /// Valid until the next call.
  [[nodiscard]] const std::shared_ptr<const FrameBatch>& get(
      std::shared_ptr<const snapshot::MessageBatch> batch, Framing framing);
  /// To be called when the turn ends: what is still being sent lives on with its senders.
  void clear() {
    for (Frames& frames : frames_) {
      frames.last.reset();
      frames.all.clear();
    }
  }

 private:
  // A cached frame keeps its batch alive, so the address is a sound key.
  struct Frames {
    std::shared_ptr<const FrameBatch> last;  // most of a crowd is told the same
    boost::unordered_flat_map<const snapshot::MessageBatch*, std::shared_ptr<const FrameBatch>> all;
  };
  Counter& encoded_;
  std::array<Frames, 2> frames_;  // by framing
};

}  // namespace sb::transport
