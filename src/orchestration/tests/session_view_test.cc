#include "sb/orchestration/session_view.h"

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "sb/fs_watch/watcher.h"
#include "sb/process/process_watch.h"
#include "sb/session/schema.h"
#include "sb/snapshot/store.h"
#include "sb/sqlite/database.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/temp_dir.h"

#include "drift.h"

namespace sb::orchestration {
namespace {

using model::Field;

/// One workspace on the board, and the road of facts to it.
class Board final : public WorkspaceDirectory, public OwnFactSink {
 public:
  explicit Board(const std::string& path) {
    row.id = model::WorkspaceId("w");
    row.project = model::ProjectId("p");
    row.worktree_path = path;
    row.status = model::WorkspaceStatus::READY;
    model::ProjectInfo project;
    project.id = row.project;
    EXPECT_TRUE(store.put_project(project));
    model::FactPatch patch;
    patch.set<&model::Facts::projectId>(row.project);
    patch.set<&model::Facts::status>(row.status);
    state(row.id, counter.next(), std::move(patch), "event:test", snapshot::Update::Cause::event);
  }
  [[nodiscard]] const workspace::WorkspaceRow* workspace(
      const model::WorkspaceId& id) const override {
    return id == row.id ? &row : nullptr;
  }
  [[nodiscard]] const workspace::ProjectRow* project(const model::ProjectId&) const override {
    return nullptr;
  }
  void each_workspace(
      const std::function<void(const workspace::WorkspaceRow&)>& visit) const override {
    visit(row);
  }
  snapshot::Applied state(const model::WorkspaceId& id, model::Stamp stamp, model::FactPatch patch,
                          std::string_view label, snapshot::Update::Cause cause) override {
    if (deaf && cause == snapshot::Update::Cause::event) return {};  // lost on the way
    snapshot::Update update;
    update.workspace = id;
    update.stamp = stamp;
    update.cause = cause;
    update.label = label;
    update.facts = std::move(patch);
    return store.apply(std::move(update), loop.clock().wall_now(), loop.clock().mono_now());
  }
  [[nodiscard]] std::string code() const {
    const auto entry = store.entry(row.id);
    const std::string text(entry->text->member(Field::statusReason));
    const auto begin = text.find(R"("code":")") + 8;
    return text.substr(begin, text.find('"', begin) - begin);
  }

  sb::testing::FakeLoop loop;
  model::OwnCounter counter;
  snapshot::Store store{"life", snapshot::Limits{}};
  workspace::WorkspaceRow row;
  bool deaf = false;
};

class SessionViewTest : public ::testing::Test {
 protected:
  SessionViewTest() {
    EXPECT_TRUE(view.load());
    view.start();
  }
  ~SessionViewTest() override {
    view.stop();
    workers.stop();
  }
  void hook(const std::string& event, const std::string& members = "") {
    session::HookLocators locators;
    locators.order =
        static_cast<std::uint64_t>(board.loop.clock().mono_now().time_since_epoch().count());
    const std::string body = R"({"session_id":"s","hook_event_name":")" + event + R"(","cwd":")" +
                             board.row.worktree_path + "/inner\"" + members + "}";
    const auto taken = board.loop.wait_for<Result<void>>(
        [&](auto done) { sessions.report("claude", locators, body, std::move(done)); });
    EXPECT_TRUE(taken) << (taken ? "" : taken.error().message);
  }
  void pass() {
    board.loop.wait_for<bool>([&](auto done) { view.reconcile(drift, [done] { done(true); }); });
  }
  static std::unique_ptr<sqlite::Database> open(const std::filesystem::path& path) {
    auto database = sqlite::Database::open(path.string());
    EXPECT_TRUE(database);
    EXPECT_TRUE((*database)->migrate("session", session::migrations()));
    return *std::move(database);
  }

  sb::testing::TempDir dir;
  Board board{dir.str() + "/wt"};
  Metrics metrics;
  DriftLog drift{metrics, Logger()};
  sqlite::Writer writer{open(dir / "s.db")};
  process::ProcessWatch processes{board.loop};
  fs_watch::Watcher watcher{fs_watch::Watcher::Options{}};
  WorkerPool workers{1};
  session::SessionService sessions{{board.loop, workers, writer, processes, watcher,
                                    board.loop.clock(), board.counter, Logger()},
                                   {}};
  SessionView view{{sessions, board, board, board.loop.clock(), Logger()}};
};

TEST_F(SessionViewTest, AHookIsOnTheCardOnceItIsCommitted) {
  hook("UserPromptSubmit");
  EXPECT_EQ(board.code(), "AGENT_WORKING");
  hook("PermissionRequest", R"(,"tool_name":"AskUserQuestion")");
  EXPECT_EQ(board.code(), "NEEDS_ANSWER");
  hook("Stop");
  EXPECT_EQ(board.code(), "READY_FOR_NEXT_PROMPT");
}

TEST_F(SessionViewTest, ALostEventIsRepairedByTheNextPassAndCountedAsDrift) {
  hook("UserPromptSubmit");
  board.deaf = true;
  hook("PermissionRequest", R"(,"tool_name":"Bash")");
  board.deaf = false;
  EXPECT_EQ(board.code(), "AGENT_WORKING");
  pass();
  EXPECT_EQ(board.code(), "NEEDS_PERMISSION");
  const auto corrected = drift.total();
  EXPECT_GT(corrected, 0U);
  pass();
  EXPECT_EQ(drift.total(), corrected) << "drift counts corrections that were applied";
}

TEST_F(SessionViewTest, ALostRemovalIsRepairedByTheNextPass) {
  hook("PermissionRequest", R"(,"tool_name":"Bash")");
  EXPECT_EQ(board.code(), "NEEDS_PERMISSION");
  board.deaf = true;
  board.loop.wait_for<bool>(
      [&](auto done) { sessions.remove("claude:s", [done](const Result<void>&) { done(true); }); });
  board.deaf = false;
  EXPECT_EQ(board.code(), "NEEDS_PERMISSION");
  pass();
  EXPECT_NE(board.code(), "NEEDS_PERMISSION");
}

TEST_F(SessionViewTest, AnIdlePassChangesNothing) {
  hook("UserPromptSubmit");
  const auto head = board.store.head();
  pass();
  EXPECT_EQ(board.store.head(), head);
  EXPECT_EQ(drift.total(), 0U);
}

TEST_F(SessionViewTest, AReleasedWorkspaceKeepsNoSession) {
  hook("PermissionRequest", R"(,"tool_name":"Bash")");
  board.loop.wait_for<bool>([&](auto done) { view.release(board.row.id, [done] { done(true); }); });
  EXPECT_NE(board.code(), "NEEDS_PERMISSION");
  EXPECT_EQ(board.store.session(board.row.id, "claude:s"), nullptr);
}

TEST_F(SessionViewTest, ASessionOutsideOfAllIsNamedInTheHealth) {
  board.row.worktree_path = dir.str() + "/other";
  const std::string body = R"({"session_id":"s","hook_event_name":"Stop","cwd":"/nowhere"})";
  ASSERT_TRUE(board.loop.wait_for<Result<void>>([&](auto done) {
    sessions.report("claude", session::HookLocators(), body, std::move(done));
  }));
  EXPECT_NE(view.health().detail.find("/nowhere"), std::string::npos);
}

}  // namespace
}  // namespace sb::orchestration
