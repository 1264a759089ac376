#include "sb/orchestration/github_view.h"

#include <future>
#include <string>

#include <gtest/gtest.h>

#include "sb/http_client/client.h"
#include "sb/testing/fake_github.h"
#include "sb/testing/git_repo.h"
#include "sb/testing/temp_dir.h"

#include "life.h"

// From GitHub's answers to the entries, over the real domain, SQLite, git and HTTP.

namespace sb::orchestration {
namespace {

using model::Field;
using namespace std::chrono_literals;

/// A life with the github domain in it.
class GithubLife {
 public:
  GithubLife(const std::filesystem::path& data, const sb::testing::FakeGithub& server)
      : life(data), github(deps(life), options(server)) {
    auto made = std::make_unique<GithubView>(GithubView::Deps{github, life.engine.directory(),
                                                              life.engine.own_facts(), life.store,
                                                              life.loop.clock(), ""});
    view = made.get();
    life.engine.add(std::move(made));
  }
  ~GithubLife() {
    life.engine.stop();
    http.cancel_all();
    network.stop();
    workers.stop();
  }
  Result<std::uint64_t> refresh(const model::WorkspaceId& id) {
    return life.loop.wait_for<Result<std::uint64_t>>(
        [&](auto done) { view->refresh(id, std::move(done)); });
  }

  Life life;
  http_client::Client http;
  WorkerPool workers{1};
  WorkerPool network{1};
  github::GithubService github;
  GithubView* view = nullptr;

 private:
  github::GithubService::Deps deps(Life& held) {
    return {held.loop,      workers,           network,      held.writer,  http,
            held.processes, held.loop.clock(), held.counter, held.metrics, Logger()};
  }
  static github::GithubOptions options(const sb::testing::FakeGithub& server) {
    github::GithubOptions options;
    options.token = "secret";
    options.api_url = server.url();
    options.gh_program = "gh-that-is-not-installed";
    return options;
  }
};

class GithubViewTest : public ::testing::Test {
 protected:
  GithubViewTest() {
    repo.git({"remote", "add", "origin", "https://github.com/acme/app"});
    pr.number = 7;
    pr.head_branch = "main";
    pr.head_oid = repo.git({"rev-parse", "HEAD"});
    set();
  }
  void set() {
    const auto lock = server.lock();
    server.repositories["acme/app"] = {pr};
  }
  /// Starts, registers the repository and asks once.
  model::WorkspaceId begin(GithubLife& held) {
    EXPECT_TRUE(held.life.start());
    project = held.life.add(repo.str()).project.id;
    const auto id = held.life.only(project);
    EXPECT_TRUE(held.refresh(id));
    return id;
  }
  static std::string source(const GithubLife& held) {
    for (const auto& source : held.life.engine.sources()) {
      if (source.name == "github") return source.state;
    }
    return "absent";
  }

  sb::testing::TempDir dir;
  sb::testing::GitRepo repo{dir / "repo"};
  sb::testing::FakeGithub server;
  sb::testing::FakePullRequest pr;
  model::ProjectId project;
};

TEST_F(GithubViewTest, S_97_APullRequestIsOnTheCardWithEverythingThatDerivesFromIt) {
  pr.review = "APPROVED";
  set();
  GithubLife held(dir.path(), server);
  const auto id = begin(held);
  const auto& life = held.life;
  EXPECT_EQ(life.shown(id, Field::prNumber), "7");
  EXPECT_EQ(life.shown(id, Field::prState), R"("APPROVED")");
  EXPECT_EQ(life.shown(id, Field::prCiStatus), R"("SUCCESS")");
  EXPECT_EQ(life.shown(id, Field::prHeadBranch), R"("main")");
  EXPECT_NE(life.shown(id, Field::prUpdatedAt), "null");
  EXPECT_NE(life.shown(id, Field::statusReason).find("READY_TO_MERGE"), std::string::npos);
  EXPECT_EQ(source(held), "live");
}

TEST_F(GithubViewTest, S_94_FactsOfAnOldPullRequestAreUnknownWhenItChanges) {
  pr.merge_state = "DIRTY";
  pr.mergeable = "CONFLICTING";
  set();
  GithubLife held(dir.path(), server);
  const auto id = begin(held);
  EXPECT_EQ(held.life.shown(id, Field::hasMergeConflict), "true");
  pr.number = 8;
  pr.merge_state = "UNKNOWN";
  pr.mergeable = "UNKNOWN";
  set();
  ASSERT_TRUE(held.refresh(id));
  EXPECT_EQ(held.life.shown(id, Field::prNumber), "8");
  EXPECT_EQ(held.life.shown(id, Field::hasMergeConflict), "false");
  EXPECT_NE(held.life.shown(id, Field::unknownFields).find("hasMergeConflict"), std::string::npos);
}

TEST_F(GithubViewTest, S_100_TheReviewCountComesByItself) {
  GithubLife held(dir.path(), server);
  begin(held);
  EXPECT_EQ(held.life.store.review_count(), 0);
  const auto revision = held.life.store.review_count_revision();
  {
    const auto lock = server.lock();
    server.review_count = 4;
  }
  held.life.loop.advance(61s);
  ASSERT_TRUE(held.life.loop.run_until([&] { return held.life.store.review_count() == 4; }));
  EXPECT_GT(held.life.store.review_count_revision(), revision);
}

TEST_F(GithubViewTest, S_63_ALostEventIsRepairedByThePassAndCountedAsDrift) {
  GithubLife held(dir.path(), server);
  const auto id = begin(held);
  held.github.listen({});  // from here on nothing reaches the store
  pr.state = "MERGED";
  set();
  ASSERT_TRUE(held.refresh(id));
  EXPECT_EQ(held.life.shown(id, Field::prState), R"("OPEN")");
  ASSERT_TRUE(held.life.reconcile(project));
  EXPECT_EQ(held.life.shown(id, Field::prState), R"("MERGED")");
  EXPECT_EQ(held.life.drift("prState"), 1);
  ASSERT_TRUE(held.life.reconcile(project));
  EXPECT_EQ(held.life.drift("prState"), 1);
}

TEST_F(GithubViewTest, WhileACommitIsHeldOpenNoEntryShowsTheFact) {
  GithubLife held(dir.path(), server);
  const auto id = begin(held);
  std::promise<void> holds;
  std::promise<void> release;
  held.life.writer.submit(
      [&](sqlite::Database&) -> Result<void> {
        holds.set_value();
        release.get_future().wait();
        return {};
      },
      [](const Result<void>&) {});
  holds.get_future().wait();
  pr.state = "MERGED";
  set();
  bool answered = false;
  held.view->refresh(id, [&](const Result<std::uint64_t>&) { answered = true; });
  (void)held.life.loop.run_until([&] { return answered; }, 300ms);
  EXPECT_FALSE(answered);
  EXPECT_EQ(held.life.shown(id, Field::prState), R"("OPEN")");
  release.set_value();
  ASSERT_TRUE(held.life.loop.run_until([&] { return answered; }));
  EXPECT_EQ(held.life.shown(id, Field::prState), R"("MERGED")");
}

TEST_F(GithubViewTest, AFailedWriteIsSeenByNobody) {
  GithubLife held(dir.path(), server);
  const auto id = begin(held);
  held.life.sql(
      "CREATE TRIGGER no BEFORE INSERT ON pull_request BEGIN SELECT raise(ABORT, 'no'); END");
  pr.state = "MERGED";
  set();
  EXPECT_FALSE(held.refresh(id));
  EXPECT_EQ(held.life.shown(id, Field::prState), R"("OPEN")");
}

TEST_F(GithubViewTest, AfterARestartTheCardIsThereBeforeGitHubWasAsked) {
  {
    GithubLife held(dir.path(), server);
    begin(held);
  }
  {
    const auto lock = server.lock();
    server.status = 503;
  }
  GithubLife again(dir.path(), server);
  ASSERT_TRUE(again.life.start());
  const auto id = again.life.only(project);
  EXPECT_EQ(again.life.shown(id, Field::prNumber), "7");
  EXPECT_EQ(again.life.shown(id, Field::prState), R"("OPEN")");
  EXPECT_FALSE(again.refresh(id));
  EXPECT_EQ(source(again), "unreachable");
  EXPECT_EQ(again.life.shown(id, Field::prState), R"("OPEN")");
}

TEST_F(GithubViewTest, AnAgentThatStopsMakesItsPullRequestWorthALook) {
  GithubLife held(dir.path(), server);
  const auto id = begin(held);
  held.life.loop.advance(1s);
  const auto say = [&](bool working) {
    model::ExternalEvent event;
    event.id = working ? "1" : "2";
    event.source = "agents/one";
    event.workspace = id;
    event.data = model::SessionActivityChanged{"s", working};
    std::vector<model::ExternalEvent> events;
    events.push_back(std::move(event));
    held.life.engine.submit(std::move(events), [](const Result<Engine::EventsAnswer>&) {});
  };
  say(true);
  pr.state = "MERGED";
  set();
  say(false);
  ASSERT_TRUE(held.life.loop.run_until(
      [&] { return held.life.shown(id, Field::prState) == R"("MERGED")"; }, 10s));
}

TEST_F(GithubViewTest, ACommitInTheWorktreeMakesItsPullRequestWorthALook) {
  GithubLife held(dir.path(), server);
  const auto id = begin(held);
  ASSERT_TRUE(
      held.life.loop.run_until([&] { return held.life.shown(id, Field::gitStats) != "null"; }));
  held.life.settle();
  repo.commit("new.txt", "new\n", "new work");
  pr.head_oid = repo.git({"rev-parse", "HEAD"});
  pr.review = "APPROVED";
  set();
  ASSERT_TRUE(held.life.loop.run_until(
      [&] { return held.life.shown(id, Field::prState) == R"("APPROVED")"; }));
}

}  // namespace
}  // namespace sb::orchestration
