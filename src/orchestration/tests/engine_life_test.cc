#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/testing/git_repo.h"
#include "sb/testing/held_writer.h"
#include "sb/testing/temp_dir.h"

#include "board_reader.h"
#include "life.h"

// The engine when it starts, stops, and cannot read: real SQLite, git and inotify.

namespace sb::orchestration {
namespace {

using model::Field;
using namespace std::chrono_literals;

class EngineLifeTest : public ::testing::Test {
 protected:
  /// A repository with `linked` more worktrees.
  std::string repository(const std::string& name, int linked = 0) {
    repositories_.push_back(std::make_unique<sb::testing::GitRepo>(dir / name));
    for (int i = 0; i < linked; ++i) {
      const std::string branch = "b" + std::to_string(i);
      sb::testing::git(dir / name,
                       {"worktree", "add", "-q", "-b", branch, (dir / (name + branch)).string()});
    }
    return (dir / name).string();
  }

  sb::testing::TempDir dir;

 private:
  std::vector<std::unique_ptr<sb::testing::GitRepo>> repositories_;
};

TEST_F(EngineLifeTest, S_81_TheFirstBaselineAfterAStartHasEveryRow) {
  model::ProjectId project;
  {
    Life life(dir.path());
    ASSERT_TRUE(life.start());
    project = life.add(repository("repo", 5)).project.id;
    ASSERT_EQ(life.store.ids(project).size(), 6U);
  }
  Life next(dir.path());
  EXPECT_FALSE(next.engine.ready());
  EXPECT_EQ(next.store.head(), 0U) << "nothing is there to be served before it is ready";
  ASSERT_TRUE(next.start());
  EXPECT_EQ(next.store.entries(project).size(), 6U);
  EXPECT_EQ(next.store.head(), 1U) << "all rows are one commit";
}

TEST_F(EngineLifeTest, S_82_ARowTableThatCannotBeReadTakesNothingAwayAndIsReadAgain) {
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto project = life.add(repository("repo")).project.id;
  const auto id = life.only(project);
  life.settle();
  life.sql("ALTER TABLE workspace RENAME TO hidden");
  ASSERT_TRUE(life.reconcile(project));
  EXPECT_NE(life.shown(id, Field::name), "absent");
  EXPECT_EQ(life.drift("removed"), 0);
  life.sql("ALTER TABLE hidden RENAME TO workspace");
  life.sql("UPDATE workspace SET name = 'renamed', renamed = 1");
  ASSERT_TRUE(life.reconcile(project));
  EXPECT_EQ(life.shown(id, Field::name), R"("renamed")");
}

TEST_F(EngineLifeTest, S_57_OnePassAnswersWhoeverAskedForWhicheverProject) {
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto one = life.add(repository("one")).project.id;
  const auto two = life.add(repository("two")).project.id;
  life.sql("UPDATE workspace SET name = 'renamed', renamed = 1");
  int answered = 0;
  for (const auto& project : {one, two, one}) {
    life.engine.reconcile(project, [&](const Result<std::uint64_t>& done) {
      EXPECT_TRUE(done);
      ++answered;
    });
  }
  ASSERT_TRUE(life.loop.run_until([&] { return answered == 3; }));
  EXPECT_EQ(life.drift("name"), 2) << "both projects, once each";
}

// A pass that runs may have read before.
TEST_F(EngineLifeTest, APassAskedForDuringOneIncludesWhatWasThereWhenItWasAskedFor) {
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto project = life.add(repository("repo")).project.id;
  const auto id = life.only(project);
  life.settle();
  int answered = 0;
  const auto ask = [&] {
    life.engine.reconcile(project, [&](const Result<std::uint64_t>& done) {
      EXPECT_TRUE(done);
      ++answered;
    });
  };
  ask();
  life.sql("UPDATE workspace SET name = 'renamed', renamed = 1");  // behind the first read
  ask();
  EXPECT_EQ(answered, 0);
  ASSERT_TRUE(life.loop.run_until([&] { return answered == 2; }));
  EXPECT_EQ(life.shown(id, Field::name), R"("renamed")");
}

TEST_F(EngineLifeTest, S_60_AStopDuringAPassIsTheEndOfPasses) {
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto project = life.add(repository("repo")).project.id;
  life.settle();
  life.sql("UPDATE workspace SET name = 'renamed', renamed = 1");
  const auto head = life.store.head();
  bool answered = false;
  {
    const sb::testing::HeldWriter held(life.writer);
    life.engine.reconcile(project, [&](const auto&) { answered = true; });
    life.loop.run_ready();
    life.engine.stop();
  }
  life.sql("UPDATE workspace SET name = name");  // the writer is through with what was asked
  life.loop.run_ready();
  life.loop.advance(10min);
  EXPECT_FALSE(answered);
  EXPECT_EQ(life.store.head(), head) << "what the pass had asked for is dropped";
  EXPECT_FALSE(life.engine.reconciliation().last_at.has_value());
}

TEST_F(EngineLifeTest, S_35_AStoppedEngineHearsNothing) {
  Life life(dir.path());
  ASSERT_TRUE(life.start());
  const auto project = life.add(repository("repo")).project.id;
  const auto id = life.only(project);
  life.engine.stop();
  life.engine.stop();
  ASSERT_TRUE(life.loop.wait_for<Result<workspace::WorkspaceRow>>(
      [&](auto done) { life.workspaces.rename(id, "after the end", std::move(done)); }));
  EXPECT_NE(life.shown(id, Field::name), R"("after the end")");
  std::optional<ErrorCode> refused;
  life.engine.submit({}, [&](const Result<Engine::EventsAnswer>& answer) {
    refused = answer ? std::nullopt : std::optional(answer.error().code);
  });
  EXPECT_EQ(refused, ErrorCode::unavailable);
}

/// Counts what it is asked to let go, and answers only when it is said to.
class Holder final : public OwnDomain {
 public:
  struct Asked {
    std::map<model::WorkspaceId, int> halted;
    std::map<model::WorkspaceId, int> released;
    std::vector<std::function<void()>> unanswered;
    bool answers = true;
  };
  explicit Holder(Asked& asked) : asked_(&asked) {}
  Result<void> load() override { return {}; }
  void start() override {}
  void stop() override {}
  void reconcile(DriftLog&, std::function<void()> done) override { done(); }
  void halt(const model::WorkspaceId& id, std::function<void()> done) override {
    ++asked_->halted[id];
    asked_->answers ? done() : asked_->unanswered.push_back(std::move(done));
  }
  void release(const model::WorkspaceId& id, std::function<void()> done) override {
    ++asked_->released[id];
    asked_->answers ? done() : asked_->unanswered.push_back(std::move(done));
  }
  [[nodiscard]] EngineSource health() const override { return {"holder", "live", 0, ""}; }

 private:
  Asked* asked_;
};

TEST_F(EngineLifeTest, S_19_EveryDomainIsAskedToLetGoAlsoWhenOneHangs) {
  Holder::Asked hanging;
  hanging.answers = false;
  Holder::Asked other;
  Life life(dir.path());
  life.engine.add(std::make_unique<Holder>(hanging));
  life.engine.add(std::make_unique<Holder>(other));
  ASSERT_TRUE(life.start());
  const auto project = life.add(repository("repo")).project.id;
  const auto id = life.only(project);
  bool done = false;
  life.engine.release(id, [&] { done = true; });
  EXPECT_EQ(hanging.released[id], 1);
  EXPECT_EQ(other.released[id], 1);
  EXPECT_FALSE(done) << "nothing may be left when it is";
  for (const auto& answer : std::exchange(hanging.unanswered, {})) answer();
  life.loop.run_ready();
  EXPECT_TRUE(done);
}

TEST_F(EngineLifeTest, ACallbackLetGoOnAnotherThreadIsAnsweredOnTheLoop) {
  Holder::Asked holder;
  holder.answers = false;
  Life life(dir.path());
  life.engine.add(std::make_unique<Holder>(holder));
  ASSERT_TRUE(life.start());
  const auto project = life.add(repository("repo")).project.id;
  const auto id = life.only(project);
  std::optional<std::thread::id> answered;
  life.engine.release(id, [&] { answered = std::this_thread::get_id(); });
  std::thread([callbacks = std::exchange(holder.unanswered, {})]() mutable {
    callbacks.clear();
  }).join();
  EXPECT_EQ(answered, std::nullopt);
  ASSERT_TRUE(life.loop.run_until([&] { return answered.has_value(); }));
  EXPECT_EQ(answered, std::this_thread::get_id());
}

TEST_F(EngineLifeTest, AHaltAsksEveryDomainAndLetsNothingGo) {
  Holder::Asked slow;
  slow.answers = false;
  Holder::Asked other;
  Life life(dir.path());
  life.engine.add(std::make_unique<Holder>(slow));
  life.engine.add(std::make_unique<Holder>(other));
  ASSERT_TRUE(life.start());
  const auto project = life.add(repository("repo")).project.id;
  const auto id = life.only(project);
  bool done = false;
  life.engine.halt(id, [&] { done = true; });
  EXPECT_EQ(slow.halted[id], 1);
  EXPECT_EQ(other.halted[id], 1);
  EXPECT_FALSE(done) << "a process may be left";
  for (const auto& answer : std::exchange(slow.unanswered, {})) answer();
  life.loop.run_ready();
  EXPECT_TRUE(done);
  EXPECT_TRUE(slow.released.empty());
  EXPECT_TRUE(other.released.empty());
}

/// Restates in every pass that one workspace is at work.
class Worker final : public OwnDomain {
 public:
  Worker(OwnFactSink& facts, model::OwnCounter& counter, const model::WorkspaceId& id)
      : facts_(&facts), counter_(&counter), id_(&id) {}
  void say(snapshot::Update::Cause cause) {
    model::FactPatch patch;
    patch.set<&model::Facts::isWorking>(true);
    facts_->state(*id_, counter_->next(), std::move(patch), "event:test", cause);
  }
  Result<void> load() override { return {}; }
  void start() override {}
  void stop() override {}
  void reconcile(DriftLog&, std::function<void()> done) override {
    if (!id_->empty()) say(snapshot::Update::Cause::pass);
    done();
  }
  void release(const model::WorkspaceId&, std::function<void()> done) override { done(); }
  [[nodiscard]] EngineSource health() const override { return {"worker", "live", 0, ""}; }

 private:
  OwnFactSink* facts_;
  model::OwnCounter* counter_;
  const model::WorkspaceId* id_;
};

TEST_F(EngineLifeTest, WorkInAnEvictedWorkspaceBringsItBackWithinSeconds) {
  snapshot::Limits limits;
  limits.workspaces_per_project_max = 1;
  Life life(dir.path(), limits);
  model::WorkspaceId evicted;
  auto made = std::make_unique<Worker>(life.engine.own_facts(), life.counter, evicted);
  Worker& worker = *made;
  life.engine.add(std::move(made));
  ASSERT_TRUE(life.start());
  const auto project = life.add(repository("repo", 1)).project.id;
  ASSERT_EQ(life.store.counts().evictions_total, 1U);
  life.engine.directory().each_workspace([&](const workspace::WorkspaceRow& row) {
    if (life.shown(row.id, Field::name) == "absent") evicted = row.id;
  });
  ASSERT_TRUE(life.reconcile(project));
  ASSERT_EQ(life.shown(evicted, Field::name), "absent") << "no pass takes it back";
  worker.say(snapshot::Update::Cause::event);
  life.loop.advance(1s);
  ASSERT_TRUE(life.loop.run_until([&] { return life.shown(evicted, Field::name) != "absent"; }));
  life.loop.advance(1s);
  EXPECT_TRUE(life.loop.run_until([&] { return life.shown(evicted, Field::isWorking) == "true"; }));
}

TEST_F(EngineLifeTest, TheLastSequenceOfAProducerIsKeptAcrossARestart) {
  const auto submit = [](Life& life, const std::string& id, std::uint64_t sequence,
                         const std::string& name) {
    model::ExternalEvent event;
    event.id = id;
    event.source = "agents/one";
    event.workspace = model::WorkspaceId("w");
    event.sequence = sequence;
    event.data = model::WorkspaceStateChanged{
        model::ProjectId("external"), model::WorkspaceStatus::READY, name, {}, {}, {}};
    std::vector<model::ExternalEvent> events;
    events.push_back(std::move(event));
    const auto answer = life.loop.wait_for<Result<Engine::EventsAnswer>>(
        [&](auto done) { life.engine.submit(std::move(events), std::move(done)); });
    EXPECT_TRUE(answer);
    return answer->verdicts.front().kind;
  };
  using Kind = Ingest::Verdict::Kind;
  constexpr std::uint64_t kLast = ~std::uint64_t{0};
  {
    Life life(dir.path());
    ASSERT_TRUE(life.start());
    EXPECT_EQ(submit(life, "1", kLast - 1, "before"), Kind::accepted);
    EXPECT_EQ(submit(life, "2", kLast, "last"), Kind::accepted);
  }
  Life next(dir.path());
  ASSERT_TRUE(next.start());
  EXPECT_EQ(next.shown(model::WorkspaceId("w"), Field::name), R"("last")");
  EXPECT_EQ(submit(next, "3", kLast, "again"), Kind::stale);
  EXPECT_EQ(submit(next, "4", 1, "wrapped"), Kind::stale);
  EXPECT_EQ(next.shown(model::WorkspaceId("w"), Field::name), R"("last")");
}

}  // namespace
}  // namespace sb::orchestration
