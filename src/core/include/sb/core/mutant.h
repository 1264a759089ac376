#pragma once

// Deliberate faults, one per rule that keeps the view right. They exist in one build only, the one
// in which the simulator shows that its checkers notice each of them (sim/README.md); everywhere
// else `SB_MUTANT(x)` is the constant false and costs nothing.

#ifdef SB_MUTANTS

#include <boost/describe.hpp>

namespace sb {

// clang-format off
#define SB_MUTANT_NAMES                                                                             \
  none, unfenced_absence, fence_at_cycle, stamp_on_flush, tombstone_without_version,                \
  tombstone_expires_during_read, equal_stamp_accepted, patch_after_prefix, no_del_when_incomplete,  \
  floor_unchecked_on_resume, floor_unchecked_live, epoch_ignored, recreate_keeps_filter_revision,   \
  mark_overtakes, cursor_saved_before_state, null_as_delete, composed_patches,                      \
  debounce_without_maximum, dropped_ignored, served_before_ready, old_epoch_accepted, reset_cached
// clang-format on
enum class Mutant { SB_MUTANT_NAMES };
BOOST_DESCRIBE_ENUM(Mutant, SB_MUTANT_NAMES)
#undef SB_MUTANT_NAMES

/// The fault that is on in this process.
inline Mutant active_mutant = Mutant::none;

}  // namespace sb

#define SB_MUTANT(name) (::sb::active_mutant == ::sb::Mutant::name)

#else

#define SB_MUTANT(name) false

#endif
