#include "sb/process/output_readers.h"

#include <algorithm>
#include <utility>

namespace sb::process {

void OutputReaders::begun(std::shared_ptr<SupervisedRun> run) {
  run_ = std::move(run);
  await_more();
}

OutputPiece OutputReaders::piece(std::uint64_t from, std::size_t bytes_max) const {
  OutputPiece out{from, from, {}, ended_};
  if (!run_) return out;
  auto slice = run_->output(from, bytes_max);
  out.begin = slice.begin;
  out.end = slice.end;
  out.bytes = std::move(slice.bytes);
  out.over = ended_ && out.end >= slice.total;
  return out;
}

/// Asks to be called when anybody's output comes.
void OutputReaders::await_more() {
  if (!run_ || waiters_.empty()) return;
  const auto first =
      std::min_element(waiters_.begin(), waiters_.end(),
                       [](const auto& a, const auto& b) { return a->from < b->from; });
  run_->notify_beyond((*first)->from);
}

void OutputReaders::came() {
  std::vector<std::unique_ptr<Waiter>> waiting = std::exchange(waiters_, {});
  std::vector<std::pair<std::unique_ptr<Waiter>, OutputPiece>> served;
  for (auto& waiter : waiting) {
    OutputPiece out = piece(waiter->from, waiter->bytes_max);
    if (out.bytes.empty() && !out.over) {
      waiters_.push_back(std::move(waiter));
    } else {
      served.emplace_back(std::move(waiter), std::move(out));
    }
  }
  await_more();
  for (auto& [waiter, out] : served) {
    loop_.cancel(waiter->timer);
    waiter->done(std::move(out));
  }
}

void OutputReaders::read(std::uint64_t from, std::size_t bytes_max, std::chrono::milliseconds wait,
                         std::function<void(OutputPiece)> done) {
  OutputPiece out = piece(from, bytes_max);
  if (!out.bytes.empty() || out.over || wait.count() <= 0 || waiters_.size() >= kWaitersMax) {
    return done(std::move(out));
  }
  auto waiter = std::make_unique<Waiter>();
  waiter->from = from;
  waiter->bytes_max = bytes_max;
  waiter->done = std::move(done);
  waiter->timer = loop_.after(wait, [weak = weak_from_this(), late = waiter.get()] {
    if (const auto self = weak.lock()) self->timed_out(late);
  });
  waiters_.push_back(std::move(waiter));
  await_more();
}

void OutputReaders::timed_out(const Waiter* late) {
  const auto held = std::find_if(waiters_.begin(), waiters_.end(),
                                 [late](const auto& one) { return one.get() == late; });
  if (held == waiters_.end()) return;
  const std::unique_ptr<Waiter> taken = std::move(*held);
  waiters_.erase(held);
  taken->done(piece(taken->from, taken->bytes_max));
}

void OutputReaders::stop() {
  for (const auto& waiter : waiters_) loop_.cancel(waiter->timer);
  waiters_.clear();
}

}  // namespace sb::process
