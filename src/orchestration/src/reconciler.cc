#include "sb/orchestration/reconciler.h"

#include "sb/core/check.h"

namespace sb::orchestration {

std::chrono::nanoseconds Reconciler::pause() {
  const double spread = static_cast<double>(random_->next() % 2'001) / 1'000.0 - 1.0;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(options_.interval *
                                                              (1.0 + options_.jitter * spread));
}

bool Reconciler::begin(std::size_t parts, MonoTime now) {
  if (running()) return false;
  parts_ = 1 + parts;
  again_ = false;
  began_ = now;
  return true;
}

bool Reconciler::read_again(bool rejected) {
  if (!rejected || again_) return false;
  again_ = true;
  return true;
}

std::optional<std::chrono::nanoseconds> Reconciler::end_part(MonoTime now) {
  SB_CHECK(running(), "a part ended outside of a pass");
  if (--parts_ != 0) return std::nullopt;
  return now - began_;
}

}  // namespace sb::orchestration
