#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "commands_house.h"

namespace sb::workspace {

/// A repository on the board, with nothing told yet.
class CommandsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    project_ = life_.house.project(repo_.path());
    life_.house.events.clear();
  }
  [[nodiscard]] std::filesystem::path folder(const std::string& name) const {
    return dir_ / "repo.worktrees" / name;
  }
  std::string branches() { return repo_.git({"branch", "--format=%(refname:short)"}); }
  model::WorkspaceId id_of(const std::filesystem::path& path) {
    return life_.house.workspace_at(path).id;
  }

  testing::TempDir dir_;
  testing::GitRepo repo_{dir_ / "repo"};
  CommandsHouse life_{dir_ / "snapboard.db"};
  ProjectRow project_;
};

}  // namespace sb::workspace
