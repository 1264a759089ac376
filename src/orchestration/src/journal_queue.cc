#include "journal_queue.h"

#include <algorithm>
#include <utility>

namespace sb::orchestration {

void JournalQueue::add(JournalStep step, Done done) {
  if (step.empty() && !writing_ && gathered_.done.empty() && failed_.step.empty()) return done({});
  const std::size_t rows = step.row_count();
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

void JournalQueue::stop() {
  if (gathering_ != 0) loop_.cancel(std::exchange(gathering_, 0));
  if (!gathered_.done.empty()) write();
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
  commit->rows = std::exchange(gathered_, {}).rows;
  journal_.write([commit] { return commit->step.batch(); },
                 [weak = weak_from_this(), commit](const Result<void>& result) {
                   if (const auto self = weak.lock()) self->written(*commit, result);
                 });
}

void JournalQueue::written(Commit& commit, const Result<void>& result) {
  writing_ = false;
  waiting_ -= commit.rows;
  if (!result) keep(commit, result.error());
  for (const Done& done : commit.done) done(result);
  if (!writing_ && gathering_ == 0 && !gathered_.done.empty()) write();
}

void JournalQueue::keep(Commit& commit, const Error& error) {
  log_.error("journal write failed", {kv("reason", error.message)});
  auto& [said, forget, epochs] = failed_.step;
  failed_.step.append(std::move(commit.step));
  std::size_t rows = 0;
  const auto beyond = std::find_if(said.begin(), said.end(), [&](const JournalStatement& one) {
    return (rows += one.row_count()) > rows_max_;
  });
  said.erase(beyond, said.end());
  // What is not forgotten is found to belong to nobody at the next start.
  if (forget.size() > rows_max_) forget.resize(rows_max_);
  if (epochs.size() > rows_max_) epochs.resize(rows_max_);
}

}  // namespace sb::orchestration
