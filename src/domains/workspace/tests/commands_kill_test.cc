#include <unistd.h>

#include <map>
#include <span>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sb/testing/child_process.h"

#include "child_modes.h"
#include "commands_house.h"

// A server that is killed while it takes commands keeps every one it answered. The child is this
// very program, started with kChildMode and its folder.

namespace sb::workspace {
namespace {

constexpr std::string_view kChildMode = "--command-until-killed";

int tell(const std::string& line) {
  return ::write(STDOUT_FILENO, line.data(), line.size()) < 0 ? 2 : 0;
}

/// Renames the main workspace and creates and archives others, one command after another; prints
/// what was answered.
int command_until_killed(const std::string& root, int first) {
  CommandsHouse life(root + "/snapboard.db");
  life.commands().begin();
  const auto project = life.house.read().projects.at(0).id;
  const auto main = life.house.workspace_at(root + "/repo").id;
  for (int number = first;; ++number) {
    const std::string text = std::to_string(number);
    if (!life.house.rename(main, "main " + text)) return 1;
    if (tell("renamed " + text + "\n") != 0) return 2;
    const auto created = life.create(project, "w" + text);
    if (!created) return 1;
    if (tell("created " + text + " " + created->id.str() + "\n") != 0) return 2;
    if (life.settled(created->id).status != model::WorkspaceStatus::READY) return 1;
    if (!life.archive(created->id)) return 1;
    if (tell("archived " + text + " " + created->id.str() + "\n") != 0) return 2;
  }
}

/// What a child said it answered.
struct Answered {
  int last = 0;
  int renamed = 0;
  std::map<std::string, std::string> state;  ///< id to "created" or "archived"

  void take(const std::string& line) {
    const auto space = line.find(' ');
    const auto second = line.find(' ', space + 1);
    last = std::stoi(line.substr(space + 1));
    if (line.starts_with("renamed")) {
      renamed = last;
    } else {
      state[line.substr(second + 1)] = line.substr(0, space);
    }
  }
};

TEST(KilledCommands, KeepEveryOneThatWasAnswered) {
  const testing::TempDir dir;
  const testing::GitRepo repo(dir / "repo");
  {
    House(dir / "snapboard.db").project(repo.path());
  }
  Answered answered;
  for (const int lines : {1, 2, 3, 5, 8, 4}) {
    testing::ChildProcess child(
        {"/proc/self/exe", std::string(kChildMode), dir.str(), std::to_string(answered.last + 1)});
    for (int i = 0; i < lines; ++i) {
      const auto line = child.read_line();
      ASSERT_TRUE(line) << "the child ended early with " << child.wait();
      answered.take(*line);
    }
    child.kill_now();
    while (const auto line = child.read_line()) answered.take(*line);
    child.wait();
  }
  CommandsHouse life(dir / "snapboard.db");
  std::map<std::string, WorkspaceRow> held;
  for (const auto& row : life.house.read().workspaces) held[row.id.str()] = row;
  EXPECT_GE(std::stoi(life.house.workspace_at(repo.path()).name.substr(5)), answered.renamed);
  for (const auto& [id, state] : answered.state) {
    const auto row = held.find(id);
    if (state == "archived") {
      EXPECT_EQ(row, held.end()) << id;
      continue;
    }
    // Created is on the board, or archived without its answer reaching us.
    if (row == held.end()) {
      EXPECT_TRUE(life.put_back(model::WorkspaceId(id))) << id;
      continue;
    }
    using enum model::WorkspaceStatus;
    const auto status = row->second.status;
    EXPECT_TRUE(status == NEW || status == FAILED || status == READY || status == ARCHIVING);
  }
}

const bool kChildModeAdded = add_child_mode(kChildMode, [](std::span<char*> arguments) {
  return command_until_killed(arguments[0], std::stoi(arguments[1]));
});

}  // namespace
}  // namespace sb::workspace
