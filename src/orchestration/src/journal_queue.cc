#include "journal_queue.h"

#include <utility>

namespace sb::orchestration {

void JournalQueue::add(JournalStep step, Done done) {
  if (step.empty() && !writing_ && gathered_.done.empty() && failed_.step.empty()) return done({});
  const std::size_t rows = step.row_count() + step.forget.size() + step.epochs.size();
  waiting_ += rows;
  gathered_.rows += rows;
  gathered_.step.append(std::move(step));
  gathered_.done.push_back(std::move(done));
  if (writing_ || gathering_ != 0) return;
  // Behind what this step moved in the view: readers are told first, also where the database thread
  // runs on the same core.
  writing_ = true;
  loop_.post([weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self && !self->gathered_.done.empty()) self->write();
  });
}

void JournalQueue::retry(Done done) {
  trial_ = true;
  gathered_.done.push_back(std::move(done));
  if (!writing_ && gathering_ == 0) write();
}

void JournalQueue::stop() {
  if (gathering_ != 0) loop_.cancel(std::exchange(gathering_, 0));
  if (!gathered_.done.empty() || !failed_.step.empty()) write();
  journal_.fold();
}

void JournalQueue::write() {
  writing_ = true;
  gathering_ = loop_.after(kGather, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (!self) return;
    self->gathering_ = 0;
    if (!self->writing_ && !self->gathered_.done.empty()) self->write();
  });
  const auto commit = std::make_shared<Commit>(std::exchange(failed_, {}));
  commit->step.append(std::move(gathered_.step));
  commit->done = std::move(gathered_.done);
  commit->rows += std::exchange(gathered_, {}).rows;
  if (!std::exchange(trial_, false) && commit->step.empty()) return finish(commit->done, {});
  journal_.write([commit] { return commit->step.batch(); },
                 [weak = weak_from_this(), commit](const Result<void>& result) {
                   if (const auto self = weak.lock()) self->written(*commit, result);
                 });
}

void JournalQueue::written(Commit& commit, const Result<void>& result) {
  std::vector<Done> done = std::exchange(commit.done, {});
  if (result) {
    waiting_ -= commit.rows;
    if (std::exchange(failing_, false)) log_.info("journal written again", {});
  } else {
    failed_ = std::move(commit);
    if (!std::exchange(failing_, true)) {
      log_.error("journal write failed", {kv("reason", result.error().message)});
    }
  }
  finish(std::move(done), result);
}

void JournalQueue::finish(const std::vector<Done>& done, const Result<void>& result) {
  writing_ = false;
  for (const Done& one : done) one(result);
  if (!writing_ && gathering_ == 0 && !gathered_.done.empty()) write();
}

}  // namespace sb::orchestration
