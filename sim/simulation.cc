#include "simulation.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sb/model/fact_codec.h"

#include "sync_client.h"

namespace sb::sim {

using namespace std::chrono_literals;
using model::Field;

namespace {

constexpr std::chrono::milliseconds kSettle{900};  // longer than any message is on its way
constexpr int kReady = static_cast<int>(model::WorkspaceStatus::READY);
constexpr int kArchiving = static_cast<int>(model::WorkspaceStatus::ARCHIVING);
constexpr int kClockSeeds = 16;  // one of so many seeds runs twice, for I10

class Simulation {
 public:
  explicit Simulation(const RunOptions& options)
      : env_(options.seed, options.trace), checks_(env_), wall_steps_(options.wall_steps) {
    env_.swarm = Swarm::draw(env_.rng);
    env_.judge.note("seed " + std::to_string(options.seed) + ": " + env_.swarm.text());
    for (int i = 0; i < env_.swarm.producers; ++i) {
      producers_.emplace_back(env_, i + 1, env_.swarm.sequenced[i]);
    }
    for (int i = 0; i < env_.swarm.clients; ++i) {
      if (env_.rng.percent(env_.swarm.dialect2)) {
        clients_.push_back(std::make_unique<SyncClient>(env_, checks_, i + 1));
      } else {
        clients_.push_back(
            std::make_unique<Client>(env_, checks_, i + 1, env_.rng.below(kProjects)));
      }
    }
  }

  RunResult run() {
    boot();
    for (int left = env_.swarm.actions; left > 0 && !env_.judge.failed(); --left) {
      act();
      run_for(env_.rng.percent(10) ? 0ms : env_.delay_up_to(2 * env_.swarm.gap));
    }
    if (!env_.judge.failed()) come_to_rest();
    return {env_.judge.failure(), env_.loop.steps(), checks_.fingerprint(), env_.swarm.text()};
  }

 private:
  void run_for(std::chrono::nanoseconds time) {
    const MonoTime until = env_.loop.mono_now() + time;
    while (!env_.judge.failed() && env_.loop.run_one(until)) {
    }
    if (!env_.judge.failed()) env_.loop.skip_to(until);
  }

  // --- the process ---

  void boot() {
    server_ = std::make_shared<Server>(env_, world_, checks_, "epoch" + std::to_string(++epochs_));
    server_->start();
    for (auto& producer : producers_) producer.attach(server_.get());
    for (auto& client : clients_) client->attach(server_.get());
  }
  void crash() {
    env_.judge.note("the server dies");
    for (auto& producer : producers_) producer.attach(nullptr);
    for (auto& client : clients_) client->attach(nullptr);
    server_.reset();
    env_.loop.after(env_.delay_up_to(60ms), [this] { boot(); });
  }

  // --- what happens ---

  void act() {
    auto& rng = env_.rng;
    const auto& swarm = env_.swarm;
    if (env_.strikes(swarm.crash) && server_) return crash();
    if (env_.strikes(swarm.wall_step)) {
      const auto by = std::chrono::milliseconds(rng.between<std::int64_t>(-3'600'000, 3'600'000));
      if (wall_steps_) env_.loop.step_wall(by);
    }
    if (!server_ || !server_->ready()) return;
    if (env_.strikes(swarm.review_count)) return server_->set_review_count(rng.below(4));
    if (env_.strikes(swarm.client_acts) && !clients_.empty()) {
      return clients_.at(rng.below(clients_.size()))->act();
    }
    if (env_.strikes(swarm.project_removed)) return project_comes_or_goes();
    if (!producers_.empty() && rng.percent(60)) {
      return producers_.at(rng.below(producers_.size())).act(world_);
    }
    own_act();
  }

  void own_act() {
    auto& rng = env_.rng;
    int workspace = rng.below(env_.swarm.workspaces);
    if (env_.strikes(env_.swarm.hot_key)) workspace = 0;
    if (owner_of(workspace, env_.swarm.producers) != kOwn) return;
    if (rng.percent(25)) return git_moves(workspace);
    const int churn = rng.percent(env_.swarm.churn) ? rng.below(5) : -1;
    const int project = rng.below(kOwnProjects);
    const int status = rng.below(4);
    server_->own_write(
        [this, workspace, churn, project, status](World& world, std::uint64_t stamp) {
          return write_row(world, workspace, churn, project, status, stamp);
        },
        workspace, 0);
  }

  Server::Told write_row(World& world, int workspace, int churn, int project, int status,
                         std::uint64_t stamp) {
    const auto found = world.rows.find(workspace);
    if (!world.own_projects.contains(project)) project = 0;
    const std::int64_t version = ++env_.versions;
    if (found == world.rows.end()) {
      world.rows[workspace] = {project, tagged(version, kOwn), kNull, kReady, version,
                               stamp,   workspace == 0};
      world.worktrees[workspace] = tagged(version, kOwn);
      return Server::Told::changed;
    }
    Row& row = found->second;
    if (churn == 0 || (churn == 1 && row.status == kArchiving)) {
      world.rows.erase(found);
      world.worktrees.erase(workspace);
      return Server::Told::removed;
    }
    row.name = tagged(version, kOwn);
    row.stamp = stamp;
    if (churn == 1 || churn == 2) {
      row.status = row.status == kArchiving ? kReady : kArchiving;
    } else if (churn == 3) {
      row.project = project;
    } else {
      row.status = status;
      if (version % 3 == 0) row.branch = version % 2 == 0 ? kNull : tagged(version, kOwn);
    }
    return Server::Told::changed;
  }

  void git_moves(int workspace) {
    const auto tree = world_.worktrees.find(workspace);
    if (tree == world_.worktrees.end()) return;
    tree->second = tagged(++env_.versions, kOwn);
    if (!env_.strikes(env_.swarm.hint_lost)) server_->git_hint(workspace);
  }

  void project_comes_or_goes() {
    server_->own_write(
        [](World& world, std::uint64_t) {
          if (world.own_projects.insert(1).second) return Server::Told::project_added;
          world.own_projects.erase(1);
          std::erase_if(world.worktrees, [&](const auto& tree) {
            return world.rows.contains(tree.first) && world.rows.at(tree.first).project == 1;
          });
          std::erase_if(world.rows, [](const auto& row) { return row.second.project == 1; });
          return Server::Told::project_removed;
        },
        0, 1);
  }

  // --- the end ---

  void come_to_rest() {
    env_.calm = true;
    env_.judge.note("the rest");
    if (!server_) run_for(60ms);
    run_for(30ms);  // until it is ready
    run_for(kSettle);
    pass();  // what a producer speaks about has to be there
    for (auto& producer : producers_) producer.restart();
    run_for(kSettle);
    for (auto& producer : producers_) producer.restate();
    run_for(kSettle);
    // Twice: what the first pass found moved is read after it.
    pass();
    pass();
    run_for(500ms);
    if (env_.judge.failed()) return;
    server_->judge();
    converged();
    for (auto& client : clients_) client->at_rest(server_->store());
    silent();
  }

  void pass() {
    bool done = false;
    server_->reconcile([&done] { done = true; });
    const MonoTime limit = env_.loop.mono_now() + 5s;
    while (!done && !env_.judge.failed() && env_.loop.run_one(limit)) {
    }
    env_.judge.hold(done || env_.judge.failed(), "I8", [] { return "a pass never ended"; });
  }

  // I9: everything said and read again moves nothing.
  void silent() {
    const auto head = server_->store().head();
    const auto drift = server_->drift();
    if (!contested()) {
      for (auto& producer : producers_) producer.restate();
      run_for(kSettle);
    }
    pass();
    run_for(100ms);
    env_.judge.hold(server_->store().head() == head || env_.judge.failed(), "I9", [&] {
      return "repeating everything took revisions " + std::to_string(head + 1) + " to " +
             std::to_string(server_->store().head());
    });
    env_.judge.hold(server_->drift() == drift, "I9", [] { return "a quiet pass counted drift"; });
  }

  // Two producers that speak about one workspace take turns: the last arrival wins.
  [[nodiscard]] bool contested() const {
    if (server_->store().counts().evictions_total != 0) return true;  // they take turns as well
    std::map<int, int> speakers;
    for (const auto& producer : producers_) {
      for (const auto& [workspace, subject] : producer.truth()) {
        if (subject.spoken) ++speakers[workspace];
      }
    }
    return std::any_of(speakers.begin(), speakers.end(),
                       [](const auto& spoken) { return spoken.second > 1; });
  }

  // I7: what is held equals what is so, whatever was lost on the way.
  void converged() {
    for (int workspace = 0; workspace < env_.swarm.workspaces; ++workspace) {
      const auto* facts = server_->store().facts(workspace_id(workspace));
      const int owner = owner_of(workspace, env_.swarm.producers);
      const auto row = world_.rows.find(workspace);
      const auto at = [&] { return "w" + std::to_string(workspace) + " "; };
      bool exists = row != world_.rows.end();
      if (owner != kOwn) {
        const auto& truth = producers_.at(static_cast<std::size_t>(owner - 1)).truth();
        const auto subject = truth.find(workspace);
        exists = subject != truth.end() && subject->second.exists;
      }
      if (server_->oracle().evicted(workspace)) continue;
      if (facts == nullptr && exists && server_->store().counts().evictions_total != 0) continue;
      if (!env_.judge.hold(exists == (facts != nullptr), "I7", [&] {
            return at() + (exists ? "exists and is not shown" : "is gone and still shown");
          })) {
        return;
      }
      if (!exists) continue;
      for (std::size_t i = 0; i < model::kScalarCount; ++i) {
        const auto field = static_cast<Field>(i);
        const auto truths = said(workspace, field);
        if (truths.empty()) continue;
        bool held = false;
        for (const std::int64_t value : truths) {
          model::Facts truth;
          put_fact(truth, field, value);
          held = held || model::same_fact(*facts, truth, field);
        }
        env_.judge.hold(held, "I7", [&] {
          std::string shown;
          model::append_fact_json(shown, *facts, field);
          return at() + "holds " + std::string(model::field_name(field)) + " " + shown +
                 ", the truth is " + std::to_string(truths.front());
        });
      }
      sessions_converged(workspace);
    }
  }

  // What our own domains say, or else what any producer says.
  std::vector<std::int64_t> said(int workspace, Field field) {
    if (const auto row = world_.rows.find(workspace); row != world_.rows.end()) {
      const Statement own = row_statement(workspace, row->second);
      if (const Scalar* scalar = own.find(field)) return {scalar->value};
      const Statement git = git_statement(workspace, world_.worktrees.at(workspace));
      if (const Scalar* scalar = git.find(field)) return {scalar->value};
    }
    std::vector<std::int64_t> values;
    const bool evictions = server_->store().counts().evictions_total != 0;
    const int owner = owner_of(workspace, env_.swarm.producers);
    for (const auto& producer : producers_) {
      const auto subject = producer.truth().find(workspace);
      if (subject == producer.truth().end()) continue;
      const auto value = subject->second.scalars.find(field);
      if (value == subject->second.scalars.end()) continue;
      // Whoever is only a guest has to speak again after an entry had to go and came back.
      if (evictions && producer.source() != owner) return {};
      values.push_back(value->second);
    }
    return values;
  }

  void sessions_converged(int workspace) {
    const bool evictions = server_->store().counts().evictions_total != 0;
    for (const auto& producer : producers_) {
      if (evictions && producer.source() != owner_of(workspace, env_.swarm.producers)) continue;
      const auto subject = producer.truth().find(workspace);
      if (subject == producer.truth().end()) continue;
      for (int id = 0; id < 2; ++id) {
        const auto truth = subject->second.elements.find({Field::sessionSummaries, id});
        const auto* held =
            server_->store().session(workspace_id(workspace), session_id(producer.source(), id));
        const bool exists = truth != subject->second.elements.end();
        env_.judge.hold(
            exists == (held != nullptr) &&
                (!exists || *held == make_session(producer.source(), id, truth->second)),
            "I7", [&] {
              return "session " + session_id(producer.source(), id) + " of w" +
                     std::to_string(workspace) +
                     (held == nullptr ? " is missing"
                      : exists        ? " is not as it really is"
                                      : " is still there");
            });
      }
    }
  }

  Env env_;
  World world_;
  Checks checks_;
  bool wall_steps_;
  int epochs_ = 0;
  std::shared_ptr<Server> server_;
  std::vector<Producer> producers_;
  std::vector<std::unique_ptr<Reader>> clients_;
};

}  // namespace

RunResult run_once(const RunOptions& options) {
  auto simulation = std::make_unique<Simulation>(options);
  return simulation->run();
}

RunResult run_seed(std::uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  RunResult result = run_once(options);
  if (!result.ok() || seed % kClockSeeds != 0) return result;
  options.wall_steps = false;
  const RunResult calm = run_once(options);
  if (calm.fingerprint != result.fingerprint) {
    result.failure = {"I10", "another wall clock gives another output", 0};
  }
  return result;
}

}  // namespace sb::sim
