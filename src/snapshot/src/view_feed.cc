#include "sb/snapshot/view_feed.h"

#include <algorithm>
#include <utility>

#include "sb/core/check.h"
#include "sb/core/mutant.h"

namespace sb::snapshot {
namespace {

// `pulse`: of the one project of the view; null when it is of all, or of none that is there.
Revision last_shown(const Store& store, const View& view, const ProjectPulse* pulse) {
  if (pulse == nullptr) return store.head();
  return std::max(view.shows_hidden() ? pulse->last : pulse->head, store.review_count_revision());
}

}  // namespace

ViewFeed::ViewFeed(ViewEncoder& encoder, View view, bool patches)
    : encoder_(&encoder),
      view_(std::move(view)),
      patches_(patches),
      pulse_(encoder.store()),
      epoch_(encoder.store().epoch_number()) {}

std::optional<ResetReason> ViewFeed::resume(std::string_view text) {
  const Store& store = encoder_->store();
  const auto cursor = decode_cursor(text);
  if (!cursor) return ResetReason::initial;
  if (cursor->epoch != store.epoch() && !SB_MUTANT(epoch_ignored)) return ResetReason::epoch;
  if (cursor->view_hash != view_.hash()) return ResetReason::view;
  if (cursor->revision > store.head()) return ResetReason::initial;
  const Position position{cursor->revision, cursor->complete, cursor->within};
  if (position.covered() < floor() && !SB_MUTANT(floor_unchecked_on_resume)) {
    return ResetReason::compacted;
  }
  position_ = position;
  if (SB_MUTANT(floor_unchecked_on_resume)) {
    position_.revision = std::max(position_.revision, floor());
  }
  reset_.reset();
  answer_.reset();
  return std::nullopt;
}

void ViewFeed::restart(ResetReason reason) {
  reset_ = reason;
  answer_.reset();
  next_ = 0;
}

const ProjectPulse* ViewFeed::pulse() {
  return view_.project() != nullptr ? pulse_.get(*view_.project()) : nullptr;
}

bool ViewFeed::project_gone() {
  return view_.project() != nullptr && pulse() == nullptr;
}

ViewFeed::Due ViewFeed::look() {
  if (epoch_ != encoder_->store().epoch_number()) {  // what was told has no place in the new epoch
    epoch_ = encoder_->store().epoch_number();
    restart(ResetReason::epoch);
  }
  if (next_ != 0) return {.batch = true, .urgent = true};
  // A lagging live reader can fall below the floor as well.
  const bool fell = position_.covered() < floor() && !SB_MUTANT(floor_unchecked_live);
  if (!reset_ && fell) reset_ = ResetReason::compacted;
  if (!reset_ && position_.complete &&
      last_shown(encoder_->store(), view_, pulse()) <= position_.revision) {
    answer_.reset();
    return {};
  }
  answer_ = encoder_->answer(view_, reset_ ? std::nullopt : std::optional(position_), patches_);
  if (answer_->reset()) {
    if (!reset_) reset_ = ResetReason::compacted;  // the whole view is cheaper than what is missing
    return {.batch = true, .urgent = true};
  }
  if (SB_MUTANT(mark_overtakes) && position_.complete && !answer_->urgent) return {.unseen = true};
  if (!answer_->ops.empty() || !position_.complete)
    return {.batch = true, .urgent = answer_->urgent};
  const bool counted = answer_->review_count.has_value();
  return {.review_count = counted, .unseen = !counted};
}

bool ViewFeed::is_at_head() const {
  const Store& store = encoder_->store();
  return next_ == 0 && !reset_ && position_.complete && position_.revision == store.head() &&
         epoch_ == store.epoch_number();
}

std::shared_ptr<const MessageBatch> ViewFeed::next(std::uint64_t view_seq) {
  SB_CHECK(answer_ != nullptr, "ViewFeed::next without a look that found a batch");
  auto text = encoder_->text(answer_, next_, view_seq, reset_);
  position_ = answer_->after(next_);
  ++next_;
  if (position_.complete) {
    answer_.reset();
    next_ = 0;
    reset_.reset();
  }
  return text;
}

void ViewFeed::skip_to_head() {
  SB_CHECK(next_ == 0 && position_.complete && !reset_, "ViewFeed: something is still missing");
  position_.revision = encoder_->store().head();
  answer_.reset();
}

// Of a project that is not there nothing can be continued.
Revision ViewFeed::floor() {
  const Store& store = encoder_->store();
  if (view_.project() == nullptr) return store.floor();
  const ProjectPulse* const held = pulse();
  return held != nullptr ? held->floor : store.head();
}

Revision last_revision(const Store& store, const View& view) {
  const auto pulse = view.project() != nullptr ? store.pulse(*view.project()) : nullptr;
  const Revision last = last_shown(store, view, pulse.get());
  // A project that was removed and is there again began anew, whatever it shows.
  return pulse != nullptr ? std::max(last, pulse->floor) : last;
}

}  // namespace sb::snapshot
