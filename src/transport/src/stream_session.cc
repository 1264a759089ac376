#include "stream_session.h"

#include <chrono>

namespace sb::transport {
namespace {

constexpr std::chrono::milliseconds kRetryAfterRestart{250};
constexpr std::chrono::milliseconds kRetryAfterSlow{1'000};

}  // namespace

void SyncStream::end(WsClose code) {
  if (code == WsClose::slow) {
    session_.end(snapshot::ByeCode::slow, kRetryAfterSlow);
  } else {
    session_.end(snapshot::ByeCode::restart, kRetryAfterRestart);
  }
}

}  // namespace sb::transport
