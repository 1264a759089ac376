#include "sb/testing/held_writer.h"

#include "pacing_house.h"

// Conditional requests: what they save, and that nothing depends on them.

namespace sb::github {
namespace {

using sb::testing::FakePullRequest;
using namespace std::chrono_literals;

class ProbeTest : public PacingTest {
 protected:
  /// One workspace with the merged pull request 7, watched since.
  void watched(House& house) {
    one(house);
    auto pr = pull_request(7, "one", oid);
    pr.state = "MERGED";
    set(pr);
    ASSERT_TRUE(house.refresh("w"));
    pass(house, 75s);
  }
  static void without_reviews(GithubOptions& options) { options.review_interval = 24h; }
  std::size_t lists() {
    const auto lock = server.lock();
    return server.lists_asked;
  }
  std::size_t unchanged() {
    const auto lock = server.lock();
    return server.lists_unchanged;
  }
};

TEST_F(ProbeTest, AQuietRepositoryIsAskedOnlyWhetherItsListChanged) {
  House house(database(), server, without_reviews);
  watched(house);
  const auto before = requests();
  const auto listed = lists();
  pass(house, 600s);
  EXPECT_EQ(requests() - before, lists() - listed) << "no question besides";
  EXPECT_EQ(lists() - listed, 10U);
  EXPECT_EQ(unchanged(), lists() - 1) << "the first one had nothing to compare with";
  pass(house, 330s);
  EXPECT_EQ(requests() - before, lists() - listed + 1) << "asked now and then all the same";
}

TEST_F(ProbeTest, WhatMovesTheListIsShownWithinAMinute) {
  House house(database(), server, without_reviews);
  watched(house);
  ASSERT_EQ(house.shown("w"), "7 MERGED SUCCESS clean");
  change([&](auto& s) {
    s.repositories["acme/app"].insert(s.repositories["acme/app"].begin(),
                                      pull_request(8, "one", oid));
  });
  pass(house, 65s);
  EXPECT_EQ(house.shown("w"), "8 OPEN SUCCESS clean");
}

TEST_F(ProbeTest, AListThatMovesWhileAnAnswerIsUnderWayIsNotForgotten) {
  House house(database(), server, without_reviews);
  watched(house);
  const auto two = pushed("two");
  const auto on_two = [&](std::int64_t number, const char* state) {
    auto pr = pull_request(number, "two", two);
    pr.state = state;
    return pr;
  };
  auto& held = server.repositories["acme/app"];
  change([&](auto&) { held.push_back(on_two(8, "OPEN")); });
  house.put("v", common(), "two");
  ASSERT_TRUE(house.refresh("v"));
  pass(house, 130s);
  ASSERT_EQ(house.shown("v"), "8 OPEN SUCCESS clean");

  change([&](auto&) { held.back().state = "MERGED"; });
  {
    const sb::testing::HeldWriter writer(house.writer);
    const auto before = requests() - lists();
    house.service.refresh(model::WorkspaceId("v"), [](const Result<void>&) {});
    ASSERT_TRUE(house.wait([&] { return requests() - lists() > before; }));
    change([&](auto&) { held.push_back(on_two(9, "OPEN")); });
    const auto listed = lists();
    house.loop.advance(61s);
    ASSERT_TRUE(house.wait([&] { return lists() > listed; }));
    bool came = false;  // what the pool was given before is done
    house.network.submit([&] { house.loop.post([&] { came = true; }); });
    ASSERT_TRUE(house.wait([&] { return came; }));
  }
  pass(house, 5s);
  EXPECT_EQ(house.shown("v"), "9 OPEN SUCCESS clean");
}

TEST_F(ProbeTest, AnOpenPullRequestIsNotLeftToAList) {
  House house(database(), server, without_reviews);
  one(house);
  pass(house, 300s);
  EXPECT_EQ(lists(), 0U);
}

TEST_F(ProbeTest, TheParentOfAForkIsWatchedToo) {
  repo.git({"remote", "set-url", "origin", "https://github.com/me/app"});
  change([](auto& s) {
    s.repositories["me/app"];
    s.parent = "acme/app";
  });
  oid = pushed("one");
  House house(database(), server, without_reviews);
  house.put("w", common(), "one");
  house.service.start();
  ASSERT_TRUE(house.refresh("w"));
  ASSERT_EQ(house.shown("w"), "none");
  pass(house, 80s);
  auto pr = pull_request(9, "one", oid);
  pr.head_owner = "me";
  set(pr);
  pass(house, 65s);
  EXPECT_EQ(house.shown("w"), "9 OPEN SUCCESS clean");
}

TEST_F(ProbeTest, WithoutAListEverythingIsAskedAsBefore) {
  House house(database(), server, without_reviews);
  watched(house);
  change([](auto& s) { s.list_status = 404; });
  pass(house, 75s);
  auto before = requests() - lists();
  pass(house, 300s);
  EXPECT_EQ(requests() - lists() - before, 2U) << "every 150 s";
  EXPECT_EQ(house.shown("w"), "7 MERGED SUCCESS clean");
  change([](auto& s) { s.list_status = 200; });
  pass(house, 240s);
  before = requests() - lists();
  pass(house, 600s);
  EXPECT_EQ(requests() - lists() - before, 0U) << "watched again";
}

TEST_F(ProbeTest, ALimitOfItsOwnIsKeptAndStopsNoQuestion) {
  House house(database(), server, without_reviews);
  watched(house);
  change([](auto& s) {
    s.list_status = 403;
    s.extra_headers = {{"Retry-After", "1000"}};
  });
  pass(house, 75s);
  change([](auto& s) {
    s.list_status = 200;
    s.extra_headers.clear();
  });
  const auto listed = lists();
  pass(house, 600s);
  EXPECT_EQ(lists(), listed) << "GitHub said when";
  EXPECT_EQ(house.service.health().state, Health::State::live);
  EXPECT_TRUE(house.refresh("w"));
}

}  // namespace
}  // namespace sb::github
