#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/core/random.h"
#include "sb/orchestration/reconciler.h"

#include "board_reader.h"
#include "own_view_fixture.h"

// A pass of reconciliation taken apart. At each of its steps readers of both dialects connect for
// the first time, and everybody who left at an earlier step comes back with the cursor of then.

namespace sb::orchestration {
namespace {

using model::Field;
using model::WorkspaceStatus;

struct Step {
  std::string name;
  std::function<void()> run;
};

class PassStepsTest : public OwnViewTest {
 protected:
  PassStepsTest() {
    EXPECT_EQ(*store.source("agents/one"), snapshot::SourceId{1});
    for (const char* id :
         {"renamed", "lost-rename", "lost-removal", "removed", "moved", "asks", "archiving"}) {
      add(id);
    }
    write("lost-rename", named("as the table has it"));
    write("lost-creation");
    (void)erase("lost-removal");
  }

  /// What happens, in order; every other thing is a step of the pass.
  std::vector<Step> steps() {
    return {
        {"before the pass", [] {}},
        {"the pass has begun", [this] { EXPECT_TRUE(pass_.begin(0, loop.clock().mono_now())); }},
        {"the fence is taken", [this] { fence_ = fence(); }},
        {"a rename is told before the rows are read", [this] { add("renamed", named("once")); }},
        {"the rows are read", [this] { read_ = rows(fence_); }},
        {"a rename is told after they were read", [this] { add("renamed", named("twice")); }},
        {"a removal is told", [this] { tell(erase("removed")); }},
        {"a creation is told", [this] { add("created"); }},
        {"a move to the other project is told",
         [this] {
           add("moved", [](workspace::WorkspaceRow& row) { row.project = model::ProjectId("q"); });
         }},
        {"somebody outside speaks", [this] { ask(); }},
        {"the read is applied", [this] { apply(true); }},
        {"the second fence is taken", [this] { fence_ = fence(); }},
        {"the rows are read again", [this] { read_ = rows(fence_); }},
        {"one is being archived",
         [this] { add("archiving", in_status(WorkspaceStatus::ARCHIVING)); }},
        {"the review count moves", [this] { store.set_review_count(3); }},
        {"the second read is applied", [this] { apply(false); }},
        {"the pass is over",
         [this] { EXPECT_TRUE(pass_.end_part(loop.clock().mono_now()).has_value()); }},
        {"what is gone is forgotten",
         [this] {
           loop.advance(snapshot::Limits{}.tombstone_age_min);
           store.expire(loop.clock().mono_now());
         }},
        {"after the pass", [this] { add("renamed", named("three times")); }},
    };
  }

  void look(const std::string& step) {
    loop.advance(std::chrono::seconds(1));  // past any coalescing gap
    const MonoTime now = loop.clock().mono_now();
    for (const BoardReader& left : left_) {
      join(left.disconnected(), now);
    }
    for (const auto dialect : BoardReader::kDialects) {
      join(BoardReader(server_, dialect), now);
      left_.push_back(here_.back().disconnected());
    }
    for (BoardReader& reader : here_) {
      reader.read(now);
      ASSERT_EQ(reader.difference(), "") << step;
    }
  }
  // One that reads at once, and two that connect now and read, wholly or the rest, at the end.
  void join(BoardReader reader, MonoTime now) {
    BoardReader later = reader.disconnected();
    later.connect(now);
    BoardReader halted = reader.disconnected();
    halted.connect(now);
    halted.read(now, 1);
    late_.push_back(std::move(later));
    late_.push_back(std::move(halted));
    reader.connect(now);
    reader.read(now);
    here_.push_back(std::move(reader));
  }

  void ask() {
    snapshot::Update update;
    update.workspace = model::WorkspaceId("asks");
    update.source = snapshot::SourceId{1};
    update.stamp = {1, 1, 0};
    update.label = "event:session.pending_request_changed";
    update.facts.pending.upserts.push_back(
        {"s", "r", model::PendingRequestType::permission_request, {}});
    EXPECT_EQ(store.apply(update, {}, loop.clock().mono_now()).outcome, snapshot::Outcome::changed);
  }
  void apply(bool again) {
    const auto passed = view.reconcile(read_, drift);
    EXPECT_EQ(pass_.read_again(passed.rejected), again);
  }

  std::vector<BoardReader> late_;

  BoardServer server_{store, model::ProjectId("p")};

 private:
  SystemRandom random_;
  Reconciler pass_{random_, Reconciler::Options{}};
  std::uint64_t fence_ = 0;
  workspace::Contents read_;
  std::vector<BoardReader> here_;  // connected
  std::vector<BoardReader> left_;  // after their first look, at each step
};

TEST_F(PassStepsTest, WhoConnectsOrResumesAtAnyStepShowsTheServersViewThenAndInTheEnd) {
  for (const Step& step : steps()) {
    step.run();
    ASSERT_NO_FATAL_FAILURE(look(step.name));
  }
  const MonoTime now = loop.clock().mono_now();
  for (BoardReader& reader : late_) {
    reader.read(now);
    ASSERT_EQ(reader.difference(), "");
  }
  EXPECT_EQ(shown(Field::name, "renamed"), R"("three times")");
  EXPECT_EQ(shown(Field::name, "lost-rename"), R"("as the table has it")");
  EXPECT_EQ(shown(Field::projectId, "moved"), R"("q")");
  EXPECT_EQ(shown(Field::pendingRequestType, "asks"), R"("permission_request")");
  for (const char* id : {"lost-creation", "created", "archiving"}) EXPECT_TRUE(present(id)) << id;
  for (const char* id : {"lost-removal", "removed"}) EXPECT_FALSE(present(id)) << id;
  EXPECT_EQ(drift.total(), 3U) << "a rename, a removal and a creation that nobody told of";
}

}  // namespace
}  // namespace sb::orchestration
