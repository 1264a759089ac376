#include "sb/snapshot/sync_session.h"

#include <algorithm>
#include <utility>

#include "sb/core/json_codec.h"
#include "sb/core/json_writer.h"
#include "sb/core/mutant.h"

namespace sb::snapshot {
namespace {

constexpr std::int64_t kProtocol = 2;
constexpr std::uint16_t kCloseProtocol = 1002;
constexpr std::uint16_t kCloseUnknownProject = 4404;

struct Hello {
  std::int64_t protocol = 0;
  std::optional<std::string> cursor;
  Opinion<bool> patch;
  Opinion<std::int64_t> heartbeatMs;
  Opinion<std::int64_t> coalesceMs;
};
BOOST_DESCRIBE_STRUCT(Hello, (), (protocol, cursor, patch, heartbeatMs, coalesceMs))
static_assert(all_members_described<Hello>());

std::uint16_t close_code_of(ByeCode code) {
  switch (code) {
    case ByeCode::restart:
      return 1001;
    case ByeCode::slow:
      return 4408;
    case ByeCode::unauthorized:
      return 4401;
    case ByeCode::limit:
      return 1013;
    case ByeCode::protocol:
      break;
  }
  return kCloseProtocol;
}

// A reader that comes again with its cursor may be continued.
bool is_resumable(ByeCode code) {
  return code == ByeCode::restart || code == ByeCode::slow || code == ByeCode::limit;
}

}  // namespace

SyncSession::SyncSession(ViewEncoder& encoder, Options options, MonoTime now)
    : encoder_(&encoder),
      options_(std::move(options)),
      started_at_(now),
      last_frame_at_(now),
      coalesce_(std::clamp(options_.coalesce, std::chrono::milliseconds(0), kCoalesceMax)) {
  wake_at_ = started_at_ + kHelloTimeout;
}

void SyncSession::on_message(std::string_view text, MonoTime now) {
  if (state_ == State::closed || farewell_) return;
  Result<void> taken;
  if (text.size() > options_.message_bytes_max) {
    taken = fail(ErrorCode::limit_exceeded, "the message is too long", "$");
  } else if (const auto message = document_.parse(text); !message) {
    taken = tl::unexpected(message.error());
  } else if (const auto type = message->find("type"); !type || !type->as_string()) {
    taken = fail(ErrorCode::invalid_argument, "a message has a type", "$.type");
  } else if (*type->as_string() == "hello") {
    taken = take_hello(*message);
  } else if (*type->as_string() == "view") {
    taken = take_view(*message);
  } else {
    taken =
        fail(ErrorCode::invalid_argument, "no such message; there are hello and view", "$.type");
  }
  if (!taken) {
    const Error& error = taken.error();
    end_with({.code = ByeCode::protocol,
              .close_code = kCloseProtocol,
              .detail = error.path.empty() ? error.message : error.path + ": " + error.message});
  }
  wake_by(now);
}

Result<void> SyncSession::take_hello(const JsonValue& message) {
  if (state_ != State::waiting_hello) {
    return fail(ErrorCode::invalid_argument, "hello was said before", "$.type");
  }
  SB_TRY(Hello hello, from_json<Hello>(message, "$"));
  if (hello.protocol != kProtocol) {
    return fail(ErrorCode::unsupported, "this server speaks protocol 2", "$.protocol");
  }
  const auto asked = message.find("view");
  if (!asked) return json_missing_error("$.view");
  SB_TRY(auto view, View::parse(*asked, "$.view"));
  patches_ = hello.patch.value_or(false);
  if (hello.heartbeatMs) {
    heartbeat_ =
        std::clamp(std::chrono::milliseconds(*hello.heartbeatMs), kHeartbeatMin, kHeartbeatMax);
  }
  if (hello.coalesceMs) {
    coalesce_ = std::clamp(std::chrono::milliseconds(*hello.coalesceMs),
                           std::chrono::milliseconds(0), kCoalesceMax);
  }
  cursor_ = hello.cursor.value_or("");
  feed_.emplace(*encoder_, std::move(view), patches_);
  state_ = State::welcoming;
  return {};
}

Result<void> SyncSession::take_view(const JsonValue& message) {
  if (state_ == State::waiting_hello) {
    return fail(ErrorCode::invalid_argument, "hello comes first", "$.type");
  }
  const auto number = message.find("viewSeq");
  if (!number) return json_missing_error("$.viewSeq");
  SB_TRY(const auto view_seq, from_json<std::uint64_t>(*number, "$.viewSeq"));
  if (view_seq <= view_seq_) {
    return fail(ErrorCode::invalid_argument, "viewSeq must grow", "$.viewSeq");
  }
  const auto asked = message.find("view");
  if (!asked) return json_missing_error("$.view");
  SB_TRY(auto view, View::parse(*asked, "$.view"));
  view_seq_ = view_seq;
  // What was under way for the old view is never completed: the reader drops it by its viewSeq.
  feed_.emplace(*encoder_, std::move(view), patches_);
  feed_->restart(ResetReason::view);
  cursor_.clear();
  return {};
}

void SyncSession::end(ByeCode code, std::chrono::milliseconds retry_after) {
  end_with({.code = code,
            .close_code = close_code_of(code),
            .retry_after = retry_after,
            .resumable = is_resumable(code),
            .detail = {}});
}

void SyncSession::end_with(Farewell farewell) {
  if (!farewell_) farewell_ = std::move(farewell);
}

std::shared_ptr<const MessageBatch> SyncSession::next(MonoTime now) {
  wake_at_.reset();
  if (state_ == State::closed) return nullptr;
  if (!farewell_ && state_ == State::waiting_hello) {
    if (now < started_at_ + kHelloTimeout) {
      wake_by(started_at_ + kHelloTimeout);
      return nullptr;
    }
    end_with({.code = ByeCode::protocol, .close_code = kCloseProtocol, .detail = "no hello came"});
  }
  if (!farewell_ && feed_->project_gone()) {
    end_with({.code = ByeCode::protocol,
              .close_code = kCloseUnknownProject,
              .detail = "no such project"});
  }
  if (state_ == State::live && epoch_ != encoder_->store().epoch_number()) {
    // What the reader holds has no place in the new epoch, and only a welcome can tell of that.
    end_with({.code = ByeCode::restart,
              .close_code = close_code_of(ByeCode::restart),
              .detail = "a new epoch began"});
    farewell_->resumable = false;
  }
  if (farewell_) {
    // A cursor as fresh as can be, unless something is missing before it.
    if (farewell_->resumable && state_ == State::live && feed_->position().complete &&
        !feed_->look().batch && feed_->position().revision < encoder_->store().head()) {
      wake_by(now);
      return said(mark(), now);
    }
    state_ = State::closed;
    return said(bye(), now);
  }
  if (state_ == State::welcoming) {
    state_ = State::live;
    wake_by(now);
    return said(welcome(), now);
  }
  return next_live(now);
}

std::shared_ptr<const MessageBatch> SyncSession::next_live(MonoTime now) {
  const ViewFeed::Due due = feed_->look();
  if (due.batch || due.review_count) {
    const bool resting = last_change_at_ && now < *last_change_at_ + coalesce_;
    if (resting && !due.urgent) {
      if (SB_MUTANT(debounce_without_maximum)) last_change_at_ = now;
      wake_by(*last_change_at_ + coalesce_);
      return nullptr;
    }
    if (!feed_->reset()) last_change_at_ = now;  // after a baseline the first change goes at once
    if (!due.batch) return said(mark(), now);
    last_frame_at_ = now;
    auto batch = feed_->next(view_seq_);
    wake_by(feed_->position().complete ? now + heartbeat_ : now);
    return batch;
  }
  const MonoTime mark_at =
      last_frame_at_ + (due.unseen ? std::min(kUnseenMarkGap, heartbeat_) : heartbeat_);
  if (now >= mark_at) return said(mark(), now);
  wake_by(mark_at);
  return nullptr;
}

bool SyncSession::is_at_head() const {
  return state_ == State::live && !farewell_ && feed_->is_at_head();
}

std::optional<std::uint16_t> SyncSession::close_code() const {
  if (state_ != State::closed) return std::nullopt;
  return farewell_->close_code;
}

std::shared_ptr<const MessageBatch> SyncSession::said(std::string text, MonoTime now) {
  last_frame_at_ = now;
  if (state_ == State::live) wake_by(now + heartbeat_);
  return std::make_shared<const MessageBatch>(MessageBatch{Message(std::move(text))});
}

std::string SyncSession::welcome() {
  // A view that was changed before the welcome has no cursor of its own.
  const auto refused =
      feed_->reset() == ResetReason::view ? feed_->reset() : feed_->resume(cursor_);
  if (refused) feed_->restart(*refused);
  cursor_.clear();
  (void)feed_->look();  // the whole view may be cheaper than what is missing
  const Store& store = encoder_->store();
  epoch_ = store.epoch_number();
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("type").string("welcome").key("session").string(options_.id);
  json.key("epoch").string(store.epoch()).key("head").number(store.head());
  json.key("mode").string(feed_->reset() ? "reset" : "resume");
  if (feed_->reset()) json.key("reason").string(enum_text(*feed_->reset()));
  if (store.review_count()) json.key("reviewCount").number(*store.review_count());
  json.key("heartbeatMs").number(heartbeat_.count()).key("coalesceMs").number(coalesce_.count());
  json.key("limits").begin_object().key("batchBytes").number(encoder_->limits().bytes);
  json.key("batchOps")
      .number(encoder_->limits().ops)
      .key("messageBytes")
      .number(options_.message_bytes_max);
  json.end_object().end_object();
  return text;
}

std::string SyncSession::mark() {
  const Store& store = encoder_->store();
  feed_->skip_to_head();
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("type").string("mark").key("viewSeq").number(view_seq_);
  json.key("revision").number(feed_->position().revision).key("cursor").string(feed_->cursor());
  json.key("sources").raw(
      to_json(options_.sources ? options_.sources() : std::vector<SourceHealth>{}));
  if (store.review_count()) json.key("reviewCount").number(*store.review_count());
  if (options_.digest) {
    std::string hex;
    const std::uint64_t digest = encoder_->digest(feed_->view());
    for (int shift = 60; shift >= 0; shift -= 4) hex += "0123456789abcdef"[(digest >> shift) & 15];
    json.key("digest").string(hex);
  }
  json.end_object();
  return text;
}

std::string SyncSession::bye() const {
  std::string text;
  JsonWriter json(text);
  json.begin_object().key("type").string("bye").key("code").string(enum_text(farewell_->code));
  json.key("retryAfterMs").number(farewell_->retry_after.count());
  json.key("resumable").boolean(farewell_->resumable);
  if (!farewell_->detail.empty()) json.key("detail").string(farewell_->detail);
  json.end_object();
  return text;
}

void SyncSession::wake_by(MonoTime at) {
  if (!wake_at_ || at < *wake_at_) wake_at_ = at;
}

}  // namespace sb::snapshot
