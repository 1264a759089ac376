#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "sb/core/json_codec.h"
#include "sb/core/mutant.h"

#include "machine/step.h"
#include "machine/store_machine.h"

// The state machine of the store is alive: with a deliberate fault compiled in and switched on it
// fails, and what it fails with shrinks to a few commands. The seeds are fixed.

namespace sb::snapshot {
namespace {

constexpr std::uint64_t kSeed = 1;
constexpr int kRunsMax = 2'000;          // lists of commands tried
constexpr int kSizeMax = 100;            // commands of a list
constexpr std::size_t kFewCommands = 8;  // what is left after shrinking, at most

/// The smallest list of commands that failed; nothing when none did.
std::optional<std::vector<Step>> failing_steps(int runs) {
  std::optional<std::vector<Step>> smallest;
  rc::detail::TestParams params;
  params.seed = kSeed;
  params.maxSuccess = runs;
  params.maxSize = kSizeMax;
  rc::detail::checkTestable(
      [&] {
        const auto steps = *any_steps();
        smallest = steps;
        run_steps(steps, Limits{});
        smallest.reset();
      },
      rc::detail::TestMetadata{}, params);
  return smallest;
}

class StoreMutants : public ::testing::TestWithParam<Mutant> {
 protected:
  void TearDown() override { active_mutant = Mutant::none; }
};

TEST_P(StoreMutants, AreNoticedWithinAFewCommands) {
  active_mutant = GetParam();
  const auto steps = failing_steps(kRunsMax);
  ASSERT_TRUE(steps) << enum_text(GetParam()) << " is not noticed";
  EXPECT_LE(steps->size(), kFewCommands) << rc::toString(*steps);
}

INSTANTIATE_TEST_SUITE_P(OfTheStore, StoreMutants,
                         ::testing::Values(Mutant::unfenced_absence,
                                           Mutant::tombstone_without_version,
                                           Mutant::tombstone_expires_during_read,
                                           Mutant::equal_stamp_accepted, Mutant::old_epoch_accepted,
                                           Mutant::recreate_keeps_filter_revision),
                         [](const auto& of) { return std::string(enum_text(of.param)); });

TEST(StoreWithoutFault, PassesWithTheSameSeed) {
  EXPECT_FALSE(failing_steps(100));
}

}  // namespace
}  // namespace sb::snapshot
