#include "event_ids.h"

#include <string>

#include <gtest/gtest.h>

#include "ingest_fixture.h"

namespace sb::orchestration {
namespace {

EventIds::Mark mark(std::size_t number) {
  return EventIds::mark("6f1c0a52-7c1e-4f0e-9d51-" + std::to_string(number));
}

TEST(EventIdsTest, TheLatestTenThousandIdsAreRememberedAndNoOlderOne) {
  EventIds ids;
  const std::size_t count = 3 * EventIds::kRemembered + 7;
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_FALSE(ids.contains(mark(i)));
    ids.add(mark(i));
  }
  for (std::size_t i = 0; i < count; ++i) {
    ASSERT_EQ(ids.contains(mark(i)), i >= count - EventIds::kRemembered) << i;
  }
}

TEST_F(IngestTest, ABusySourceMakesNobodyElsesEventsForgotten) {
  create();
  EXPECT_EQ(send("workspace.updated", R"({"name":"x"})", "", "quiet", "agents/quiet").kind,
            Kind::accepted);
  for (std::size_t i = 0; i < EventIds::kRemembered + 1; ++i) {
    send("ratchet.toggled", R"({"enabled":true})", "", "busy" + std::to_string(i), "agents/busy");
  }
  EXPECT_EQ(send("workspace.updated", R"({"name":"y"})", "", "quiet", "agents/quiet").kind,
            Kind::duplicate);
  EXPECT_EQ(send("ratchet.toggled", R"({"enabled":true})", "", "busy0", "agents/busy").kind,
            Kind::accepted);
}

// Of a batch the journal gets the newest word on everything, and one memory for each source.
TEST_F(IngestTest, ABatchLeavesOneMemoryOfEachSource) {
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
  std::string numbers;
  std::size_t memories = 0;
  for (const auto& row : step.journal.rows()) {
    if (row.key == "prNumber") numbers += row.value;
    if (row.key != "memory") continue;
    ++memories;
    EXPECT_EQ(row.value, store.memory(row.workspace, *store.source(row.source)).text());
  }
  EXPECT_EQ(numbers, "123");
  EXPECT_EQ(memories, 1U);
}

}  // namespace
}  // namespace sb::orchestration
