#include <gtest/gtest.h>
// Needs gtest first.
#include <rapidcheck/gtest.h>

#include "machine/step.h"
#include "machine/store_machine.h"

// The store as a state machine: whatever it is told, after every command it shows what the naive
// oracle shows, and what it tells its readers ends there.

namespace sb::snapshot {
namespace {

RC_GTEST_PROP(StoreMachine, ShowsWhatTheOracleShowsAfterEveryCommand, ()) {
  run_steps(*any_steps(), Limits{});
}

RC_GTEST_PROP(StoreMachine, ShowsWhatTheOracleShowsAfterEveryCommandWithoutRoom, ()) {
  run_steps(*any_steps(), narrow_limits());
}

}  // namespace
}  // namespace sb::snapshot
