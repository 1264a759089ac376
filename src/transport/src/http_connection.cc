#include "http_connection.h"

#include <sys/uio.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "server_core.h"
#include "stream_connection.h"
#include "url.h"
#include "ws_handshake.h"

namespace sb::transport {
namespace {

constexpr std::chrono::seconds kLinger{2};              // after the last answer
constexpr int kReadsPerTurn = 4;                        // of the scratch buffer's size each
constexpr std::size_t kSendBytesMax = 64U << 10U;       // of one system call
constexpr std::size_t kSendBytesPerTurn = 256U << 10U;  // then others have their turn
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

iovec piece(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};  // iovec is mutable by type only
}

HttpResponse origin_is_full() {
  return problem_response(
      {ErrorCode::limit_exceeded, "There are too many connections of this origin.", {}}, 503);
}

}  // namespace

HttpConnection::HttpConnection(ServerCore& core, int fd, Peer peer, bool refuse)
    : core_(&core), socket_(core.loop().impl().ready, fd), peer_(std::move(peer)), refuse_(refuse) {
  socket_.set_owner(*this);
}

void HttpConnection::start() {
  core_->deadlines().set(*this, core_->now() + core_->config().header_timeout);
  socket_.wait_readable();
}

void HttpConnection::on_readable() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    const IoResult got = socket_.read(core_->scratch());
    if (got.kind == IoResult::Kind::would_block) break;
    if (got.kind == IoResult::Kind::failed || got.bytes == 0) {
      abort();
      return;
    }
    if (state_ == State::lingering) continue;  // read and forget
    buffer_.append(core_->scratch().data(), got.bytes);
    parse();
    if (core_ == nullptr || (state_ != State::reading && state_ != State::lingering)) return;
    if (got.bytes < core_->scratch().size()) break;
  }
  socket_.wait_readable();
}

void HttpConnection::parse() {
  parsing_ = true;
  while (state_ == State::reading && !buffer_.empty()) {
    const bool begins = !parser_;
    if (begins) {
      parser_.emplace(
          HttpParser::Limits{core_->config().header_bytes_max, core_->config().body_bytes_max});
    }
    const HttpParser::Status status = parser_->feed(buffer_);
    if (status == HttpParser::Status::need_more) {
      if (begins) core_->deadlines().set(*this, core_->now() + core_->config().header_timeout);
      if (parser_->take_expect_continue()) {
        const iovec part = piece(kContinue);
        (void)socket_.write(
            {&part, 1});  // a client that does not get it sends the body after a moment anyway
      }
      break;
    }
    if (status == HttpParser::Status::failed) {
      HttpResponse failure = parser_->failure();
      parser_.reset();
      buffer_.clear();
      framing_ = {};
      respond(std::move(failure));
      break;
    }
    HttpRequest request = parser_->take();
    parser_.reset();
    core_->deadlines().clear(*this);
    state_ = State::handling;
    dispatch(std::move(request));
    if (core_ == nullptr) return;
  }
  parsing_ = false;
}

void HttpConnection::dispatch(HttpRequest request) {
  core_->counters().requests.add();
  framing_ = {request.method == "HEAD", request.http11, request.keep_alive, {}};
  const auto refused = [&](HttpResponse response) {
    core_->counters().refused.add();
    respond(std::move(response));
  };
  if (refuse_) {
    close_after_ = true;
    refused(
        problem_response({ErrorCode::limit_exceeded, "There are too many connections.", {}}, 503));
    return;
  }
  auto target = parse_target(request.target);
  if (!target) {
    close_after_ = true;
    refused(
        problem_response({ErrorCode::invalid_argument, "The request target is malformed.", {}}));
    return;
  }
  if (auto refusal = core_->access().refuse_host(request, peer_)) {
    close_after_ = true;
    refused(*std::move(refusal));
    return;
  }
  if (wants_websocket(request)) return dispatch_upgrade(request, *target);
  if (auto refusal = core_->access().refuse_peer(request, peer_)) {
    close_after_ = true;
    refused(*std::move(refusal));
    return;
  }
  Reply reply = [weak = weak_from_this()](HttpResponse response) {
    const auto self = weak.lock();
    if (self) static_cast<HttpConnection&>(*self).respond(std::move(response));
  };
  core_->router().handle(std::move(request), *std::move(target), peer_, std::move(reply));
}

// The checks stand in the order of the contract, section 16: the first failure answers and closes.
void HttpConnection::dispatch_upgrade(const HttpRequest& request, const Target& target) {
  const bool sync = target.path == "/sync";
  const auto refuse = [&](HttpResponse response) {
    core_->counters().refused.add();
    response.close = true;
    respond(std::move(response));
  };
  const auto bad = [](std::string message) {
    return problem_response({ErrorCode::invalid_argument, std::move(message), {}});
  };
  if (!core_->ports().status.ready() || core_->stopping())
    return refuse(core_->router().not_ready());
  if (!sync && target.path != "/snapshots" && target.path != "/snapshot") {
    return refuse(problem_response({ErrorCode::not_found, "No WebSocket is spoken here.", {}}));
  }
  if (auto refusal = core_->access().refuse_upgrade(request, peer_))
    return refuse(*std::move(refusal));
  if (auto refusal = core_->access().refuse_peer(request, peer_))
    return refuse(*std::move(refusal));
  const std::string project(target.param("projectId").value_or(""));
  if (!sync && project.empty()) return refuse(bad("The query parameter projectId is missing."));
  switch (check_ws_handshake(request)) {
    case WsHandshake::good:
      break;
    case WsHandshake::bad:
      return refuse(bad("The WebSocket handshake is malformed."));
    case WsHandshake::bad_version: {
      auto response = problem_response(
          {ErrorCode::unsupported, "Only WebSocket version 13 is spoken here.", {}}, 426);
      response.add("Upgrade", "websocket").add("Sec-WebSocket-Version", "13");
      return refuse(std::move(response));
    }
  }
  const std::string origin(request.header("origin").value_or(""));
  if (!core_->origin_has_room(origin)) {
    return refuse(origin_is_full());
  }
  StreamConnection::Options options{.handshake = ws_handshake_answer(request),
                                    .received = std::move(buffer_),
                                    .origin = origin,
                                    .session = nullptr};
  ServerCore& core = *core_;
  // Told by a close code, because a browser's page cannot see the status of a refused upgrade.
  if (!is_authorized(core.access().authenticate(request, peer_))) {
    options.refusal = WsClose::unauthorized;
  } else if (sync) {
    options.session = core.new_sync_stream();
  } else if (core.ports().store.project(model::ProjectId(project)) == nullptr) {
    options.refusal = WsClose::unknown_project;
  } else {
    options.session = std::make_unique<Dialect1Stream>(
        core.ports().store, core.encoder(),
        snapshot::Dialect1Session::Options{
            .project = model::ProjectId(project),
            .cursor = std::string(target.param("cursor").value_or("")),
            .coalesce = core.config().coalesce});
  }
  adopt_stream(std::move(options));
}

void HttpConnection::become_stream(HttpResponse response) {
  framing_.date = core_->ports().clock.wall_now();
  StreamConnection::Options options{.handshake = encode_stream_head(response, framing_),
                                    .received = {},
                                    .origin = std::move(response.origin),
                                    .session = std::move(response.stream),
                                    .framing = Framing::events};
  adopt_stream(std::move(options));
}

void HttpConnection::adopt_stream(StreamConnection::Options options) {
  ServerCore& core = *core_;
  const auto self = shared_from_this();
  auto socket = std::make_shared<StreamConnection>(core, std::move(socket_), std::move(options));
  state_ = State::closed;
  core_ = nullptr;
  core.remove(*this);
  core.adopt(socket);
}

void HttpConnection::respond(HttpResponse response) {
  if (core_ == nullptr || (state_ != State::handling && state_ != State::reading)) return;
  if (response.stream && core_->stopping()) response = core_->router().not_ready();
  if (response.stream && !core_->origin_has_room(response.origin)) {
    auto full = origin_is_full();
    full.headers.swap(response.headers);  // a page may read the refusal
    response = std::move(full);
  }
  if (response.stream) return become_stream(std::move(response));
  if (close_after_ || core_->stopping()) response.close = true;
  response_ = std::move(response);
  framing_.date = core_->ports().clock.wall_now();
  if (response_.close) framing_.keep_alive = false;
  head_ = encode_response_head(response_, framing_);
  head_sent_ = 0;
  const bool bodiless = framing_.head || response_.status == 204 || response_.status == 304;
  body_sent_ = bodiless ? response_.content().size() : 0;
  state_ = State::writing;
  flush();
}

void HttpConnection::flush() {
  std::size_t budget = kSendBytesPerTurn;
  for (;;) {
    const std::string_view head = unsent_head();
    const std::string_view body = response_.content().substr(
        body_sent_, kSendBytesMax - std::min(head.size(), kSendBytesMax));
    if (head.empty() && body.empty()) {
      finish_response();
      return;
    }
    const std::array<iovec, 2> parts{piece(head), piece(body)};
    const IoResult sent =
        budget == 0 ? IoResult{IoResult::Kind::would_block, 0} : socket_.write(parts);
    if (sent.kind == IoResult::Kind::failed) {
      abort();
      return;
    }
    if (sent.kind == IoResult::Kind::would_block) {
      core_->deadlines().set(*this, core_->now() + core_->config().stall_timeout);
      socket_.wait_writable();
      return;
    }
    budget -= std::min(budget, sent.bytes);
    const std::size_t of_head = std::min(sent.bytes, head.size());
    head_sent_ += of_head;
    body_sent_ += sent.bytes - of_head;
  }
}

void HttpConnection::on_writable() {
  flush();
}

void HttpConnection::finish_response() {
  response_ = {};
  head_ = {};
  head_sent_ = 0;
  body_sent_ = 0;
  if (!framing_.keep_alive) {
    state_ = State::lingering;
    buffer_ = {};
    socket_.finish_writing();
    core_->deadlines().set(*this, core_->now() + kLinger);
    if (!parsing_) socket_.wait_readable();
    return;
  }
  state_ = State::reading;
  core_->deadlines().set(*this, core_->now() + core_->config().keep_alive_timeout);
  if (parsing_) return;
  parse();
  if (core_ == nullptr) return;
  if (state_ == State::reading || state_ == State::lingering) socket_.wait_readable();
}

void HttpConnection::on_deadline(MonoTime) {
  if (state_ == State::reading && parser_) {
    close_after_ = true;
    parser_.reset();
    framing_ = {};
    respond(problem_response({ErrorCode::timeout, "The request did not arrive in time.", {}}, 408));
    return;
  }
  abort();
}

void HttpConnection::begin_shutdown() {
  close_after_ = true;
  if (state_ == State::reading && !parser_) abort();
}

void HttpConnection::abort() {
  if (core_ == nullptr) return;
  ServerCore& core = *std::exchange(core_, nullptr);
  state_ = State::closed;
  core.deadlines().clear(*this);
  socket_.close();
  core.remove(*this);
}

}  // namespace sb::transport
