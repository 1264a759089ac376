#include <future>

#include "pacing_house.h"

// When GitHub is asked, and that what goes wrong there never becomes a statement.

namespace sb::github {
namespace {

using sb::testing::FakePullRequest;
using namespace std::chrono_literals;

TEST_F(PacingTest, S_57_SixtyPullRequestsTakeThreeRequestsARound) {
  constexpr int kCount = 60;
  House house(database(), server);
  for (int i = 0; i < kCount; ++i) {
    const std::string branch = "b" + std::to_string(i);
    repo.git({"worktree", "add", "-q", "--no-checkout", "-b", branch, (dir / branch).string()});
    const std::string at = push(branch);
    change(
        [&](auto& s) { s.repositories["acme/app"].push_back(pull_request(100 + i, branch, at)); });
    house.put(branch, common(), branch);
  }
  house.service.start();
  ASSERT_TRUE(house.wait([&] { return house.told.size() == kCount; }));
  settle(house);
  EXPECT_EQ(requests(), 3U);
  EXPECT_EQ(server.branches_asked, 60U);
  EXPECT_EQ(server.reviews_asked, 1U) << "the review count travels along";
  for (int i = 0; i < kCount; ++i) {
    EXPECT_EQ(house.shown("b" + std::to_string(i)),
              std::to_string(100 + i) + " OPEN SUCCESS clean");
  }
  change([](auto& s) {
    for (auto& pr : s.repositories["acme/app"]) pr.state = "MERGED";
  });
  pass(house, 65s);
  EXPECT_EQ(requests(), 6U) << "one more round within a minute";
  EXPECT_EQ(house.shown("b59"), "159 MERGED SUCCESS clean");
}

TEST_F(PacingTest, WhatRunsIsAskedForOftenAndWhatEndedSeldom) {
  House house(database(), server, [](GithubOptions& options) {
    options.review_interval = 24h;
    options.probe_interval = 24h;
  });
  one(house);
  auto pr = pull_request(7, "one", oid);
  pr.checks = {{{"build", "IN_PROGRESS", ""}}};
  set(pr);
  ASSERT_TRUE(house.refresh("w"));
  auto before = requests();
  pass(house, 61s);
  EXPECT_EQ(requests() - before, 3U);
  pr.state = "MERGED";
  set(pr);
  ASSERT_TRUE(house.refresh("w"));
  before = requests();
  pass(house, 140s);
  EXPECT_EQ(requests() - before, 0U);
  pass(house, 20s);
  EXPECT_EQ(requests() - before, 1U);
}

TEST_F(PacingTest, AMoveOfTheBranchAndAHintAreFollowedSoonAndOnce) {
  House house(database(), server, [](GithubOptions& options) { options.review_interval = 24h; });
  one(house);
  pass(house, 6s);
  auto before = requests();
  for (int i = 0; i < 10; ++i) house.service.moved(model::WorkspaceId("w"));
  pass(house, 2s);
  EXPECT_EQ(requests() - before, 1U);
  house.service.hint({{"", "Acme", "App"}, {7}, "", ""});
  house.service.hint({{"", "acme", "app"}, {}, oid, ""});
  house.service.hint({{"", "acme", "app"}, {}, "", "one"});
  house.service.hint({{"", "acme", "app"}, {8}, std::string(40, 'c'), "two"});
  pass(house, 6s);
  EXPECT_EQ(requests() - before, 2U);
}

TEST_F(PacingTest, S_31_IdleRefreshesHaveACoolDown) {
  House house(database(), server, [](GithubOptions& options) { options.review_interval = 24h; });
  one(house);
  pass(house, 1s);
  const auto before = requests();
  const model::WorkspaceId id("w");
  house.service.idle(id);
  house.service.idle(id);
  pass(house, 10s);
  EXPECT_EQ(requests() - before, 1U) << "at 0 s";
  house.service.idle(id);
  pass(house, 21s);
  EXPECT_EQ(requests() - before, 1U) << "not at 10 s";
  house.service.idle(id);
  pass(house, 1s);
  EXPECT_EQ(requests() - before, 2U) << "at 31 s";
}

TEST_F(PacingTest, S_114_AFailedRefreshDoesNotConsumeTheCoolDown) {
  House house(database(), server, [](GithubOptions& options) { options.review_interval = 24h; });
  one(house);
  change([](auto& s) { s.status = 502; });
  auto before = requests();
  house.service.idle(model::WorkspaceId("w"));
  pass(house, 1s);
  EXPECT_EQ(requests() - before, 1U);
  change([](auto& s) { s.status = 200; });
  pass(house, 6s);
  before = requests();
  house.service.idle(model::WorkspaceId("w"));
  pass(house, 1s);
  EXPECT_EQ(requests() - before, 1U);
}

TEST_F(PacingTest, S_114_ConcurrentFetchesOfOnePullRequestCollapse) {
  House house(database(), server);
  one(house);
  const auto before = requests();
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    house.service.refresh(model::WorkspaceId("w"), [&](const Result<void>& done) {
      EXPECT_TRUE(done);
      ++answered;
    });
    house.service.idle(model::WorkspaceId("w"));
    house.service.moved(model::WorkspaceId("w"));
  }
  ASSERT_TRUE(house.wait([&] { return answered == 20; }));
  settle(house);
  EXPECT_EQ(requests() - before, 1U);
}

TEST_F(PacingTest, FortyPercentOfTheRateLimitAreLeftToTheUser) {
  House house(database(), server);
  one(house);
  change([](auto& s) { s.remaining = 2000; });
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.service.health().state, Health::State::rate_limited);
  const auto before = requests();
  pass(house, 1790s);
  EXPECT_EQ(requests(), before) << "nothing of our own until the reset";
  EXPECT_EQ(house.shown("w"), "7 OPEN SUCCESS clean");
  ASSERT_TRUE(house.refresh("w")) << "the user may use the share that is theirs";
  change([](auto& s) { s.remaining = 4999; });
  pass(house, 1900s);
  EXPECT_EQ(house.service.health().state, Health::State::live);
  EXPECT_GT(requests(), before + 1);
}

TEST_F(PacingTest, AsTheLimitRunsShortEveryIntervalGrows) {
  House house(database(), server, [](GithubOptions& options) {
    options.review_interval = 24h;
    options.probe_interval = 24h;
  });
  one(house);
  struct Step {
    const char* state;
    std::int64_t remaining;  // of 5,000, of which 2,000 are the user's
    std::chrono::seconds interval;
  };
  for (const Step step :
       {Step{"OPEN", 4'999, 60s}, Step{"OPEN", 2'600, 120s}, Step{"OPEN", 2'200, 240s},
        Step{"MERGED", 4'999, 150s}, Step{"MERGED", 2'600, 300s}, Step{"MERGED", 2'200, 600s}}) {
    auto pr = pull_request(7, "one", oid);
    pr.state = step.state;
    set(pr);
    change([&](auto& s) { s.remaining = step.remaining; });
    ASSERT_TRUE(house.refresh("w"));
    const auto before = requests();
    pass(house, step.interval - 2s);
    EXPECT_EQ(requests(), before) << step.state << " " << step.remaining;
    pass(house, 4s);
    EXPECT_EQ(requests(), before + 1) << step.state << " " << step.remaining;
  }
}

TEST_F(PacingTest, ARefusalForTheRateLimitIsObeyedAndChangesNothing) {
  House house(database(), server);
  one(house);
  change([](auto& s) {
    s.status = 403;
    s.extra_headers = {{"Retry-After", "120"}};
  });
  const auto told = house.told.size();
  auto refused = house.refresh("w");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(house.service.health().state, Health::State::rate_limited);
  const auto before = requests();
  pass(house, 110s);
  EXPECT_FALSE(house.refresh("w")) << "not even for the user";
  EXPECT_EQ(requests(), before);
  EXPECT_EQ(house.told.size(), told);
  change([](auto& s) {
    s.status = 200;
    s.extra_headers.clear();
    s.graphql_error = "RATE_LIMITED";
  });
  pass(house, 30s);
  EXPECT_EQ(requests(), before + 1);
  EXPECT_EQ(house.service.health().state, Health::State::rate_limited);
  change([](auto& s) { s.graphql_error.clear(); });
  pass(house, 120s);
  EXPECT_EQ(house.service.health().state, Health::State::live);
  EXPECT_EQ(house.told.size(), told) << "nothing changed, so nothing was told";
}

TEST_F(PacingTest, ErrorsCutAnswersAndHangingServersChangeNothing) {
  House house(database(), server, [](GithubOptions& options) { options.request_timeout = 300ms; });
  one(house);
  const auto told = house.told.size();
  const auto expect_failure = [&](ErrorCode code) {
    const auto failed = house.refresh("w");
    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().code, code) << failed.error().message;
    EXPECT_EQ(house.service.health().state, Health::State::unreachable);
    EXPECT_EQ(house.shown("w"), "7 OPEN SUCCESS clean");
  };
  change([](auto& s) { s.status = 503; });
  expect_failure(ErrorCode::unavailable);
  change([](auto& s) {
    s.status = 200;
    s.cut = true;
  });
  expect_failure(ErrorCode::unavailable);
  change([](auto& s) {
    s.cut = false;
    s.hang = true;
  });
  expect_failure(ErrorCode::timeout);
  change([](auto& s) {
    s.hang = false;
    s.repositories.clear();
  });
  EXPECT_FALSE(house.refresh("w")) << "a repository that cannot be seen has no \"no pull request\"";
  change([](auto& s) {
    s.repositories["acme/app"];
    s.spoil_branch = "one";
  });
  EXPECT_FALSE(house.refresh("w")) << "an answer in part";
  EXPECT_EQ(house.told.size(), told);
  set(pull_request(7, "one", oid));
  change([](auto& s) { s.spoil_branch.clear(); });
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.service.health().state, Health::State::live);
}

TEST_F(PacingTest, S_33_FailuresAreRepeatedMoreAndMoreSlowly) {
  House house(database(), server);
  one(house);
  change([](auto& s) { s.status = 500; });
  const auto before = requests();
  pass(house, 1h);
  EXPECT_GE(requests() - before, 10U);
  EXPECT_LE(requests() - before, 25U);
  change([](auto& s) { s.status = 200; });
  pass(house, 301s);
  EXPECT_EQ(house.service.health().state, Health::State::live);
}

TEST_F(PacingTest, TheReviewCountIsToldWhenItChangedWithinItsInterval) {
  House house(database(), server);
  change([](auto& s) { s.review_count = 3; });
  one(house);
  EXPECT_EQ(house.review_counts, (std::vector<std::int64_t>{3}));
  pass(house, 300s);
  EXPECT_EQ(house.review_counts.size(), 1U);
  change([](auto& s) { s.review_count = 5; });
  pass(house, 61s);
  EXPECT_EQ(house.review_counts.back(), 5);
  change([](auto& s) { s.status = 500; });
  pass(house, 200s);
  EXPECT_EQ(house.review_counts.size(), 2U) << "an error is no count";
}

TEST_F(PacingTest, AConflictNotWorkedOutYetIsAskedForAgainSoon) {
  House house(database(), server, [](GithubOptions& options) { options.review_interval = 24h; });
  oid = pushed("one");
  auto pr = pull_request(7, "one", oid);
  pr.mergeable = "UNKNOWN";
  pr.merge_state = "UNKNOWN";
  set(pr);
  house.put("w", common(), "one");
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "7 OPEN SUCCESS ?");
  pr.mergeable = "CONFLICTING";
  set(pr);
  pass(house, 4s);
  EXPECT_EQ(house.shown("w"), "7 OPEN SUCCESS conflict");
}

TEST_F(PacingTest, S_119_ACommitWithoutChecksIsBelievedAfterAGrace) {
  House house(database(), server);
  oid = pushed("one");
  auto pr = pull_request(7, "one", oid);
  pr.checks.reset();
  set(pr);
  house.put("w", common(), "one");
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "7 OPEN UNKNOWN clean") << "they may not be registered yet";
  pass(house, 115s);
  EXPECT_EQ(house.shown("w"), "7 OPEN SUCCESS clean");
  pr.checks = {std::vector<sb::testing::FakeCheck>{}};
  pr.number = 8;
  set(pr);
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "8 OPEN SUCCESS clean") << "an empty roll-up is a success";
}

TEST_F(PacingTest, AHeldPullRequestBehindManyOthersOfItsBranchIsAskedForByNumber) {
  House house(database(), server);
  one(house);
  change([&](auto& s) {
    auto& all = s.repositories["acme/app"];
    for (int i = 0; i < 6; ++i) {
      auto other = pull_request(50 + i, "one", std::string(40, 'd'));
      other.head_owner = "stranger";
      all.insert(all.begin(), other);
    }
    all.back().review = "APPROVED";
  });
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "7 APPROVED SUCCESS clean");
  change([&](auto& s) { s.repositories["acme/app"].pop_back(); });
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "none") << "asked for by number, it is not there";
}

}  // namespace
}  // namespace sb::github
