#include "stream_connection.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include <fmt/format.h>

#include "server_core.h"

namespace sb::transport {
namespace {

constexpr int kReadsPerTurn = 4;  // of the scratch buffer's size each
constexpr std::size_t kSendBytesPerTurn = 256U
                                          << 10U;  // at once, if it can be: then others have theirs
constexpr std::size_t kSendPiecesMax = 64;         // of one system call
constexpr std::chrono::milliseconds kRetryAfterSlow{1'000};

/// Collects pieces for one gather write, up to its limits.
class Gather {
 public:
  void add(std::string_view bytes) {
    bytes = bytes.substr(0, kSendBytesPerTurn - bytes_);
    if (bytes.empty() || count_ == parts_.size()) return;
    parts_[count_++] = {const_cast<char*>(bytes.data()),
                        bytes.size()};  // iovec is mutable by type only
    bytes_ += bytes.size();
  }
  [[nodiscard]] bool full() const { return bytes_ == kSendBytesPerTurn || count_ == parts_.size(); }
  [[nodiscard]] std::span<const iovec> parts() const { return {parts_.data(), count_}; }

 private:
  std::array<iovec, kSendPiecesMax> parts_;
  std::size_t count_ = 0;
  std::size_t bytes_ = 0;
};

void keep(std::unique_ptr<const std::string>& into, std::string& text) {
  if (!text.empty()) into = std::make_unique<const std::string>(std::move(text));
}

}  // namespace

StreamConnection::StreamConnection(ServerCore& core, Socket socket, Options options)
    : core_(&core),
      session_(std::move(options.session)),
      framing_(options.framing),
      refusal_(options.refusal),
      socket_(std::move(socket)),
      control_(std::move(options.handshake)),
      parser_(core.config().frame_bytes_max) {
  socket_.set_owner(*this);
  keep(received_, options.received);
  keep(origin_, options.origin);
}

void StreamConnection::start() {
  if (session_ == nullptr) {
    begin_close(refusal_, refusal_ == WsClose::unauthorized ? "unauthorized" : "unknown project");
  } else {
    pump(core_->now());  // a baseline travels with the handshake
    if (core_ != nullptr && !waiting_writable_ && has_output()) flush();
  }
  if (const auto received = std::move(received_); core_ != nullptr && received) {
    take_input(*received);
  }
  if (core_ == nullptr) return;
  core_->end_turn();
  socket_.wait_readable();
}

void StreamConnection::pump(MonoTime now) {
  if (core_ == nullptr || !session_ || waiting_writable_) return;
  while (session_ && batch_ == nullptr) {
    auto messages = session_->next(now);
    if (messages == nullptr || messages->empty()) break;
    const auto& frames = core_->frames().get(std::move(messages), framing_);
    core_->count_messages(frames->messages());
    if (is_one_send(*frames)) {
      if (core_->send_with_others(*this, socket_.handle(), *frames)) return;
      Gather gather;
      gather.add(frames->pieces().front());
      if (!took(*frames, socket_.write(gather.parts()).bytes)) return;
    } else {
      batch_ = frames;
      if (!flush()) return;
    }
  }
  if (!session_) return;
  if (const auto end = session_->ended()) return begin_close(end->code, end->reason);
  if (const auto at = session_->wake_at()) core_->wake_by(*at);
}

void StreamConnection::sent(const FrameBatch& frames, std::size_t bytes, MonoTime now) {
  if (core_ == nullptr || !took(frames, bytes)) return;
  if (session_ && session_->is_at_head()) {
    if (const auto at = session_->wake_at()) core_->wake_by(*at);
  } else {
    pump(now);
  }
}

// Nearly always: nothing goes before it, and it is one piece.
bool StreamConnection::is_one_send(const FrameBatch& frames) const {
  return control_.empty() && pong_ == nullptr && frames.pieces().size() == 1 &&
         frames.pieces().front().size() <= kSendBytesPerTurn;
}

bool StreamConnection::took(const FrameBatch& frames, std::size_t bytes) {
  core_->count_bytes(bytes);
  if (bytes == frames.pieces().front().size()) return true;
  batch_ = frames.shared_from_this();
  piece_sent_ = bytes;
  return flush();  // which learns why
}

bool StreamConnection::flush() {
  std::size_t budget = kSendBytesPerTurn;
  std::size_t total = 0;
  if (pong_ && control_.empty()) {
    append_ws_frame(control_, WsOpcode::pong, *pong_);
    pong_.reset();
  }
  while (has_output()) {
    Gather gather;
    const std::string_view control = control_;
    const std::size_t ahead = control_ahead();
    gather.add(control.substr(control_sent_, ahead - control_sent_));
    if (batch_ != nullptr) {
      const auto& pieces = batch_->pieces();
      for (std::size_t i = piece_; i < pieces.size() && !gather.full(); ++i) {
        gather.add(pieces[i].substr(i == piece_ ? piece_sent_ : 0));
      }
      if (!gather.full()) gather.add(control.substr(ahead));
    }
    const IoResult sent =
        budget == 0 ? IoResult{IoResult::Kind::done, 0} : socket_.write(gather.parts());
    if (sent.kind == IoResult::Kind::failed) {
      abort();
      return false;
    }
    if (sent.kind == IoResult::Kind::would_block || budget == 0) {
      core_->count_bytes(total);
      wait_writable(total == 0);
      return false;
    }
    total += sent.bytes;
    budget -= std::min(budget, sent.bytes);
    advance(sent.bytes);
  }
  core_->count_bytes(total);
  handed_over();
  return core_ != nullptr;
}

// A frame is never cut by another one: a batch that has begun goes first. Last words go after one
// that has not begun, too: they tell of what it holds, and nothing may follow a close frame.
std::size_t StreamConnection::control_ahead() const {
  if (batch_ == nullptr) return control_.size();
  const bool batch_begun = piece_ > 0 || piece_sent_ > 0;
  return batch_begun ? control_sent_ : std::min(last_words_at_, control_.size());
}

void StreamConnection::advance(std::size_t bytes) {
  const auto take_control = [&](std::size_t end) {
    const std::size_t count = std::min(bytes, end - control_sent_);
    control_sent_ += count;
    bytes -= count;
    if (control_sent_ == control_.size()) {
      std::string().swap(control_);  // with its memory
      control_sent_ = 0;
    }
  };
  take_control(control_ahead());
  while (batch_ != nullptr && bytes > 0) {
    const auto& pieces = batch_->pieces();
    const std::size_t count = std::min(bytes, pieces[piece_].size() - piece_sent_);
    piece_sent_ += count;
    bytes -= count;
    if (piece_sent_ < pieces[piece_].size()) break;
    piece_sent_ = 0;
    if (++piece_ == pieces.size()) {
      batch_.reset();
      piece_ = 0;
    }
  }
  if (batch_ == nullptr) take_control(control_.size());
}

void StreamConnection::wait_writable(bool stalled) {
  // While closing, the grace runs on whatever moves.
  if (!closing_ && (!stalled || !waiting_writable_)) {
    core_->deadlines().set(*this, core_->now() + core_->config().stall_timeout);
  }
  waiting_writable_ = true;
  socket_.wait_writable();
}

void StreamConnection::on_writable() {
  // Still counted as waiting while flushing, so that a wake-up that moves nothing does not restart
  // the stall clock.
  if (!flush()) return;
  pump(core_->now());
  if (core_ != nullptr) core_->end_turn();
}

void StreamConnection::handed_over() {
  waiting_writable_ = false;
  if (peer_closed_) {
    abort();
  } else if (failed_) {
    socket_.finish_writing();  // nothing they say is understood any more, their close frame neither
  } else if (!closing_) {
    core_->deadlines().clear(*this);
  }
}

void StreamConnection::on_readable() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const IoResult got = socket_.read(core_->scratch());
    if (got.kind == IoResult::Kind::would_block) break;
    if (got.kind == IoResult::Kind::failed || got.bytes == 0) {
      abort();
      return;
    }
    awaiting_pong_ = false;  // whoever speaks is alive
    take_input(std::string_view(core_->scratch().data(), got.bytes));
    if (core_ == nullptr) return;
    if (got.bytes < core_->scratch().size()) break;
  }
  socket_.wait_readable();
}

void StreamConnection::take_input(std::string_view bytes) {
  if (framing_ == Framing::events) return;  // read and forget: nothing is to be said there
  for (;;) {
    switch (parser_.next(bytes)) {
      case WsParser::Step::need_more:
        if ((pong_ && !waiting_writable_) && core_ != nullptr) flush();
        if (heard_ && core_ != nullptr) {
          heard_ = false;
          pump(core_->now());
          if (core_ != nullptr) core_->end_turn();
        }
        return;
      case WsParser::Step::message:
        // Bytes that are no text are no message of either dialect.
        if (session_)
          session_->on_message(parser_.is_text() ? parser_.payload() : "", core_->now());
        heard_ = true;
        break;
      case WsParser::Step::pong:
        break;
      case WsParser::Step::ping:
        if (!closing_) {  // nothing follows a close frame
          pong_ = std::make_unique<const std::string>(parser_.payload());
        }
        break;
      case WsParser::Step::close:
        answer_close();
        return;
      case WsParser::Step::failed:
        failed_ = true;
        begin_close(parser_.close_code(), "");
        return;
    }
  }
}

void StreamConnection::answer_close() {
  peer_closed_ = true;
  if (closing_) {
    // Both have said it. What is left of a batch is of no use to a peer that has left.
    abort();
    return;
  }
  begin_close(parser_.close_code(), "");
}

void StreamConnection::begin_close(WsClose code, std::string_view reason) {
  if (closing_) return;
  closing_ = true;
  session_.reset();
  pong_.reset();
  last_words_at_ = std::min(last_words_at_, control_.size());
  if (framing_ == Framing::websocket) {
    append_ws_close(control_, code, reason);
  } else {
    failed_ = true;  // the end of the stream is all there is to say
  }
  core_->deadlines().set(*this, core_->now() + core_->config().close_grace);
  if (!waiting_writable_) flush();
}

void StreamConnection::ping() {
  if (framing_ == Framing::events) return;    // marks are its heartbeat
  if (closing_ || waiting_writable_) return;  // a blocked peer is watched by the stall clock
  if (awaiting_pong_) {
    abort();
    return;
  }
  awaiting_pong_ = true;
  append_ws_frame(control_, WsOpcode::ping, {});
  flush();
}

void StreamConnection::on_deadline(MonoTime) {
  if (closing_) {
    abort();
    return;
  }
  core_->counters().slow_closed.add();
  end_session(WsClose::slow);
}

void StreamConnection::begin_shutdown() {
  end_session(WsClose::going_away);
}

// The last words come after what is in flight, and before the close frame. Nothing waits for them
// longer than for that.
void StreamConnection::end_session(WsClose code) {
  if (session_) {
    const auto retry_after = code == WsClose::slow ? kRetryAfterSlow : core_->restart_delay();
    last_words_at_ = control_.size();
    session_->end(code, retry_after);
    // What a browser's event source waits by, because nobody reads its `bye` for it.
    if (framing_ == Framing::events) control_ += fmt::format("retry: {}\n", retry_after.count());
    while (const auto words = session_->next(core_->now())) {
      for (const auto& word : *words) {
        if (framing_ == Framing::events) {
          control_ += event_text(word.text());
        } else {
          append_ws_frame(control_, WsOpcode::text, word.text());
        }
      }
    }
  }
  begin_close(code, code == WsClose::slow ? "slow" : "restart");
}

void StreamConnection::abort() {
  if (core_ == nullptr) return;
  ServerCore& core = *std::exchange(core_, nullptr);
  core.deadlines().clear(*this);
  session_.reset();
  batch_.reset();
  socket_.close();
  core.remove_websocket(*this);
  core.remove(*this);
}

}  // namespace sb::transport
