#include "sb/orchestration/own_domain.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "sb/testing/git_repo.h"
#include "sb/testing/temp_dir.h"

#include "life.h"

// What a domain that joins the engine is told.

namespace sb::orchestration {
namespace {

/// Counts what it is told.
class Witness final : public OwnDomain {
 public:
  struct Told {
    std::map<model::WorkspaceId, int> moved;
    std::map<model::WorkspaceId, int> released;
  };
  explicit Witness(Told& told) : told_(&told) {}
  Result<void> load() override { return {}; }
  void start() override {}
  void stop() override {}
  void reconcile(DriftLog&, std::function<void()> done) override { done(); }
  void git_moved(const model::WorkspaceId& id) override { ++told_->moved[id]; }
  void release(const model::WorkspaceId& id, std::function<void()> done) override {
    ++told_->released[id];
    done();
  }
  [[nodiscard]] EngineSource health() const override { return {"witness", "live", 0, ""}; }

 private:
  Told* told_;
};

TEST(OwnDomain, ACommitInAWorktreeIsAHintForThatWorkspace) {
  sb::testing::TempDir dir;
  Witness::Told told;
  Life life(dir.path());
  life.engine.add(std::make_unique<Witness>(told));
  ASSERT_TRUE(life.start());
  sb::testing::GitRepo repo(dir / "repo");
  const auto project = life.add(repo.str()).project.id;
  const auto id = life.only(project);
  const auto known = [&] {
    return life.shown(id, model::Field::gitStats).find("\"total\":0") != std::string::npos;
  };
  ASSERT_TRUE(life.loop.run_until(known));
  life.settle();
  EXPECT_TRUE(told.moved.empty()) << "a first read is no move";
  sb::testing::git(repo.str(), {"commit", "-q", "--allow-empty", "-m", "work"});
  EXPECT_TRUE(life.loop.run_until([&] { return told.moved[id] == 1; }));
}

}  // namespace
}  // namespace sb::orchestration
