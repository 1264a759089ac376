#include <future>

#include "sb/github/github_service.h"

#include "service_house.h"

namespace sb::github {
namespace {

using sb::testing::FakeCheck;
using sb::testing::FakePullRequest;
using namespace std::chrono_literals;

FakePullRequest pull_request(std::int64_t number, const std::string& branch,
                             const std::string& oid) {
  FakePullRequest pr;
  pr.number = number;
  pr.head_branch = branch;
  pr.head_oid = oid;
  return pr;
}

TEST_F(ServiceTest, APullRequestIsFollowedThroughItsWholeLife) {
  auto pr = pull_request(7, "one", pushed("one"));
  House house(database(), server);
  house.put("w", common(), "one");
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "none");
  const auto see = [&](const std::string& expected) {
    set(pr);
    ASSERT_TRUE(house.refresh("w"));
    EXPECT_EQ(house.shown("w"), expected);
  };
  pr.checks = {{{"build", "IN_PROGRESS", ""}}};
  see("7 OPEN PENDING clean");
  pr.draft = true;
  pr.review = "CHANGES_REQUESTED";
  see("7 DRAFT PENDING clean");
  EXPECT_EQ(house.last("w")->review, "CHANGES_REQUESTED") << "a draft hides it in the state only";
  pr.draft = false;
  see("7 CHANGES_REQUESTED PENDING clean");
  pr.review = "APPROVED";
  pr.checks = {{{"build", "COMPLETED", "FAILURE"}}};
  see("7 APPROVED FAILURE clean");
  pr.checks = {{{"build", "COMPLETED", "FAILURE"}, {"build", "COMPLETED", "SUCCESS"}}};
  see("7 APPROVED SUCCESS clean");
  pr.merge_state = "DIRTY";
  pr.mergeable = "CONFLICTING";
  see("7 APPROVED SUCCESS conflict");
  pr.merge_state = "UNKNOWN";
  pr.mergeable = "UNKNOWN";
  see("7 APPROVED SUCCESS conflict");
  pr.merge_state = "CLEAN";
  pr.mergeable = "MERGEABLE";
  see("7 APPROVED SUCCESS clean");
  pr.state = "CLOSED";
  see("7 CLOSED SUCCESS clean");
  pr.state = "OPEN";
  see("7 APPROVED SUCCESS clean");
  pr.state = "MERGED";
  see("7 MERGED SUCCESS clean");
  pr = pull_request(8, "one", pr.head_oid);
  pr.mergeable = "UNKNOWN";
  pr.merge_state = "UNKNOWN";
  see("8 OPEN SUCCESS ?");
  EXPECT_EQ(house.last("w")->review, std::nullopt);
}

TEST_F(ServiceTest, AReusedBranchNameDoesNotPickUpAnOldPullRequest) {
  const std::string oid = pushed("fix");
  auto old = pull_request(3, "fix", std::string(40, 'a'));
  old.state = "MERGED";
  set(old);
  House house(database(), server);
  house.put("w", common(), "fix");
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "none");
  old.head_oid = oid;
  set(old);
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "3 MERGED SUCCESS clean");
  repo.commit("new.txt", "new work\n", "new work", dir / "fix");
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "none") << "work went on after the merge";
}

TEST_F(ServiceTest, AnOpenPullRequestOfSomebodyElsesBranchOfTheSameNameIsNotOurs) {
  repo.add_worktree("../fix", "fix");
  auto pr = pull_request(4, "fix", std::string(40, 'b'));
  House house(database(), server);
  house.put("w", common(), "fix");
  house.service.start();
  set(pr);
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "none") << "never pushed, never fetched, another commit";
  push("fix");
  pr.head_owner = "stranger";
  set(pr);
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "none") << "the branch of another fork";
  pr.head_owner = "ACME";
  set(pr);
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "4 OPEN SUCCESS clean") << "somebody pushed to our branch";
}

TEST_F(ServiceTest, AForkFindsItsPullRequestInTheUpstreamRepository) {
  repo.git({"remote", "set-url", "origin", "https://github.com/me/app"});
  const std::string oid = pushed("topic");
  auto pr = pull_request(5, "topic", oid);
  pr.head_owner = "me";
  set(pr);
  {
    const auto lock = server.lock();
    server.repositories["me/app"];
    server.parent = "acme/app";
  }
  House house(database(), server);
  house.put("w", common(), "topic");
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "5 OPEN SUCCESS clean") << "found through the parent";
  EXPECT_EQ(house.last("w")->repository.owner, "acme");
  repo.git({"remote", "add", "upstream", "https://github.com/acme/app"});
  {
    const auto lock = server.lock();
    server.parent.clear();
  }
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "5 OPEN SUCCESS clean") << "found through a remote";
}

TEST_F(ServiceTest, ABranchSwitchMakesTheOldPullRequestUnknownAndFindsTheNewOne) {
  const std::string oid = pushed("one");
  set(pull_request(7, "one", oid));
  House house(database(), server);
  house.put("w", common(), "one");
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  ASSERT_EQ(house.shown("w"), "7 OPEN SUCCESS clean");
  sb::testing::git(dir / "one", {"checkout", "-q", "-b", "two"});
  house.told.clear();
  ASSERT_TRUE(house.refresh("w"));
  ASSERT_EQ(house.told.size(), 2U);
  EXPECT_FALSE(house.told[0].observed);
  EXPECT_EQ(house.told[0].number, std::nullopt);
  EXPECT_EQ(house.shown("w"), "none");
  sb::testing::git(dir / "one", {"checkout", "-q", "one"});
  {
    const auto lock = server.lock();
    server.status = 502;
  }
  EXPECT_FALSE(house.refresh("w"));
  EXPECT_TRUE(house.wait([&] { return house.shown("w") == "unknown"; }))
      << "not \"none\": nobody knows";
}

TEST_F(ServiceTest, ARepositoryElsewhereIsNotAsked) {
  repo.git({"remote", "set-url", "origin", "https://gitlab.com/acme/app.git"});
  House house(database(), server);
  house.put("w", common());
  house.service.start();
  const auto refreshed = house.refresh("w");
  ASSERT_FALSE(refreshed);
  EXPECT_EQ(refreshed.error().code, ErrorCode::not_found);
  EXPECT_TRUE(house.told.empty()) << "others may speak of its pull requests";
  EXPECT_EQ(server.requests, 0U) << "and no token leaves for a host nobody named";
  EXPECT_EQ(house.service.health().state, Health::State::live);
}

TEST_F(ServiceTest, AnEnterpriseHostGetsItsOwnToken) {
  repo.git({"remote", "set-url", "origin", "git@git.corp.example:acme/app.git"});
  set(pull_request(9, "main", repo.git({"rev-parse", "HEAD"})));
  {
    const auto lock = server.lock();
    server.token = "enterprise";
  }
  House house(database(), server, [](GithubOptions& options) {
    options.hosts = {"git.corp.example"};
    options.enterprise_token = "enterprise";
  });
  house.put("w", common());
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "9 OPEN SUCCESS clean");
}

TEST_F(ServiceTest, WithoutATokenTheSourceSaysSoAndAPersonCanTryAgain) {
  pushed("one");
  House house(database(), server, [](GithubOptions& options) { options.token.clear(); });
  house.put("w", common(), "one");
  house.service.start();
  const auto refreshed = house.refresh("w");
  ASSERT_FALSE(refreshed);
  EXPECT_EQ(refreshed.error().code, ErrorCode::unavailable);
  EXPECT_EQ(house.service.health().state, Health::State::unknown);
  EXPECT_NE(house.service.health().detail.find("gh auth login"), std::string::npos);
  EXPECT_EQ(server.requests, 0U);
}

TEST_F(ServiceTest, TheTokenOfGhIsUsedAndAskedForAgainWhenItIsRefused) {
  const std::string oid = pushed("one");
  set(pull_request(7, "one", oid));
  const auto gh = dir / "gh";
  sb::testing::write_file(gh, "#!/bin/sh\ncat " + (dir / "token").string() + "\n");
  std::filesystem::permissions(gh, std::filesystem::perms::owner_all);
  sb::testing::write_file(dir / "token", "old\n");
  {
    const auto lock = server.lock();
    server.token = "old";
  }
  House house(database(), server, [&](GithubOptions& options) {
    options.token.clear();
    options.gh_program = gh.string();
  });
  house.put("w", common(), "one");
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  sb::testing::write_file(dir / "token", "new\n");
  {
    const auto lock = server.lock();
    server.token = "new";
  }
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.processes.spawned(), 2U) << "at start and after the refusal only";
}

TEST_F(ServiceTest, AFailedWriteTellsNothing) {
  const std::string oid = pushed("one");
  set(pull_request(7, "one", oid));
  House house(database(), server);
  ASSERT_TRUE(house.writer.run([](sqlite::Database& held) {
    return held.execute(
        "CREATE TRIGGER no BEFORE INSERT ON pull_request BEGIN"
        " SELECT raise(ABORT, 'disk full'); END");
  }));
  house.put("w", common(), "one");
  house.service.start();
  EXPECT_FALSE(house.refresh("w"));
  EXPECT_TRUE(house.told.empty());
  ASSERT_TRUE(
      house.writer.run([](sqlite::Database& held) { return held.execute("DROP TRIGGER no"); }));
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "7 OPEN SUCCESS clean");
}

TEST_F(ServiceTest, ALostCompareAndSetTellsNothingAndLearnsWhatIsHeld) {
  auto pr = pull_request(7, "one", pushed("one"));
  set(pr);
  House house(database(), server);
  house.put("w", common(), "one");
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  ASSERT_TRUE(house.writer.run([](sqlite::Database& held) {
    return held.execute("UPDATE pull_request SET stamp = stamp + 1000000, ci = 'PENDING'");
  }));
  house.told.clear();
  pr.state = "MERGED";
  set(pr);
  const auto lost = house.refresh("w");
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, ErrorCode::conflict);
  EXPECT_TRUE(house.told.empty());
  house.counter.raise(2'000'000);
  ASSERT_TRUE(house.refresh("w"));
  EXPECT_EQ(house.shown("w"), "7 MERGED SUCCESS clean");
}

TEST_F(ServiceTest, WhileACommitIsHeldOpenNothingIsTold) {
  const std::string oid = pushed("one");
  set(pull_request(7, "one", oid));
  House house(database(), server);
  std::promise<void> held;
  std::promise<void> release;
  house.writer.submit(
      [&](sqlite::Database&) -> Result<void> {
        held.set_value();
        release.get_future().wait();
        return {};
      },
      [](const Result<void>&) {});
  held.get_future().wait();
  house.put("w", common(), "one");
  house.service.start();
  bool answered = false;
  house.service.refresh(model::WorkspaceId("w"), [&](const Result<void>&) { answered = true; });
  ASSERT_TRUE(house.wait([&] {
    const auto lock = server.lock();
    return server.requests == 1;
  }));
  (void)house.loop.run_until([&] { return answered || !house.told.empty(); }, 200ms);
  EXPECT_FALSE(answered);
  EXPECT_TRUE(house.told.empty());
  release.set_value();
  ASSERT_TRUE(house.wait([&] { return answered; }));
  EXPECT_EQ(house.shown("w"), "7 OPEN SUCCESS clean");
}

TEST_F(ServiceTest, WhatWasToldIsThereAfterARestartAndARemovedWorkspaceIsNot) {
  const std::string oid = pushed("one");
  set(pull_request(7, "one", oid));
  {
    House house(database(), server);
    house.put("w", common(), "one");
    house.put("x", common());
    house.service.start();
    ASSERT_TRUE(house.refresh("w"));
    ASSERT_TRUE(house.refresh("x"));
    bool gone = false;
    house.service.remove(model::WorkspaceId("x"), [&] { gone = true; });
    ASSERT_TRUE(house.wait([&] { return gone; }));
  }
  const House again(database(), server);
  ASSERT_EQ(again.rows.size(), 1U);
  EXPECT_EQ(again.rows[0].number, 7);
  EXPECT_EQ(again.rows[0].workspace.str(), "w");
  EXPECT_GT(again.counter.last(), again.rows[0].stamp);
}

}  // namespace
}  // namespace sb::github
