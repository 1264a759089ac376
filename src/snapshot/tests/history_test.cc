#include <gtest/gtest.h>

#include "sb/snapshot/explain.h"

#include "entity.h"
#include "store_fixture.h"

namespace sb::snapshot {
namespace {

class HistoryTest : public StoreTest {
 protected:
  struct Seen {
    std::int64_t revision;
    std::string source;
    std::vector<std::string> changes;  ///< "field before after", texts only
  };
  std::vector<Seen> history(bool* complete = nullptr) {
    const auto text = history_json(store, workspace());
    EXPECT_TRUE(text);
    JsonDocument document;
    const auto parsed = document.parse(text.value_or("{}"));
    EXPECT_TRUE(parsed) << *text;
    bytes = text->size();
    std::vector<Seen> list;
    if (complete != nullptr) *complete = *parsed->find("complete")->as_bool();
    parsed->find("transitions")->each_element([&](std::size_t, JsonValue one) {
      Seen seen{*one.find("revision")->as_int(), std::string(*one.find("source")->as_string()), {}};
      one.find("changes")->each_element([&](std::size_t, JsonValue change) {
        const auto side = [&](const char* name) {
          return std::string(change.find(name)->as_string().value_or("-"));
        };
        seen.changes.push_back(std::string(*change.find("field")->as_string()) + " " +
                               side("before") + " " + side("after"));
      });
      list.push_back(std::move(seen));
    });
    return list;
  }
  std::size_t bytes = 0;
};

TEST_F(HistoryTest, EachTransitionTellsWhatItFoundAndWhatItLeft) {
  create(1);
  say(2, R"({"name":"one"})");
  say(3, R"({"branchName":"b"})");
  say(4, R"({"name":"two"})");
  const auto list = history();
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0].changes, std::vector<std::string>{"name one two"});
  EXPECT_EQ(list[0].revision, static_cast<std::int64_t>(version()));
  EXPECT_EQ(list[0].source, "event");
  EXPECT_EQ(list[1].changes[0], "branchName - b");
  EXPECT_EQ(list[2].changes[0], "name  one");
}

TEST_F(HistoryTest, WhatChangesNothingVisibleIsNoTransitionAndCostsNothing) {
  create(1);
  say(2, R"({"status":"READY"})");
  say(1, R"({"status":"FAILED"})");
  EXPECT_TRUE(history().empty());
  EXPECT_EQ(store.entity(workspace())->history, nullptr);
}

TEST_F(HistoryTest, OneCommitOfSeveralFactsIsOneTransition) {
  create(1);
  store.begin_commit();
  say(2, R"({"name":"one"})");
  say(3, R"({"name":"two"})", kA, "w", Update::Cause::pass);
  store.end_commit();
  const auto list = history();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].source, "event+reconciliation");
  EXPECT_EQ(list[0].changes[0], "name  two");
}

TEST_F(HistoryTest, OnlyTheLatestTransitionsAreKept) {
  create(1);
  for (std::uint64_t i = 2; i < 1'000; ++i) {
    say(i, R"({"name":"n)" + std::to_string(i) + "\"}");
    ASSERT_LE(store.entity(workspace())->history->bytes(), kHistoryBytesMax);
  }
  bool complete = true;
  const auto list = history(&complete);
  EXPECT_FALSE(complete);
  EXPECT_LE(list.size(), kHistoryTransitionsMax);
  EXPECT_GE(list.size(), kHistoryTransitionsMax / 2);
  EXPECT_EQ(list[0].changes, std::vector<std::string>{"name n998 n999"});
  EXPECT_EQ(list[1].changes, std::vector<std::string>{"name n997 n998"});
}

TEST_F(HistoryTest, LongValuesAreCutAndSaySo) {
  create(1);
  for (std::uint64_t i = 2; i < 200; ++i) {
    say(i, R"({"name":"n)" + std::to_string(i) + std::string(50'000, 'x') + "\"}");
    ASSERT_LE(store.entity(workspace())->history->bytes(), kHistoryBytesMax);
  }
  history();
  EXPECT_LE(bytes, 6 * kHistoryBytesMax);  // each value stands twice, quoted
  const auto text = history_json(store, workspace());
  EXPECT_NE(text->find("\"beforeCut\":true"), std::string::npos);
  EXPECT_NE(text->find("\"afterCut\":true"), std::string::npos);
}

TEST_F(HistoryTest, ARemovedWorkspaceTakesItsHistoryAlong) {
  create(1);
  say(2, R"({"name":"one"})");
  remove(3);
  EXPECT_FALSE(history_json(store, workspace()));
  create(4);
  EXPECT_TRUE(history().empty());
}

TEST_F(HistoryTest, AllHistoriesTogetherStayWithinTheTotal) {
  for (std::size_t entries : {1U, 500U, 2'049U, 20'000U, 100'000U}) {
    EXPECT_LE(history_share(entries) * entries, kHistoryBytesTotal) << entries;
  }
  EXPECT_EQ(history_share(2'048), kHistoryBytesMax);
}

TEST(History, ARingThatMustShrinkKeepsItsNewestTransitions) {
  Store store("e", Limits{});
  model::ProjectInfo project;
  project.id = model::ProjectId("p");
  ASSERT_TRUE(store.put_project(project));
  Update update;
  update.workspace = model::WorkspaceId("w");
  update.label = "event";
  update.facts.set<&model::Facts::projectId>(project.id);
  update.facts.set<&model::Facts::status>(model::WorkspaceStatus::READY);
  for (std::uint64_t i = 1; i < 50; ++i) {
    update.stamp = {0, i, 0};
    update.facts.set<&model::Facts::name>(std::to_string(i) + std::string(400, 'x'));
    (void)store.apply(update, WallTime{}, MonoTime{});
  }
  HistoryRing ring = *store.entity(update.workspace)->history;
  const auto newest = ring.transitions().back().moment.revision;
  ring.shrink(kHistoryBytesMax / 8);
  EXPECT_LE(ring.bytes(), kHistoryBytesMax / 8);
  ASSERT_FALSE(ring.transitions().empty());
  EXPECT_EQ(ring.transitions().back().moment.revision, newest);
  ring.append({newest + 1, {}, "event"}, model::all_fields(), *store.entity(update.workspace)->text,
              1'024);
  EXPECT_LE(ring.bytes(), kHistoryBytesMax / 8);
  EXPECT_EQ(ring.transitions().back().before.size(), model::kFieldCount);
}

}  // namespace
}  // namespace sb::snapshot
