#include "sb/github/pr_rules.h"

#include <gtest/gtest.h>

#include "sb/testing/vectors.h"

namespace sb::github {
namespace {

TEST(PrRules, S_119_PrStateAgreesWithEveryVector) {
  const auto rows = testing_support::for_each_vector(
      "pr_state.jsonl", [](const JsonValue& row, const std::string& where) {
        const auto input = from_json<PrStateInput>(*row.find("input"), "$.input");
        ASSERT_TRUE(input) << where << input.error().message;
        EXPECT_EQ(enum_text(pr_state(*input)), *row.find("prState")->as_string()) << where;
      });
  EXPECT_EQ(rows, 30U);
}

TEST(PrRules, S_119_CiStatusAgreesWithEveryVector) {
  const auto rows = testing_support::for_each_vector(
      "ci_status.jsonl", [](const JsonValue& row, const std::string& where) {
        const auto checks =
            from_json<std::optional<std::vector<Check>>>(*row.find("checks"), "$.checks");
        ASSERT_TRUE(checks) << where << checks.error().path << checks.error().message;
        EXPECT_EQ(enum_text(ci_status(*checks)), *row.find("ciStatus")->as_string()) << where;
      });
  EXPECT_EQ(rows, 600U);
}

}  // namespace
}  // namespace sb::github
