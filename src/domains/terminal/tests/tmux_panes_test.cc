#include "sb/terminal/tmux_panes.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/core/json_codec.h"
#include "sb/core/worker_pool.h"

#include "house.h"

// A real tmux server of the test's own.

namespace sb::terminal {
namespace {

using enum model::TerminalState;

class TmuxPanesTest : public ::testing::Test, public WorkspaceLocator {
 protected:
  void SetUp() override {
    for (const char* name : {"w1", "w2", "out"}) std::filesystem::create_directory(dir_ / name);
    house_.service().set_locator(this);
    panes_.emplace(
        TmuxPanes::Deps{house_.loop(), workers_, house_.service(), house_.loop().clock(), Logger()},
        socket_);
  }
  void TearDown() override {
    panes_.reset();
    workers_.stop();
    tmux({"kill-server"});
  }
  /// The folders w1 and w2 are workspaces of that name.
  [[nodiscard]] std::optional<model::WorkspaceId> at(std::string_view directory) const override {
    for (const char* name : {"w1", "w2"}) {
      if (directory == (dir_ / name).string()) return model::WorkspaceId(name);
    }
    return std::nullopt;
  }
  int tmux(std::vector<std::string> words) {
    std::vector<std::string> argv{"tmux", "-f", "/dev/null", "-S", socket_};
    argv.insert(argv.end(), words.begin(), words.end());
    return testing::ChildProcess(argv, {}, {{"TMUX", ""}, {"SHELL", "/bin/sh"}}).wait();
  }
  void session(const std::string& name, const std::string& folder) {
    ASSERT_EQ(tmux({"new-session", "-d", "-s", name, "-c", (dir_ / folder).string(), "exec sh"}),
              0);
  }
  void type(const std::string& pane, const std::string& text) {
    ASSERT_EQ(tmux({"send-keys", "-t", pane, text, "Enter"}), 0);
  }
  /// Waits until the open terminals are these: "workspace state".
  bool are(const std::vector<std::string>& wanted) {
    const auto ask = [&] {
      std::vector<std::string> now;
      for (const auto& row : house_.read().rows) {
        if (row.state == closed) continue;
        now.push_back(row.workspace.str() + " " + std::string(enum_text(row.state)));
      }
      std::sort(now.begin(), now.end());
      return now == wanted;
    };
    return house_.loop().run_until(ask);
  }

  testing::TempDir dir_;
  std::string socket_ = (dir_ / "tmux").string();
  House house_{dir_ / "test.db"};
  WorkerPool workers_{1};
  std::optional<TmuxPanes> panes_;
};

TEST_F(TmuxPanesTest, WithoutAServerNoProcessIsStarted) {
  panes_->start();
  house_.loop().advance(10 * TmuxPanes::kLook);
  EXPECT_EQ(panes_->started(), 0U);
  // A socket that nobody serves is no server either.
  std::filesystem::create_directory(socket_);
  house_.loop().advance(10 * TmuxPanes::kLook);
  EXPECT_EQ(panes_->started(), 0U);
  std::filesystem::remove(socket_);
}

TEST_F(TmuxPanesTest, PanesInAWorkspaceAreTerminalsInEverySession) {
  session("one", "w1");
  session("two", "w2");
  session("three", "out");
  panes_->start();
  ASSERT_TRUE(are({"w1 idle", "w2 idle"}));
  house_.loop().advance(20 * TmuxPanes::kLook);
  ASSERT_TRUE(are({"w1 idle", "w2 idle"}));
  EXPECT_EQ(panes_->started(), 1U) << "one client for all looks";
}

TEST_F(TmuxPanesTest, AServerThatComesLaterIsFound) {
  panes_->start();
  session("one", "w1");
  house_.loop().advance(TmuxPanes::kLook);
  EXPECT_TRUE(are({"w1 idle"}));
}

TEST_F(TmuxPanesTest, ACommandMakesAPaneBusyAndANewWindowIsHeardOf) {
  session("one", "w1");
  panes_->start();
  ASSERT_TRUE(are({"w1 idle"}));
  type("one", "sleep 1000");
  EXPECT_TRUE(are({"w1 busy"}));
  ASSERT_EQ(tmux({"new-window", "-d", "-t", "one", "-c", (dir_ / "w2").string(), "exec sh"}), 0);
  EXPECT_TRUE(are({"w1 busy", "w2 idle"}));
}

TEST_F(TmuxPanesTest, APaneFollowsItsShellFromFolderToFolder) {
  session("one", "out");
  panes_->start();
  ASSERT_TRUE(house_.loop().run_until([&] { return panes_->attached(); }));
  type("one", "cd " + (dir_ / "w1").string());
  EXPECT_TRUE(are({"w1 idle"}));
  type("one", "cd " + (dir_ / "w2").string());
  EXPECT_TRUE(are({"w2 idle"}));
  type("one", "cd " + (dir_ / "out").string());
  EXPECT_TRUE(are({}));
}

TEST_F(TmuxPanesTest, APaneThatEndsIsClosedAndOfADeadServerNothingIsLeft) {
  session("one", "w1");
  session("two", "w2");
  panes_->start();
  ASSERT_TRUE(are({"w1 idle", "w2 idle"}));
  type("one", "exit");
  EXPECT_TRUE(are({"w2 idle"}));
  ASSERT_EQ(tmux({"kill-server"}), 0);
  EXPECT_TRUE(are({}));
  EXPECT_TRUE(house_.loop().run_until([&] { return !panes_->attached(); }));
}

TEST_F(TmuxPanesTest, TheSessionOfTheUserIsNeitherSizedNorTypedInto) {
  ASSERT_EQ(tmux({"new-session", "-d", "-s", "one", "-x", "133", "-y", "44", "-c",
                  (dir_ / "w1").string(), "exec sh"}),
            0);
  panes_->start();
  ASSERT_TRUE(are({"w1 idle"}));
  testing::ChildProcess asked({"tmux", "-S", socket_, "list-clients", "-F", "#{client_flags}"});
  const std::string flags = asked.read_all();
  EXPECT_THAT(flags, ::testing::HasSubstr("read-only"));
  EXPECT_THAT(flags, ::testing::HasSubstr("ignore-size"));
  EXPECT_THAT(flags, ::testing::HasSubstr("no-output"));
  testing::ChildProcess size(
      {"tmux", "-S", socket_, "list-windows", "-t", "one", "-F", "#{window_width}"});
  EXPECT_EQ(size.read_all(), "133\n");
}

}  // namespace
}  // namespace sb::terminal
