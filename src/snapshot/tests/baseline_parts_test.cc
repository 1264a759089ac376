#include "baseline_parts.h"

#include <algorithm>
#include <random>

#include "store_fixture.h"

// What successive baselines share, and that they are right all the same.

namespace sb::snapshot {
namespace {

constexpr std::size_t kSmallPartBytes = 4'000;  // a few entries

class BaselinePartsTest : public StoreTest {
 protected:
  explicit BaselinePartsTest(Limits limits = {}) : StoreTest(limits) {}
  std::string joined() {
    std::string text;
    for (const auto& part : parts.at_head()) text += *part;
    return text;
  }
  // By the plainest way.
  std::string expected() const {
    std::string text;
    for (const auto& entry : store.entries(project())) {
      text += (text.empty() ? "" : ",") + entry.text->complete();
    }
    return text;
  }

  BaselineParts parts{store, project(), kSmallPartBytes};
};

TEST_F(BaselinePartsTest, OneChangeCostsThePartItIsIn) {
  for (int i = 0; i < 40; ++i) create(static_cast<std::uint64_t>(i + 1), "w" + std::to_string(i));
  const auto before = parts.at_head();
  ASSERT_GT(before.size(), 5U);
  say(100, R"({"name":"moved"})", kA, "w20");
  const auto after = parts.at_head();
  ASSERT_EQ(after.size(), before.size());
  int anew = 0;
  for (std::size_t i = 0; i < after.size(); ++i) anew += after[i] == before[i] ? 0 : 1;
  EXPECT_EQ(anew, 1);
  EXPECT_EQ(joined(), expected());
}

TEST_F(BaselinePartsTest, WithoutEntriesThereIsAnEmptyText) {
  EXPECT_EQ(joined(), "");
  create(1);
  EXPECT_EQ(joined(), expected());
  remove(2);
  EXPECT_EQ(joined(), "");
}

class BaselinePartsWalk : public BaselinePartsTest {
 protected:
  // Few of everything: tombstones expire, entries are evicted, and revisions run out.
  static Limits small() {
    Limits limits;
    limits.workspaces_per_project_max = 12;
    limits.tombstones_max = 5;
    limits.tombstone_age_min = std::chrono::seconds(0);
    limits.revision_max = 300;
    return limits;
  }
  BaselinePartsWalk() : BaselinePartsTest(small()) {}
};

TEST_F(BaselinePartsWalk, EveryBaselineIsWhatThePlainestWayMakes) {
  std::mt19937 random(7);  // NOLINT: the same walk every time
  const auto pick = [&](unsigned below) { return static_cast<unsigned>(random() % below); };
  const std::string epoch = store.epoch();
  for (std::uint64_t step = 1; step < 4'000; ++step) {
    const std::string id = "w" + std::to_string(pick(40));
    switch (pick(12)) {
      case 0:
      case 1:
        create(step, id, kA, pick(5) == 0 ? "q" : "p");
        break;
      case 2:
        remove(step, kA, id);
        break;
      case 3:
        say(step, pick(2) == 0 ? R"({"status":"ARCHIVED"})" : R"({"status":"READY"})", kA, id);
        break;
      case 4:
        say(step, R"({"createdAt":"2026-01-0)" + std::to_string(1 + pick(9)) + "T03:04:05.000Z\"}",
            kA, id);
        break;
      case 5:
        store.set_review_count(pick(3));
        break;
      case 6:
        (void)store.expire(mono += 1s);
        break;
      case 7:
        if (pick(20) == 0) {
          (void)store.remove_project(project());
          model::ProjectInfo again;
          again.id = project();
          ASSERT_TRUE(store.put_project(again));
        }
        break;
      default:
        say(step, R"({"name":")" + std::string(1 + pick(300), 'n') + "\"}", kA, id);
    }
    if (pick(3) == 0) {
      ASSERT_EQ(joined(), expected()) << "step " << step;
    }
  }
  EXPECT_NE(store.epoch(), epoch);
  EXPECT_GT(store.counts().evictions_total, 0U);
}

}  // namespace
}  // namespace sb::snapshot
