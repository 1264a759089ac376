#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "sb/core/json_writer.h"
#include "sb/snapshot/cursor.h"

#include "router.h"
#include "stream_session.h"
#include "view_param.h"

// The long poll of Router: one batch of what changed since a cursor (protocol, section 2).

namespace sb::transport {
namespace {

constexpr std::chrono::milliseconds kStreamHeartbeat{15'000};
constexpr std::uint64_t kViewSeq = 1;  // a long poll never changes its view

bool wants_events(const HttpRequest& request) {
  const auto accept = request.header("accept");
  return accept && accept->find("text/event-stream") != std::string_view::npos;
}

}  // namespace

void Router::get_changes(Call& call) {
  const auto refuse = [&](const Error& error) { call.reply(problem_response(error)); };
  const auto wait = wait_param(call.target);
  if (!wait) {
    return refuse(
        {ErrorCode::invalid_argument, "The query parameter waitMs must be a whole number.", {}});
  }
  const auto view = view_param(call.target, call.id);
  if (!view) return refuse(Error(view.error()).with("the query parameter view"));
  // What an event stream goes on from when a browser opens it again.
  const bool stream = call.request.method == "GET" && wants_events(call.request);
  const auto last_event = stream ? call.request.header("last-event-id") : std::nullopt;
  const std::string cursor(last_event.value_or(call.target.param("cursor").value_or("")));
  if (!cursor.empty() && !snapshot::decode_cursor(cursor)) {
    return refuse({ErrorCode::invalid_argument, "The query parameter cursor is malformed.", {}});
  }
  auto feed = std::make_shared<snapshot::ViewFeed>(views_, *view, true);
  if (feed->project_gone()) return refuse({ErrorCode::not_found, "There is no such project.", {}});
  if (!cursor.empty()) {
    if (const auto reason = feed->resume(cursor)) {
      call.reply(problem_response_with(
          {ErrorCode::not_found, "This cursor cannot be continued. Read again without one.", {}},
          410, fmt::format(R"("reason":"{}")", enum_text(*reason))));
      return;
    }
  }
  if (stream) return answer_stream(call, cursor);
  answer_changes(std::move(feed), ports_.clock.mono_now() + *wait, std::move(call.reply));
}

// The session is told by us what a client of `/sync` would say itself.
void Router::answer_stream(Call& call, const std::string& cursor) {
  std::string hello;
  JsonWriter json(hello);
  json.begin_object();
  json.key("type").string("hello");
  json.key("protocol").number(2);
  if (const auto text = call.target.param("view")) {
    json.key("view").raw(*text);
  } else {
    json.key("view").begin_object();
    json.key("projectId").string(call.id);
    json.end_object();
  }
  if (!cursor.empty()) json.key("cursor").string(cursor);
  json.key("patch").boolean(true);
  json.key("heartbeatMs").number(kStreamHeartbeat.count());
  json.end_object();
  HttpResponse response;
  response.stream = new_stream_();
  response.stream->on_message(hello, ports_.clock.mono_now());
  response.origin = call.request.header("origin").value_or("");
  call.reply(std::move(response));
}

void Router::answer_changes(std::shared_ptr<snapshot::ViewFeed> feed, MonoTime until, Reply reply) {
  if (feed->project_gone()) {
    return reply(problem_response({ErrorCode::not_found, "There is no such project.", {}}));
  }
  const auto due = feed->look();
  if (due.batch) return reply(json_response(200, feed->next(kViewSeq)->front().text()));
  const auto left = until - ports_.clock.mono_now();
  if (!due.review_count && left > std::chrono::nanoseconds(0)) {
    return waits_.wait(ports_.store.head() + 1, std::chrono::ceil<std::chrono::milliseconds>(left),
                       [this, self = shared_from_this(), feed, until,
                        reply = std::move(reply)](bool reached) mutable {
                         // Nothing came: what there is now is the answer.
                         answer_changes(std::move(feed), reached ? until : ports_.clock.mono_now(),
                                        std::move(reply));
                       });
  }
  // Nothing that the view shows: the reader is at head.
  const snapshot::Revision from = feed->position().revision;
  feed->skip_to_head();
  std::string body;
  JsonWriter json(body);
  json.begin_object();
  json.key("type").string("batch");
  json.key("viewSeq").number(kViewSeq);
  json.key("from").number(from);
  json.key("to").number(feed->position().revision);
  json.key("complete").boolean(true);
  json.key("cursor").string(feed->cursor());
  if (const auto count = ports_.store.review_count(); due.review_count && count) {
    json.key("reviewCount").number(*count);
  }
  json.key("ops").begin_array().end_array();
  json.end_object();
  reply(json_response(200, std::move(body)));
}

}  // namespace sb::transport
