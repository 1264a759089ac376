#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sb/process/supervision.h"
#include "sb/ratchet/ratchet_service.h"
#include "sb/ratchet/schema.h"
#include "sb/sqlite/database.h"
#include "sb/testing/fake_loop.h"
#include "sb/testing/held_writer.h"
#include "sb/testing/temp_dir.h"

namespace sb::ratchet {

using Row = Result<RatchetRow>;
using Outcome = model::RatchetDispatchOutcome;

/// One life of the server, as far as this room is concerned: real database thread, workers and
/// supervisors (this very program in its other mode), the test's loop. The test says who works
/// where, and what GitHub answers when it is asked. Every workspace has the same worktree.
class House final : public Surroundings, public FixerSessions {
 public:
  House(std::filesystem::path database, std::string script)
      : path_(std::move(database)), script_(std::move(script)) {
    start();
  }
  ~House() override { stop(); }
  House(const House&) = delete;
  House& operator=(const House&) = delete;

  void start() {
    auto database = sqlite::Database::open(path_.string());
    if (!database || !(*database)->migrate("ratchet", migrations())) {
      throw std::runtime_error("no database");
    }
    supervision_ = std::make_unique<process::Supervision>();
    writer_ = std::make_unique<sqlite::Writer>(*std::move(database));
    workers_ = std::make_unique<WorkerPool>(2);
    counter_ = model::OwnCounter();
    RatchetOptions options;
    if (!script_.empty()) options.command = {"sh", "-c", script_, "fixer", "said: $PROMPT"};
    options.grace = testing::kTestDeadline;
    service_ = std::make_unique<RatchetService>(
        RatchetService::Deps{loop_, *workers_, *writer_, *supervision_, loop_.clock(), random_,
                             counter_, Logger()},
        std::move(options));
    service_->plug(static_cast<Surroundings*>(this));
    service_->plug(static_cast<FixerSessions*>(this));
    service_->on_event([this](const RatchetChanged& event) { events.push_back(event); });
    auto loaded = service_->load();
    if (!loaded) throw std::runtime_error(loaded.error().message);
    loaded_ = *std::move(loaded);
    service_->begin();
  }
  /// Ends as if killed: nothing is written any more.
  void stop() {
    service_.reset();
    workers_.reset();
    writer_.reset();
    supervision_.reset();
    loop_.run_ready();
  }
  void restart() {
    stop();
    events.clear();
    start();
  }

  Row toggle(const std::string& id, bool enabled) {
    return loop_.wait_for<Row>([&](auto done) {
      service_->set_enabled(model::WorkspaceId(id), enabled, std::move(done));
    });
  }
  bool halt(const std::string& id) {
    return loop_.wait_for<bool>([&](auto done) {
      service_->halt(model::WorkspaceId(id), [done = std::move(done)] { done(true); });
    });
  }
  bool release(const std::string& id) {
    return loop_.wait_for<bool>([&](auto done) {
      service_->release(model::WorkspaceId(id), [done = std::move(done)] { done(true); });
    });
  }
  Result<OutputPiece> output(const std::string& id, std::uint64_t from = 0,
                             std::chrono::milliseconds wait = {}) {
    return loop_.wait_for<Result<OutputPiece>>([&](auto done) {
      service_->output(model::WorkspaceId(id), from, 1U << 20U, wait, std::move(done));
    });
  }
  /// A pull request whose checks fail, at `head`.
  static PullRequest failing(const std::string& head = "aaa") {
    PullRequest pull;
    pull.number = 7;
    pull.state = model::PrState::OPEN;
    pull.ci = model::CiStatus::FAILURE;
    pull.conflict = false;
    pull.head_commit = head;
    pull.url = "https://github.com/acme/app/pull/7";
    pull.branch = "fix-it";
    return pull;
  }
  void see(const std::string& id, PullRequest pull = failing()) {
    service_->observe(model::WorkspaceId(id), std::move(pull));
  }
  /// What every pass does.
  Contents pass() {
    auto contents =
        loop_.wait_for<Result<Contents>>([&](auto done) { service_->read(std::move(done)); });
    if (!contents) throw std::runtime_error(contents.error().message);
    service_->look_around();
    return *std::move(contents);
  }
  /// The row of a workspace as a read finds it now.
  std::optional<RatchetRow> row(const std::string& id) {
    auto contents =
        loop_.wait_for<Result<Contents>>([&](auto done) { service_->read(std::move(done)); });
    if (!contents) throw std::runtime_error(contents.error().message);
    for (const auto& row : contents->rows) {
      if (row.workspace.str() == id) return row;
    }
    return std::nullopt;
  }
  /// Waits until the last event of the workspace says so.
  bool told(const std::string& id, std::optional<Outcome> outcome) {
    return loop_.run_until([&] {
      const auto* row = last(id);
      return row != nullptr && row->record.outcome == outcome;
    });
  }
  [[nodiscard]] const RatchetRow* last(const std::string& id) const {
    for (auto event = events.rbegin(); event != events.rend(); ++event) {
      if (event->row.workspace.str() == id) return &event->row;
    }
    return nullptr;
  }
  void sql(const std::string& text) {
    EXPECT_TRUE(writer_->run([&](sqlite::Database& database) { return database.execute(text); }));
  }
  /// Waits until nothing is on its way any more: a read goes through the same queue.
  void settle() { static_cast<void>(row("")); }

  [[nodiscard]] std::optional<std::string> worktree(const model::WorkspaceId& id) const override {
    if (no_worktree.contains(id.str())) return std::nullopt;
    return dir_.path().string();
  }
  [[nodiscard]] bool taken(const model::WorkspaceId& id) const override {
    return working.contains(id.str());
  }
  void look(const model::WorkspaceId& id, std::function<void(Result<void>)> done) override {
    looks.emplace_back(id.str(), std::move(done));
  }
  void started(const Fixer& fixer) override { sessions.push_back(fixer); }
  void ended(const Fixer& fixer, std::optional<std::int64_t> exit_code) override {
    ended_sessions.emplace_back(fixer.id, exit_code);
  }

  testing::FakeLoop& loop() { return loop_; }
  RatchetService& service() { return *service_; }
  sqlite::Writer& writer() { return *writer_; }
  model::OwnCounter& counter() { return counter_; }
  const Contents& loaded() const { return loaded_; }
  [[nodiscard]] std::filesystem::path dir() const { return dir_.path(); }

  std::vector<RatchetChanged> events;
  std::set<std::string> working;
  std::set<std::string> no_worktree;
  std::vector<std::pair<std::string, std::function<void(Result<void>)>>> looks;
  std::vector<Fixer> sessions;
  std::vector<std::pair<std::string, std::optional<std::int64_t>>> ended_sessions;

 private:
  std::filesystem::path path_;
  std::string script_;
  testing::TempDir dir_;
  testing::FakeLoop loop_;
  SystemRandom random_;
  model::OwnCounter counter_;
  std::unique_ptr<process::Supervision> supervision_;
  std::unique_ptr<sqlite::Writer> writer_;
  std::unique_ptr<WorkerPool> workers_;
  std::unique_ptr<RatchetService> service_;
  Contents loaded_;
};

using testing::HeldWriter;

}  // namespace sb::ratchet
