#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sb/core/json_codec.h"
#include "sb/github/github_service.h"
#include "sb/github/schema.h"
#include "sb/http_client/client.h"
#include "sb/process/posix_runner.h"
#include "sb/sqlite/database.h"
#include "sb/testing/fake_github.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/git_repo.h"
#include "sb/testing/temp_dir.h"

namespace sb::github {

/// The service over real things (SQLite, git files, HTTP to a server in GitHub's shape) and a clock
/// that can be skipped.
class House {
 public:
  explicit House(const std::string& database, const sb::testing::FakeGithub& server,
                 const std::function<void(GithubOptions&)>& change = {})
      : writer(open(database)), service(deps(), options(server, change)) {
    service.listen({[this](const PrRow& row) { told.push_back(row); },
                    [this](std::int64_t count) { review_counts.push_back(count); }});
    const auto loaded = service.load();
    EXPECT_TRUE(loaded);
    if (loaded) rows = loaded->rows;
  }
  ~House() {
    service.stop();
    http.cancel_all();
    processes.cancel_all();
    network.stop();
    workers.stop();
  }

  void put(const std::string& id, const std::filesystem::path& common,
           const std::string& worktree = "") {
    const auto git_dir = worktree.empty() ? common : common / "worktrees" / worktree;
    service.put({model::WorkspaceId(id), git_dir.string(), common.string()});
  }
  /// Asks now and waits for the answer.
  Result<void> refresh(const std::string& id) {
    return loop.wait_for<Result<void>>(
        [&](auto done) { service.refresh(model::WorkspaceId(id), std::move(done)); });
  }
  /// The newest row told of a workspace.
  [[nodiscard]] std::optional<PrRow> last(const std::string& id) const {
    for (auto row = told.rbegin(); row != told.rend(); ++row) {
      if (row->workspace.str() == id) return *row;
    }
    return std::nullopt;
  }
  [[nodiscard]] std::string shown(const std::string& id) const {
    const auto row = last(id);
    if (!row || !row->observed) return "unknown";
    if (!row->number) return "none";
    return std::to_string(*row->number) + " " + std::string(enum_text(row->state)) + " " +
           std::string(enum_text(row->ci)) +
           (row->conflict ? (*row->conflict ? " conflict" : " clean") : " ?");
  }
  [[nodiscard]] bool wait(const std::function<bool()>& condition) {
    return loop.run_until(condition);
  }

  sb::testing::FakeLoop loop;
  Metrics metrics;
  model::OwnCounter counter;
  sqlite::Writer writer;
  http_client::Client http;
  process::PosixRunner processes;
  WorkerPool workers{1};
  WorkerPool network{1};
  std::vector<PrRow> told;
  std::vector<std::int64_t> review_counts;
  std::vector<PrRow> rows;  ///< as loaded
  GithubService service;

 private:
  static std::unique_ptr<sqlite::Database> open(const std::string& path) {
    auto database = sqlite::Database::open(path);
    EXPECT_TRUE(database);
    EXPECT_TRUE((*database)->migrate("github", migrations()));
    return *std::move(database);
  }
  GithubService::Deps deps() {
    return {loop,      workers,      network, writer,  http,
            processes, loop.clock(), counter, metrics, Logger()};
  }
  static GithubOptions options(const sb::testing::FakeGithub& server,
                               const std::function<void(GithubOptions&)>& change) {
    GithubOptions options;
    options.token = "secret";
    options.api_url = server.url();
    options.gh_program = "gh-that-is-not-installed";
    if (change) change(options);
    return options;
  }
};

/// A repository with a remote at acme/app, and GitHub.
class ServiceTest : public ::testing::Test {
 protected:
  ServiceTest() { repo.git({"remote", "add", "origin", "git@github.com:acme/app.git"}); }

  /// Adds a worktree on a new branch that was pushed; its HEAD.
  std::string pushed(const std::string& branch) {
    repo.add_worktree("../" + branch, branch);
    return push(branch);
  }
  std::string push(const std::string& branch) {
    const std::string oid = repo.git({"rev-parse", branch});
    repo.git({"update-ref", "refs/remotes/origin/" + branch, oid});
    return oid;
  }
  [[nodiscard]] std::filesystem::path common() const { return repo / ".git"; }
  void set(const sb::testing::FakePullRequest& pr) {
    const auto lock = server.lock();
    server.repositories["acme/app"] = {pr};
  }
  [[nodiscard]] std::string database() const { return (dir / "test.db").string(); }

  sb::testing::TempDir dir;
  sb::testing::GitRepo repo{dir / "repo"};
  sb::testing::FakeGithub server;
};

}  // namespace sb::github
