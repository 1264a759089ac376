#include "event_ids.h"

#include <cstdint>
#include <string>
#include <unordered_set>

#include <gtest/gtest.h>

#include "ingest_fixture.h"

namespace sb::orchestration {
namespace {

EventIds::Mark mark(std::size_t number) {
  return EventIds::mark("6f1c0a52-7c1e-4f0e-9d51-" + std::to_string(number));
}

TEST(EventIdsTest, TheLatestTenThousandIdsAreRememberedAndHardlyAnOlderOne) {
  EventIds ids;
  std::size_t count = 0;
  for (; count < 3 * EventIds::kRemembered + 7; ++count) {
    ASSERT_FALSE(ids.contains(mark(count)));
    ids.add(mark(count));
  }
  // At every place within a step of forgetting.
  for (std::size_t step = 0; step < EventIds::kForgottenAtOnce; ++step) {
    for (std::size_t age = 1; age <= EventIds::kRemembered; ++age) {
      ASSERT_TRUE(ids.contains(mark(count - age))) << age;
    }
    for (std::size_t i = 0; i <= count - EventIds::kRemembered - EventIds::kForgottenAtOnce; ++i) {
      ASSERT_FALSE(ids.contains(mark(i))) << i;
    }
    ids.add(mark(count++));
  }
}

TEST(EventIdsTest, AForgottenIdIsRememberedAsLongAsANewOne) {
  EventIds ids;
  std::size_t count = 0;
  while (count < EventIds::kRemembered + EventIds::kForgottenAtOnce) ids.add(mark(count++));
  ASSERT_FALSE(ids.contains(mark(0)));
  ids.add(mark(0));
  for (std::size_t i = 1; i < EventIds::kRemembered; ++i) {
    ids.add(mark(count++));
    ASSERT_TRUE(ids.contains(mark(0))) << i;
  }
}

// Short ids differ in a few bits: "1000" and "5000" in one.
TEST(EventIdsTest, IdsThatCountAreNotTakenForOneAnother) {
  constexpr std::size_t kCount = 300'000;
  for (const char* prefix : {"", "e", "evt-", "delivery-", "0123456789abcdef-"}) {
    std::unordered_set<std::uint64_t> marks;
    for (std::size_t i = 0; i < kCount; ++i) {
      const auto mark = EventIds::mark(prefix + std::to_string(i));
      ASSERT_TRUE(marks.insert(static_cast<std::uint64_t>(mark)).second) << prefix << i;
    }
  }
}

TEST(EventIdsTest, NoIdEqualsOneOfWhichOneBitDiffersOrWhoseHalvesAreExchanged) {
  const std::string text = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789ABCDEFGHIJKLMNOPQ";
  std::unordered_set<std::uint64_t> marks;
  const auto is_new = [&](const std::string& id) {
    return marks.insert(static_cast<std::uint64_t>(EventIds::mark(id))).second;
  };
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const std::string id = text.substr(0, size);
    ASSERT_TRUE(is_new(id));
    for (std::size_t bit = 0; bit < 8 * size; ++bit) {
      std::string other = id;
      other[bit / 8] = static_cast<char>(other[bit / 8] ^ (1 << (bit % 8)));
      ASSERT_TRUE(is_new(other)) << size << " " << bit;
    }
    if (size < 2) continue;
    ASSERT_TRUE(is_new(id.substr(size / 2) + id.substr(0, size / 2))) << size;
  }
}

TEST_F(IngestTest, ABusySourceMakesNobodyElsesEventsForgotten) {
  create();
  EXPECT_EQ(send("workspace.updated", R"({"name":"x"})", "", "quiet", "agents/quiet").kind,
            Kind::accepted);
  for (std::size_t i = 0; i < EventIds::kRemembered + EventIds::kForgottenAtOnce; ++i) {
    send("ratchet.toggled", R"({"enabled":true})", "", "busy" + std::to_string(i), "agents/busy");
  }
  EXPECT_EQ(send("workspace.updated", R"({"name":"y"})", "", "quiet", "agents/quiet").kind,
            Kind::duplicate);
  EXPECT_EQ(send("ratchet.toggled", R"({"enabled":true})", "", "busy0", "agents/busy").kind,
            Kind::accepted);
}

// What is told last of a batch is the newest word, and the memory of all of it.
TEST_F(IngestTest, ABatchLeavesTheMemoryOfAllOfIt) {
  create();
  std::vector<model::ExternalEvent> events;
  for (std::int64_t number = 1; number <= 3; ++number) {
    model::ExternalEvent event;
    event.id = "pr" + std::to_string(number);
    event.source = "agents/one";
    event.workspace = model::WorkspaceId("w");
    model::GithubPrSnapshotUpdated data;
    data.prNumber = number;
    event.data = data;
    events.push_back(std::move(event));
  }
  const auto step = ingest.submit(std::move(events), wall, MonoTime{});
  std::string number;
  std::string memory;
  for (const auto& row : step.journal.batch().facts) {
    if (row.key == "prNumber") number = row.value;
    if (row.key == "memory") memory = row.value;
  }
  EXPECT_EQ(number, "3");
  EXPECT_EQ(memory, store.memory(model::WorkspaceId("w"), *store.source("agents/one")).text());
}

}  // namespace
}  // namespace sb::orchestration
