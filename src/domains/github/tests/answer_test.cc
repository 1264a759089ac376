#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sb/testing/temp_dir.h"

#include "question.h"

namespace sb::github {
namespace {

/// GitHub's documented answer, told of one repository by branch and by number, under the names this
/// program gives them: the branch `b0` has a pull request, `b1` none, and there is no number 7.
std::string documented(std::string_view branch) {
  std::string text = sb::testing::read_file(std::string(SB_SOURCE_DIR) +
                                            "/src/domains/github/tests/fixtures/graphql-pr.json");
  const auto rename = [&](std::string_view from, std::string_view to) {
    const std::string quoted = "\"" + std::string(from) + "\"";
    for (auto at = text.find(quoted); at != std::string::npos; at = text.find(quoted, at + 1)) {
      text.replace(at, quoted.size(), "\"" + std::string(to) + "\"");
    }
  };
  rename("repository", "r0");
  rename(branch, "byBranch");
  rename("p7", "byNumber");
  return text;
}

const Lookup kLookup{{"github.com", "acme", "app"}, "feature/auth", 7};

TEST(Answer, ReadsTheDocumentedPullRequest) {
  const auto answer = read_answer(documented("b0"), std::vector{kLookup});
  ASSERT_TRUE(answer) << answer.error().message;
  ASSERT_EQ(answer->found.size(), 1U);
  EXPECT_EQ(answer->found[0].kind, Found::Kind::answered);
  ASSERT_EQ(answer->found[0].pull_requests.size(), 1U);
  const PullRequest& pr = answer->found[0].pull_requests[0];
  EXPECT_EQ(pr.number, 42);
  EXPECT_EQ(pr.url, "https://github.com/acme/app/pull/42");
  EXPECT_EQ(pr.state, model::PrState::OPEN);
  EXPECT_EQ(pr.ci, model::CiStatus::PENDING) << "one of two checks runs";
  EXPECT_FALSE(pr.without_checks);
  EXPECT_EQ(pr.conflict, false);
  EXPECT_EQ(pr.review, "REVIEW_REQUIRED");
  EXPECT_EQ(pr.head_branch, "feature/auth");
  EXPECT_EQ(pr.head_commit, std::string(40, '2'));
  EXPECT_EQ(pr.head_owner, "acme");
  ASSERT_TRUE(answer->rate);
  EXPECT_EQ(answer->rate->limit, 5000);
  EXPECT_EQ(answer->rate->remaining, 4987);
  EXPECT_FALSE(answer->rate_limited);
}

TEST(Answer, NoPullRequestOfTheBranchIsAnAnswer) {
  const auto answer = read_answer(documented("b1"), std::vector{kLookup});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->found[0].kind, Found::Kind::answered);
  EXPECT_TRUE(answer->found[0].pull_requests.empty());
}

}  // namespace
}  // namespace sb::github
