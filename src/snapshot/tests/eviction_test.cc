#include <string>

#include "sync_fixture.h"

// What has to go when there is no room, and how it comes back.

namespace sb::snapshot {
namespace {

class FullProjectTest : public SyncTest {
 protected:
  FullProjectTest() : SyncTest(limits()) {}
  static Limits limits() {
    Limits limits;
    limits.workspaces_per_project_max = 3;
    limits.workspaces_max = 5;
    limits.projects_max = 3;
    return limits;
  }
};

TEST_F(FullProjectTest, OneTooManyEvictsTheStalestAndBothDialectsSeeItGo) {
  for (const char* id : {"a", "b", "c"}) create(1, id);
  say(2, R"({"name":"touched by an event"})", kA, "a");
  say(2, R"({"name":"touched by a pass"})", kA, "b", Update::Cause::pass);
  StrictClient client;
  auto sync = join(client);
  read(sync, client);
  auto dialect1 = subscribe();
  messages(dialect1);
  create(1, "d");
  mono += 1s;
  const std::string batch = say_next(sync);
  EXPECT_EQ(ops(batch), (Ops{"del b", "put d"}));
  client.take(batch);
  EXPECT_TRUE(client.errors.empty());
  EXPECT_EQ(messages(dialect1), (Messages{"removed b", "changed d"}));
  EXPECT_EQ(client.shown().entries.size(), 3U);
}

TEST_F(FullProjectTest, TenPassesNeverBringTheEvictedBackAndOneEventDoes) {
  for (const char* id : {"a", "b", "c", "d"}) create(1, id);
  ASSERT_FALSE(present("a"));
  StrictClient client;
  auto sync = join(client);
  read(sync, client);
  auto dialect1 = subscribe();
  messages(dialect1);
  const Revision head = store.head();
  for (std::uint64_t pass = 2; pass < 12; ++pass) {
    for (const char* id : {"a", "b", "c", "d"}) {
      say(pass, R"({"projectId":"p","status":"READY"})", kA, id, Update::Cause::pass);
    }
  }
  EXPECT_EQ(store.head(), head);
  EXPECT_TRUE(messages(dialect1).empty());
  EXPECT_EQ(store.counts().evictions_total, 1U);
  EXPECT_EQ(create(20, "a").outcome, Outcome::changed);
  read(sync, client);
  EXPECT_TRUE(client.shown().entries.contains("a"));
  EXPECT_EQ(client.shown().entries.size(), 3U) << "another one made room";
  EXPECT_EQ(messages(dialect1).size(), 2U);
}

TEST_F(FullProjectTest, WhatNeedsTheUserOrWorksGoesLast) {
  for (const char* id : {"a", "b", "c"}) create(1, id);
  say(2, R"({"isWorking":true})", kA, "a");
  say(2, R"({"hasHadSessions":true,"prUrl":"u","prNumber":1,"prState":"MERGED"})", kA, "c");
  create(1, "d");
  EXPECT_FALSE(present("c")) << "the only one that neither works nor waits";
}

TEST_F(FullProjectTest, ProjectsAndAllEntriesTogetherAreBoundedAsWell) {
  for (const char* id : {"r", "s"}) {
    model::ProjectInfo info;
    info.id = project(id);
    EXPECT_EQ(store.put_project(info).has_value(), std::string_view(id) == "r");
  }
  EXPECT_EQ(store.counts().projects, 3U);
  for (const char* id : {"p1", "p2", "p3"}) create(1, id);
  for (const char* id : {"q1", "q2", "q3"}) create(1, id, kA, "q");
  EXPECT_EQ(store.counts().entries, 5U);
  create(1, "r1", kA, "r");
  EXPECT_EQ(store.counts().entries, 5U);
  EXPECT_TRUE(present("r1"));
}

}  // namespace
}  // namespace sb::snapshot
