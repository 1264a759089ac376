#include "publisher.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sb::load {
namespace {

constexpr std::size_t kConnectionsMax = 64;
constexpr std::uint64_t kPauseAfterFailure = 50'000'000;  // nanoseconds

}  // namespace

class Publisher::Connection final : public Watched {
 public:
  Connection(Publisher& owner, Shared& shared) : owner_(&owner), shared_(&shared) {}

  void post(EventBatch batch) {
    batch_ = std::move(batch);
    out_ = post_request(shared_->request("/api/events"), batch_.body);
    sent_ = 0;
    in_.clear();
    if (fd_.open()) return write();
    fd_ = UniqueFd(connect_to(shared_->options.host, shared_->options.port));
    if (!fd_.open()) return fail();
    shared_->poller.watch(fd_.get(), *this, EPOLLIN | EPOLLOUT);
    wants_out_ = true;
  }

  void on_ready(std::uint32_t events) override {
    if (events == 0) {  // the pause is over
      owner_->idle_.push_back(this);
      owner_->next();
      return;
    }
    if (out_.empty()) {
      if (fd_.open() && (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) fd_.reset();
      return;
    }
    if ((events & EPOLLERR) != 0) return fail();
    if ((events & EPOLLOUT) != 0 && sent_ < out_.size()) write();
    if ((events & EPOLLIN) != 0) read();
  }

 private:
  void write() {
    const ssize_t count = send(fd_.get(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN) return fail();
    sent_ += count > 0 ? static_cast<std::size_t>(count) : 0;
    const bool want_out = sent_ < out_.size();
    if (want_out == wants_out_) return;
    wants_out_ = want_out;
    shared_->poller.change(fd_.get(), *this, want_out ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  void read() {
    char bytes[4096];
    const ssize_t count = recv(fd_.get(), bytes, sizeof bytes, 0);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return fail();
    in_.append(bytes, static_cast<std::size_t>(count));
    const Unit answer = read_answer(in_);
    if (answer.what == Unit::What::need_more) return;
    if (answer.what != Unit::What::head) return fail();
    out_.clear();
    owner_->idle_.push_back(this);
    owner_->done(std::exchange(batch_, {}), answer);
  }

  void fail() {
    fd_.reset();
    out_.clear();
    shared_->poller.wake(mono_nanos() + kPauseAfterFailure, *this);
    owner_->again(std::exchange(batch_, {}));
  }

  Publisher* owner_;
  Shared* shared_;
  UniqueFd fd_;
  EventBatch batch_;
  std::string out_;
  std::size_t sent_ = 0;
  std::string in_;
  bool wants_out_ = false;
};

Publisher::Publisher(Shared& shared) : shared_(&shared) {}
Publisher::~Publisher() = default;

void Publisher::submit(EventBatch batch) {
  queue_.push_back(std::move(batch));
  next();
}

void Publisher::next() {
  while (!queue_.empty()) {
    if (idle_.empty()) {
      if (connections_.size() >= kConnectionsMax) return;
      connections_.push_back(std::make_unique<Connection>(*this, *shared_));
      idle_.push_back(connections_.back().get());
    }
    Connection* const connection = idle_.back();
    idle_.pop_back();
    EventBatch batch = std::move(queue_.front());
    queue_.pop_front();
    ++busy_;
    connection->post(std::move(batch));
  }
}

void Publisher::done(EventBatch batch, const Unit& answer) {
  --busy_;
  if (answer.status == 429 || answer.status == 503) {
    ++repeated_;
    queue_.push_back(std::move(batch));
    return next();
  }
  if (answer.status != 200 || answer.payload.find("\"rejected\":[{") != std::string_view::npos) {
    shared_->findings.violation("events refused: " + std::string(answer.payload.substr(0, 300)));
  }
  accepted_ += batch.events;
  for (const auto& [workspace, mark] : batch.marked) {
    if (confirmed_.size() <= workspace) confirmed_.resize(workspace + 1);
    confirmed_[workspace] = std::max(confirmed_[workspace], mark);
  }
  next();
}

void Publisher::again(EventBatch batch) {
  --busy_;
  ++repeated_;
  queue_.push_front(std::move(batch));
}

}  // namespace sb::load
