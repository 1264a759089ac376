#include "revision_waits.h"

#include <algorithm>
#include <utility>

namespace sb::transport {

RevisionWaits::~RevisionWaits() {
  for (const auto& wait : waits_) loop_.cancel(wait->timer);
}

void RevisionWaits::wait(snapshot::Revision revision, std::chrono::milliseconds limit,
                         std::function<void(bool)> done) {
  if (store_.head() >= revision || limit.count() <= 0) {
    done(store_.head() >= revision);
    return;
  }
  auto wait = std::make_unique<Wait>(Wait{revision, store_.epoch_number(), 0, std::move(done)});
  wait->timer = loop_.after(limit, [this, raw = wait.get()] {
    const auto at = std::find_if(waits_.begin(), waits_.end(),
                                 [&](const auto& held) { return held.get() == raw; });
    const auto expired = std::move(*at);
    waits_.erase(at);
    expired->done(false);
  });
  waits_.push_back(std::move(wait));
}

void RevisionWaits::check() {
  if (waits_.empty()) return;
  std::vector<std::unique_ptr<Wait>> due;
  std::erase_if(waits_, [&](auto& wait) {
    if (wait->revision > store_.head() && wait->epoch == store_.epoch_number()) return false;
    due.push_back(std::move(wait));
    return true;
  });
  for (const auto& wait : due) {
    loop_.cancel(wait->timer);
    wait->done(true);
  }
}

void RevisionWaits::give_up() {
  for (const auto& wait : std::exchange(waits_, {})) {
    loop_.cancel(wait->timer);
    wait->done(false);
  }
}

}  // namespace sb::transport
