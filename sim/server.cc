#include "server.h"

#include <algorithm>
#include <utility>

#include "reader.h"

namespace sb::sim {

using namespace std::chrono_literals;

namespace {

std::uint64_t highest_stamp(const World& world) {
  std::uint64_t highest = 0;
  for (const auto& [id, row] : world.rows) highest = std::max(highest, row.stamp);
  return highest;
}

workspace::WorkspaceRow to_row(int workspace, const Row& row) {
  const model::FactPatch facts = to_patch(row_statement(workspace, row), WallTime{});
  workspace::WorkspaceRow made;
  made.id = workspace_id(workspace);
  made.project = facts.values.projectId;
  made.name = facts.values.name;
  made.status = facts.values.status;
  made.created_at = facts.values.createdAt.value_or(WallTime{});
  made.branch_name = facts.values.branchName;
  made.worktree_path = facts.values.worktreePath.value_or("");
  made.git_dir = made.worktree_path + "/.git";
  made.is_main = facts.values.isMain;
  made.stamp = row.stamp;
  return made;
}

workspace::ProjectRow to_project(int project) {
  workspace::ProjectRow row;
  row.id = project_id(project);
  row.name = row.id.str();
  return row;
}

}  // namespace

// Git is told to read a worktree that appears, however it came to be known.
struct Server::Tracker final : orchestration::WorktreeTracker {
  explicit Tracker(Server& of) : server(&of) {}
  void track_project(const model::ProjectId&, std::string) override {}
  void untrack_project(const model::ProjectId&) override {}
  void track(git::Worktree worktree) override {
    untrack(worktree.id);
    server->git_hint(workspace_number(worktree.id.view()));
  }
  void untrack(const model::WorkspaceId& id) override {
    const int workspace = workspace_number(id.view());
    server->git_seen_.erase(workspace);
    const auto reading = server->git_reads_.find(workspace);
    if (reading != server->git_reads_.end()) reading->second = {false, true};
  }
  Server* server;
};

Server::Server(Env& env, World& world, Checks& checks, std::string epoch)
    : env_(env),
      world_(world),
      checks_(checks),
      counter_(highest_stamp(world)),
      store_(std::move(epoch), env.swarm.limits),
      encoder_(store_),
      views_(store_, env.swarm.batches),
      ingest_(store_),
      tracker_(std::make_unique<Tracker>(*this)),
      drift_(metrics_, Logger()),
      own_(store_, *tracker_, env.loop, Logger()),
      reconciler_(env.rng, {env.swarm.pass_interval, 0.1}) {}

Server::~Server() = default;

void Server::later(std::chrono::nanoseconds delay, std::function<void()> task) {
  env_.loop.after(delay, [weak = weak_from_this(), task = std::move(task)] {
    if (const auto self = weak.lock()) task();
  });
}

// --- start ---

void Server::start() {
  env_.judge.note("server starts with epoch " + store_.epoch());
  checks_.new_life(store_.epoch());
  store_.on_commit([this] { on_commit(); });
  later(env_.delay_up_to(20ms), [this] { load(); });
}

void Server::load() {
  for (int source = 0; source < kSources; ++source) {
    const auto id = store_.source(kProducers[source]);
    env_.judge.hold(id && static_cast<int>(*id) == source, "harness",
                    [] { return "sources are interned in order"; });
  }
  for (const int project : world_.own_projects) tell_project(Told::project_added, project, 0);
  loading_ = true;
  store_.begin_commit();
  for (const auto& [id, row] : world_.rows) on_row(id, row);
  store_.end_commit();
  loading_ = false;
  restore();
  checks_.everything(store_, oracle_, "R2", uncertain_);
  checks_.stated();
  own_.start_tracking();
  ready_ = true;
  env_.judge.note("server is ready");
  schedule_pass();
}

// --- our own domains ---

void Server::database(std::function<void()> job) {
  database_.push_back(std::move(job));
  if (!database_busy_) run_database();
}

void Server::run_database() {
  database_busy_ = !database_.empty();
  if (!database_busy_) return;
  later(env_.delay_up_to(3ms), [this] {
    auto job = std::move(database_.front());
    database_.pop_front();
    job();
    run_database();
  });
}

void Server::own_write(std::function<Told(World&, std::uint64_t stamp)> write, int workspace,
                       int project) {
  const std::uint64_t stamp = counter_.next().sequence;
  database([this, write = std::move(write), stamp, workspace, project] {
    const auto before = world_.rows.find(workspace);
    const int old_project = before == world_.rows.end() ? project : before->second.project;
    const Told told = write(world_, stamp);
    if (told == Told::nothing) return;
    const bool of_project = told == Told::project_removed || told == Told::project_added;
    if (!of_project && env_.strikes(env_.swarm.own_event_lost)) {
      env_.judge.note("own event about w" + std::to_string(workspace) + " is lost");
      return;
    }
    // As committed: the row may have moved on by the time the event arrives.
    Row row = told == Told::changed ? world_.rows.at(workspace) : Row{};
    const auto deliver = [this, told, row, workspace, project, old_project, stamp,
                          version = env_.versions]() mutable {
      if (SB_MUTANT(stamp_on_flush)) row.stamp = counter_.next().sequence;
      if (told == Told::changed) return on_row(workspace, row);
      if (told == Told::removed) return on_removed(workspace, old_project, version, stamp);
      tell_project(told, project, stamp);
    };
    const bool late = !of_project && env_.strikes(env_.swarm.own_event_late);
    later(late ? env_.delay_up_to(200ms) : 0us, deliver);
  });
}

void Server::tell_project(Told told, int project, std::uint64_t stamp) {
  if (told == Told::project_added) {
    own_.take(workspace::Event(workspace::ProjectChanged{to_project(project)}));
    oracle_.put_project(project);
    return;
  }
  env_.judge.note("project p" + std::to_string(project) + " is removed");
  const auto gone =
      own_.take(workspace::Event(workspace::ProjectRemoved{project_id(project), stamp}));
  oracle_.remove_project(project);
  if (!gone.empty()) {
    ++world_.journal_steps;
    write_journal({{}, gone, {}}, true, nullptr);
  }
  // Its tombstones went with it: nothing is known of what was in it.
  for (int workspace = 0; workspace < env_.swarm.workspaces; ++workspace) {
    if (!oracle_.exists(workspace)) checks_.forget(workspace);
  }
  after_change();
}

void Server::on_row(int workspace, const Row& row) {
  Statement statement = row_statement(workspace, row);
  statement.set(model::Field::problem, kNull);
  take(workspace::WorkspaceChanged{to_row(workspace, row)}, statement, row.stamp);
}

void Server::take(const workspace::Event& event, const Statement& statement, std::uint64_t stamp) {
  if (env_.judge.tracing()) {
    env_.judge.note("own at " + std::to_string(stamp) + ": " + to_text(statement));
  }
  own_.take(event);
  mirror(statement, {0, stamp, 0}, false);
  after_change();
}

// The oracle hears what the store heard.
void Server::mirror(const Statement& statement, const model::Stamp& stamp, bool pass) {
  const int workspace = statement.workspace;
  const bool kept_out = pass && !oracle_.exists(workspace) && oracle_.evicted(workspace);
  // A pass brings nothing back that had to go.
  if (!kept_out) (void)oracle_.say(statement, stamp, env_.loop.wall_now());
  notice_evictions();
  checks_.shown(store_, statement, pass ? Checks::By::read : Checks::By::event);
}

void Server::on_removed(int workspace, int project, std::int64_t version, std::uint64_t stamp) {
  env_.judge.note("own at " + std::to_string(stamp) + ": w" + std::to_string(workspace) +
                  " is removed");
  own_.take(workspace::Event(
      workspace::WorkspaceRemoved{workspace_id(workspace), project_id(project), stamp}));
  const auto answer = oracle_.remove(workspace, kOwn, {0, stamp, 0});
  if (answer == Oracle::Answer::accepted && !oracle_.exists(workspace)) {
    removed(workspace, kOwn, version);
    journal_own_removal(workspace);
  } else if (env_.swarm.tombstones_bounded) {
    uncertain_.insert(workspace);
  }
  notice_evictions();
  after_change();
}

void Server::git_hint(int workspace) {
  const auto reading = git_reads_.find(workspace);
  if (reading != git_reads_.end()) {
    reading->second.again = true;
    return;
  }
  read_git(workspace);
}

void Server::read_git(int workspace) {
  git_reads_[workspace] = {};
  const model::Stamp stamp = counter_.next();
  later(env_.delay_up_to(10ms), [this, workspace, stamp] {
    const auto tree = world_.worktrees.find(workspace);
    const std::int64_t version = tree == world_.worktrees.end() ? kNull : tree->second;
    const bool failed = version == kNull || env_.strikes(env_.swarm.git_failing);
    later(env_.delay_up_to(30ms), [this, workspace, stamp, version, failed] {
      const GitRead read = git_reads_.extract(workspace).mapped();
      if (!failed && !read.void_now) on_git(workspace, version, stamp);
      if (read.again) read_git(workspace);
    });
  });
}

void Server::on_git(int workspace, std::int64_t version, const model::Stamp& stamp) {
  if (own_.workspace(workspace_id(workspace)) == nullptr) return;
  git_seen_[workspace] = version;
  const Statement statement = git_statement(workspace, version);
  const model::Facts facts = to_patch(statement, env_.loop.wall_now()).values;
  git::GitFacts read;
  read.id = workspace_id(workspace);
  read.stamp = stamp;
  read.stats = facts.gitStats;
  read.ahead = facts.ahead;
  read.behind = facts.behind;
  if (env_.judge.tracing()) {
    env_.judge.note("git at " + std::to_string(stamp.sequence) + ": " + to_text(statement));
  }
  own_.take(read);
  mirror(statement, stamp, false);
  after_change();
}

// --- reconciliation ---

void Server::schedule_pass() {
  later(env_.calm ? 5s : reconciler_.pause(), [this] { reconcile(); });
}

void Server::reconcile(std::function<void()> done) {
  if (done) pass_waiters_.push_back(std::move(done));
  if (!reconciler_.begin(1, env_.loop.mono_now())) return;
  env_.judge.note("pass begins");
  cycle_fence_ = counter_.next();
  // Git: what moved since its last read is read again.
  later(env_.delay_up_to(5ms), [this] {
    for (const auto& [id, version] : world_.worktrees) {
      if (own_.workspace(workspace_id(id)) == nullptr) continue;
      const auto seen = git_seen_.find(id);
      if (seen == git_seen_.end() || seen->second != version) git_hint(id);
    }
    end_pass_part();
  });
  // How long the rest of the cycle takes before the rows are read.
  const auto wait = env_.strikes(env_.swarm.pass_slow) ? env_.delay_up_to(150ms) : 0us;
  later(wait, [this] { read_rows(); });
}

void Server::read_rows() {
  const model::Stamp fence = SB_MUTANT(fence_at_cycle) ? cycle_fence_ : counter_.next();
  database([this, fence] {
    const bool failed = env_.strikes(env_.swarm.pass_failing);
    auto rows = world_.rows;
    std::set<int> projects = world_.own_projects;
    if (env_.strikes(env_.swarm.pass_partial)) {
      const int only = env_.rng.below(kOwnProjects);
      std::erase_if(projects, [&](int project) { return project != only; });
      std::erase_if(rows, [&](const auto& row) { return row.second.project != only; });
    }
    const auto slow = env_.strikes(env_.swarm.pass_slow) ? env_.delay_up_to(250ms) : 0us;
    later(slow, [this, failed, fence, rows = std::move(rows), projects] {
      const bool rejected = !failed && apply_rows(rows, projects, fence);
      if (reconciler_.read_again(rejected)) return read_rows();
      end_pass_part();
    });
  });
}

bool Server::apply_rows(const std::map<int, Row>& rows, const std::set<int>& projects,
                        const model::Stamp& fence) {
  workspace::Contents contents;
  contents.fence = fence.sequence;
  std::map<int, std::set<int>> present;
  for (const int project : projects) {
    present[project];
    contents.projects.push_back(to_project(project));
  }
  for (const auto& [id, row] : rows) {
    present[row.project].insert(id);
    contents.workspaces.push_back(to_row(id, row));
  }
  env_.judge.note("pass applies " + std::to_string(rows.size()) + " rows at " +
                  std::to_string(fence.sequence));
  const std::uint64_t evictions = store_.counts().evictions_total;
  const auto pass = own_.reconcile(contents, drift_);
  const bool evicted = store_.counts().evictions_total != evictions;
  for (const auto& id : pass.removed) leaving_.insert(workspace_number(id.view()));
  notice_evictions();
  for (const auto& [id, row] : rows) {
    mirror(row_statement(id, row), fence, true);
    // Who had to go for whom within one commit is not told.
    if (!evicted || store_.facts(workspace_id(id)) != nullptr) continue;
    uncertain_.insert(id);
    oracle_.evict(id);
    world_.evicted.insert(id);
  }
  for (const auto& id : pass.removed) {
    const int workspace = workspace_number(id.view());
    env_.judge.note("pass removes " + id.str());
    // Existed when the read began: what was created since has a newer stamp.
    const auto row = world_.rows.find(workspace);
    checks_.absence(workspace, row != world_.rows.end() && projects.contains(row->second.project) &&
                                   row->second.stamp < fence.sequence);
  }
  for (const auto& [project, ids] : present) {
    for (const int id : oracle_.absence(kOwn, project, ids, fence)) {
      removed(id, kOwn, 0);
      journal_own_removal(id);
    }
  }
  leaving_.clear();
  notice_evictions();
  after_change();
  for (const auto& [id, row] : rows) checks_.repaired(store_, id, row);
  return pass.rejected;
}

void Server::end_pass_part() {
  if (!reconciler_.end_part(env_.loop.mono_now())) return;
  if (auto gone = store_.expire(env_.loop.mono_now()); !gone.empty()) {
    ++world_.journal_steps;
    for (const auto& id : gone) oracle_.forget_tombstone(workspace_number(id.view()));
    write_journal({{}, std::move(gone), {}}, true, nullptr);
  }
  env_.judge.note("pass ends");
  for (auto& done : std::exchange(pass_waiters_, {})) done();
  schedule_pass();
}

void Server::set_review_count(std::int64_t count) {
  store_.set_review_count(count);
  after_change();
}

void Server::judge() {
  checks_.everything(store_, oracle_, "I6", uncertain_);
  checks_.log_replays(store_);
  checks_.catching_up(views_);
}

void Server::on_commit() {
  checks_.committed(store_);
}

void Server::after_change() {
  if (loading_) return;  // inside one commit: nothing is published yet
  if (env_.rng.percent(15)) judge();
  if (pump_posted_) return;
  pump_posted_ = true;
  later(0ns, [this] {
    pump_posted_ = false;
    pump_all();
  });
}

}  // namespace sb::sim
