#include "subscriber.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "sb/core/percent.h"

namespace sb::load {
namespace {

constexpr std::uint64_t kMilli = 1'000'000;       // nanoseconds
constexpr std::uint64_t kJitter = 50 * kMilli;    // before coming back after a cut
constexpr std::uint64_t kBackOff = 100 * kMilli;  // after a connect that failed, doubled
constexpr unsigned kDoublingsMax = 3;
constexpr std::int64_t kCutBytesMax = 8'192;
constexpr std::uint64_t kCutPatience = 500 * kMilli;  // for bytes to be cut in
constexpr int kPollWaitMs = 5'000;
constexpr int kReadsPerTurn = 4;

}  // namespace

Subscriber::Subscriber(Shared& shared, Kind kind) : shared_(&shared), kind_(kind), replica_(kind) {}

std::string Subscriber::view() const {
  const std::string where =
      kind_ == Kind::sync_where ? R"(,"where":{"kanbanColumn":["WORKING"]})" : "";
  return fmt::format(R"({{"projectId":"{}"{}}})", shared_->options.project, where);
}

void Subscriber::reconnect(std::uint64_t at) {
  shared_->poller.forget(*this);
  state_ = State::away;
  cut_at_ = 0;
  rest_.clear();
  shared_->poller.wake(at, *this);
}

void Subscriber::connect() {
  const std::uint64_t now = mono_nanos();
  fd_ = UniqueFd(connect_to(shared_->options.host, shared_->options.port));
  if (!fd_.open()) return reconnect(now + kBackOff);
  state_ = State::connecting;
  replica_.begin();
  shared_->poller.watch(fd_.get(), *this, EPOLLOUT);
}

void Subscriber::say_hello() {
  ++shared_->findings.connects;
  shared_->poller.change(fd_.get(), *this, EPOLLIN);
  state_ = State::handshake;
  const std::string cursor = percent_encode(replica_.cursor());
  const std::string& project = shared_->options.project;
  switch (kind_) {
    case Kind::dialect1:
      return send(upgrade_request(shared_->request(fmt::format(
          "/snapshots?projectId={}{}{}", project, cursor.empty() ? "" : "&cursor=", cursor))));
    case Kind::sync:
    case Kind::sync_where: {
      std::string hello = fmt::format(
          R"({{"type":"hello","protocol":2,"view":{},"patch":true,"heartbeatMs":5000)", view());
      if (!cursor.empty()) hello += fmt::format(R"(,"cursor":"{}")", replica_.cursor());
      if (shared_->options.coalesce_ms >= 0) {
        hello += fmt::format(R"(,"coalesceMs":{})", shared_->options.coalesce_ms);
      }
      hello += '}';
      return send(upgrade_request(shared_->request("/sync")) + client_frame(1, hello));
    }
    case Kind::events:
      return send(
          get_request(shared_->request(fmt::format("/api/projects/{}/changes{}{}", project,
                                                   cursor.empty() ? "" : "?cursor=", cursor)),
                      true));
    case Kind::poll:
      return ask_again();
  }
}

void Subscriber::ask_again() {
  const std::string cursor = percent_encode(replica_.cursor());
  state_ = State::live;
  send(get_request(shared_->request(fmt::format("/api/projects/{}/changes?waitMs={}{}{}",
                                                shared_->options.project, kPollWaitMs,
                                                cursor.empty() ? "" : "&cursor=", cursor)),
                   false));
}

void Subscriber::send(std::string_view bytes) {
  // Requests and pongs are far below what an empty send buffer takes.
  (void)::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
}

void Subscriber::plan_cut() {
  if (!shared_->cutting) return;
  const std::uint64_t now = mono_nanos();
  std::exponential_distribution<double> pause(1 / shared_->options.cut_every);
  std::uniform_int_distribution<std::int64_t> bytes(0, kCutBytesMax);
  cut_at_ = now + static_cast<std::uint64_t>(pause(shared_->random) * 1e9);
  cut_after_ = bytes(shared_->random);
  shared_->poller.wake(cut_at_ + kCutPatience, *this);
}

void Subscriber::on_ready(std::uint32_t events) {
  const std::uint64_t now = mono_nanos();
  if (state_ == State::away) return connect();
  if (events == 0) {  // nothing came that could be cut in
    if (cut_at_ == 0 || now < cut_at_ + kCutPatience || !shared_->cutting) return;
    cut_after_ = 0;
    ++shared_->findings.cuts;
    reset_connection(fd_);
    return reconnect(now + shared_->random() % kJitter);
  }
  if (state_ == State::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      fd_.reset();
      const std::uint64_t pause = kBackOff << std::min(failures_++, kDoublingsMax);
      return reconnect(now + pause / 2 + shared_->random() % pause);
    }
    say_hello();
    return plan_cut();
  }
  if (!stalled_) read_some();
}

void Subscriber::set_stalled(bool stalled) {
  stalled_ = stalled;
  if (fd_.open() && state_ != State::connecting) {
    shared_->poller.change(fd_.get(), *this, stalled ? 0U : static_cast<std::uint32_t>(EPOLLIN));
  }
}

void Subscriber::read_some() {
  for (int i = 0; i < kReadsPerTurn; ++i) {
    auto& scratch = shared_->scratch;
    ssize_t got = recv(fd_.get(), scratch.data(), scratch.size(), 0);
    if (got < 0 && errno == EAGAIN) return;
    const std::uint64_t now = mono_nanos();
    if (got <= 0) {
      fd_.reset();
      return reconnect(now + std::exchange(retry_after_, 0) + shared_->random() % kJitter);
    }
    bool cut = false;
    const bool full = static_cast<std::size_t>(got) == scratch.size();
    if (cut_at_ != 0 && now >= cut_at_ && shared_->cutting) {
      cut = got >= cut_after_;
      got = std::min<ssize_t>(got, cut_after_);
      cut_after_ -= got;
    }
    shared_->findings.bytes += static_cast<std::uint64_t>(got);
    std::string_view bytes(scratch.data(), static_cast<std::size_t>(got));
    if (!rest_.empty()) bytes = rest_.append(bytes);
    std::string keep = std::move(rest_);  // `bytes` may point into it
    rest_.clear();
    std::string_view left = keep.empty() ? bytes : std::string_view(keep);
    if (!take_units(left)) {
      reset_connection(fd_);
      return reconnect(now + std::exchange(retry_after_, 0) + shared_->random() % kJitter);
    }
    if (keep.empty()) {
      rest_.assign(left);
    } else {
      keep.erase(0, keep.size() - left.size());
      rest_ = std::move(keep);
    }
    if (cut) {
      ++shared_->findings.cuts;
      reset_connection(fd_);
      return reconnect(now + shared_->random() % kJitter);
    }
    if (!full) return;
  }
}

bool Subscriber::take_units(std::string_view& bytes) {
  while (!bytes.empty()) {
    Unit unit;
    if (state_ == State::handshake) {
      unit = read_head(bytes);
    } else if (kind_ == Kind::poll) {
      unit = read_answer(bytes);
    } else {
      unit = kind_ == Kind::events ? read_event(bytes) : read_frame(bytes);
    }
    switch (unit.what) {
      case Unit::What::need_more:
        return true;
      case Unit::What::broken:
        shared_->findings.violation(unit.problem);
        return false;
      case Unit::What::head:
        if (kind_ == Kind::poll ? !take_poll(unit) : !take_head(unit)) return false;
        break;
      case Unit::What::text:
        if (!take_text(unit.payload)) return false;
        break;
      case Unit::What::ping:
        send(client_frame(10, unit.payload));
        break;
      case Unit::What::close:
        if (unit.status == 4408) ++shared_->findings.slow;
        return false;
    }
    bytes.remove_prefix(unit.consumed);
  }
  return true;
}

bool Subscriber::take_head(const Unit& unit) {
  const int wanted = kind_ == Kind::events ? 200 : 101;
  if (unit.status == wanted) {
    failures_ = 0;
    state_ = State::live;
    return true;
  }
  if (unit.status == 410) {  // an event stream whose cursor is of another life
    replica_.forget_cursor();
    ++shared_->findings.epochs;
  } else if (unit.status != 503) {
    shared_->findings.violation(fmt::format("refused with {}", unit.status));
  }
  retry_after_ = kBackOff << std::min(failures_++, kDoublingsMax);
  return false;
}

bool Subscriber::take_poll(const Unit& unit) {
  if (unit.status == 200) {
    failures_ = 0;
    if (!take_text(unit.payload)) return false;
    ask_again();
    return true;
  }
  if (unit.status == 410) {
    const bool new_life = unit.payload.find("\"epoch\"") != std::string_view::npos;
    ++(new_life ? shared_->findings.epochs : shared_->findings.resets);
    replica_.forget_cursor();
    ask_again();
    return true;
  }
  if (unit.status != 503) {
    shared_->findings.violation(fmt::format("a long poll refused with {}", unit.status));
  }
  retry_after_ = kBackOff << std::min(failures_++, kDoublingsMax);
  return false;
}

bool Subscriber::take_text(std::string_view text) {
  const auto message = shared_->reader.read(text);
  if (message == nullptr) {
    shared_->findings.violation("a message that is no JSON");
    return false;
  }
  if (message->type == Message::Type::bye) retry_after_ = message->retry_after_ms * kMilli;
  return replica_.take(*message, shared_->findings, counts() ? &shared_->deliveries : nullptr,
                       mono_nanos());
}

void BaselineReader::connect() {
  began_ = mono_nanos();
  fd_ = UniqueFd(connect_to(shared_->options.host, shared_->options.port));
  got_ = wanted_ = 0;
  head_.clear();
  asked_ = false;
  if (fd_.open()) {
    shared_->poller.watch(fd_.get(), *this, EPOLLOUT);
  } else {
    shared_->poller.wake(began_ + kMilli, *this);
  }
}

void BaselineReader::stop() {
  stopped_ = true;
  reset_connection(fd_);
  shared_->poller.forget(*this);
}

void BaselineReader::on_ready(std::uint32_t) {
  if (stopped_) return;
  if (!fd_.open()) return connect();
  if (!asked_) {
    asked_ = true;
    shared_->poller.change(fd_.get(), *this, EPOLLIN);
    const std::string text = upgrade_request(
        shared_->request(fmt::format("/snapshots?projectId={}", shared_->options.project)));
    (void)::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    return;
  }
  auto& scratch = shared_->scratch;
  const ssize_t got = recv(fd_.get(), scratch.data(), scratch.size(), 0);
  if (got < 0 && errno == EAGAIN) return;
  if (got <= 0) {  // refused or not there yet
    fd_.reset();
    shared_->poller.wake(mono_nanos() + kMilli, *this);
    return;
  }
  got_ += static_cast<std::uint64_t>(got);
  if (wanted_ == 0) {
    constexpr std::size_t kFrameHeadMax = 10;
    head_.append(scratch.data(), static_cast<std::size_t>(got));
    const Unit answer = read_head(head_);
    if (answer.what != Unit::What::head || head_.size() < answer.consumed + kFrameHeadMax) return;
    if (answer.status != 101) {
      fd_.reset();
      shared_->poller.wake(mono_nanos() + kMilli, *this);
      return;
    }
    const auto byte = [&](std::size_t at) {
      return static_cast<std::uint64_t>(static_cast<std::uint8_t>(head_[answer.consumed + at]));
    };
    std::uint64_t length = byte(1) & 0x7FU;
    std::uint64_t head = 2;
    if (length >= 126) {
      const std::size_t size = length == 126 ? 2 : 8;
      length = 0;
      for (std::size_t i = 0; i < size; ++i) length = length << 8U | byte(2 + i);
      head += size;
    }
    wanted_ = answer.consumed + head + length;
  }
  if (got_ < wanted_) return;
  const std::uint64_t now = mono_nanos();
  shared_->baselines.add(now - began_);
  if (shared_->first_baseline_at == 0) shared_->first_baseline_at = now;
  shared_->baseline_bytes = wanted_;
  reset_connection(fd_);
  connect();
}

}  // namespace sb::load
