#include "server.h"

#include <algorithm>
#include <utility>

#include "sb/snapshot/cursor.h"

#include "client.h"

namespace sb::sim {

using namespace std::chrono_literals;
using model::Field;
using orchestration::Ingest;
using snapshot::Update;
using Kind = Ingest::Verdict::Kind;

namespace {

constexpr std::chrono::milliseconds kCommitMax{5};  // of the journal: one group commit

const char* const kProducers[kSources] = {"snapboard", "producer/1", "producer/2", "producer/3"};

std::uint64_t highest_stamp(const World& world) {
  std::uint64_t highest = 0;
  for (const auto& [id, row] : world.rows) highest = std::max(highest, row.stamp);
  return highest;
}

}  // namespace

struct Server::Connection {
  ConnectionId id = 0;
  Client* client = nullptr;
  int project = 0;
  snapshot::Dialect1Session session;
  std::size_t in_flight = 0;  // messages handed over and not yet drained
  std::uint64_t handed = 0;   // head when the last batch was handed over
  std::uint64_t last_cursor = 0;
  bool first = true;
  Loop::TimerId timer = 0;
  std::optional<MonoTime> waiting_since;
};

Server::Server(Env& env, World& world, Checks& checks, std::string epoch)
    : env_(env),
      world_(world),
      checks_(checks),
      counter_(highest_stamp(world)),
      store_(std::move(epoch), env.swarm.limits),
      encoder_(store_),
      ingest_(store_) {}

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
  for (int source = 0; source < kSources; ++source) {
    const auto id = store_.source(kProducers[source]);
    env_.judge.hold(id && static_cast<int>(*id) == source, "harness",
                    [] { return "sources are interned in order"; });
  }
  for (const int project : world_.own_projects) tell(0, Told::project_added, project);
  loading_ = true;
  store_.begin_commit();
  for (const auto& [id, row] : world_.rows) on_row(id, row);
  store_.end_commit();
  loading_ = false;

  workspace::JournalContents contents{world_.journal, world_.lives};
  const std::size_t skipped = ingest_.restore(contents, env_.loop.wall_now(), env_.loop.mono_now());
  env_.judge.hold(skipped == 0, "R2", [] { return "rows of the journal could not be read"; });
  for (const auto& [name, life] : world_.lives) {
    for (int source = 1; source < kSources; ++source) {
      if (name == kProducers[source]) orders_[source].lives.push_back(life);
    }
  }
  for (const auto& heard : world_.heard) {
    if (!heard.written) continue;
    const Statement& statement = *heard.statement;
    auto& order = orders_[statement.source];
    if (heard.stamp.epoch == order.lives.size()) {
      order.sequence_max = std::max(order.sequence_max, heard.stamp.sequence);
    }
    arrivals_ = std::max(arrivals_, heard.stamp.arrival);
    if (const Scalar* project = statement.find(Field::projectId)) {
      if (store_.project(project_id(static_cast<int>(project->value))) != nullptr) {
        oracle_.put_project(static_cast<int>(project->value));
      }
    }
    if (heard.floor) {
      oracle_.recall_floor(statement.workspace, statement.source, heard.stamp);
    } else if (statement.say == Say::removed) {
      oracle_.recall_removal(statement.workspace, statement.source, heard.stamp);
    } else if (statement.say == Say::synced) {
      (void)oracle_.synced(statement.source, statement.project, heard.stamp.epoch);
    } else {
      oracle_.recall(statement, heard.stamp, heard.wall);
    }
  }
  std::erase_if(world_.heard, [](const auto& heard) { return !heard.written; });
  for (int workspace = 0; workspace < env_.swarm.workspaces; ++workspace) {
    // The journal keeps each producer's order, and only the last word of several on one field.
    if (oracle_.several_name_the_pr(workspace)) uncertain_.insert(workspace);
  }
  notice_evictions();
  checks_.everything(store_, oracle_, "R2", uncertain_);
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
    const Told told = write(world_, stamp);
    if (told == Told::nothing) return;
    if (told != Told::project_removed && told != Told::project_added &&
        env_.strikes(env_.swarm.own_event_lost)) {
      env_.judge.note("own event about w" + std::to_string(workspace) + " is lost");
      return;
    }
    // As committed: the row may have moved on by the time the event arrives.
    const Row row = told == Told::changed ? world_.rows.at(workspace) : Row{};
    const auto deliver = [this, told, row, workspace, project, stamp, version = env_.versions] {
      if (told == Told::changed) return on_row(workspace, row);
      if (told != Told::removed) return tell(workspace, told, project);
      Statement removal;
      removal.say = Say::removed;
      removal.workspace = workspace;
      removal.version = version;
      (void)apply(removal, {0, stamp, 0}, false, true);
    };
    const bool late = told != Told::project_removed && told != Told::project_added &&
                      env_.strikes(env_.swarm.own_event_late);
    later(late ? env_.delay_up_to(200ms) : 0us, deliver);
  });
}

void Server::tell(int, Told told, int project) {
  if (told == Told::project_added) {
    model::ProjectInfo info;
    info.id = project_id(project);
    info.name = info.id.str();
    (void)store_.put_project(std::move(info));
    oracle_.put_project(project);
  } else {
    env_.judge.note("project p" + std::to_string(project) + " is removed");
    store_.remove_project(project_id(project));
    oracle_.remove_project(project);
    after_change();
  }
}

void Server::on_row(int workspace, const Row& row) {
  (void)apply(row_statement(workspace, row), {0, row.stamp, 0}, false, false);
}

// A worktree that appears is read, however it came to be known.
void Server::track(int workspace, bool known_before) {
  if (known_before || !oracle_.exists(workspace) || !world_.worktrees.contains(workspace)) return;
  git_seen_.erase(workspace);
  git_hint(workspace);
}

snapshot::Applied Server::apply(const Statement& statement, const model::Stamp& stamp, bool pass,
                                bool removal) {
  Update update;
  update.workspace = workspace_id(statement.workspace);
  update.stamp = stamp;
  update.kind = removal ? Update::Kind::remove : Update::Kind::facts;
  update.cause = pass ? Update::Cause::pass : Update::Cause::event;
  update.label = pass ? "reconciliation" : "event";
  if (!removal) update.facts = to_patch(statement, env_.loop.wall_now());
  if (env_.judge.tracing()) {
    env_.judge.note((pass ? "pass at " : "own at ") + std::to_string(stamp.sequence) + ": " +
                    to_text(statement));
  }
  auto applied = store_.apply(std::move(update), env_.loop.wall_now(), env_.loop.mono_now());
  const bool known_before = oracle_.exists(statement.workspace);
  Oracle::Answer answer;
  if (removal) {
    answer = oracle_.remove(statement.workspace, kOwn, stamp);
    if (answer == Oracle::Answer::accepted && !oracle_.exists(statement.workspace)) {
      removed(statement.workspace, kOwn, statement.version);
      journal_own_removal(statement.workspace);
    }
  } else if (pass && !oracle_.exists(statement.workspace) && oracle_.evicted(statement.workspace)) {
    answer = Oracle::Answer::stale;  // a pass brings nothing back that had to go
  } else {
    answer = oracle_.say(statement, stamp, env_.loop.wall_now());
  }
  notice_evictions();
  checks_.shown(store_, statement, pass ? Checks::By::read : Checks::By::event);
  track(statement.workspace, known_before);
  after_change();
  return applied;
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
  const auto begins = env_.delay_up_to(10ms);
  later(begins, [this, workspace, stamp] {
    const auto tree = world_.worktrees.find(workspace);
    const std::int64_t version = tree == world_.worktrees.end() ? kNull : tree->second;
    const bool failed = version == kNull || env_.strikes(env_.swarm.git_failing);
    later(env_.delay_up_to(30ms), [this, workspace, stamp, version, failed] {
      const bool again = git_reads_[workspace].again;
      git_reads_.erase(workspace);
      if (!failed) {
        if (oracle_.exists(workspace)) git_seen_[workspace] = version;
        (void)apply(git_statement(workspace, version), stamp, false, false);
      }
      if (again) read_git(workspace);
    });
  });
}

// --- reconciliation ---

void Server::schedule_pass() {
  const auto interval = env_.calm ? 5'000ms : env_.swarm.pass_interval;
  later(interval + env_.delay_up_to(interval / 5), [this] { reconcile(); });
}

void Server::reconcile(std::function<void()> done) {
  if (done) pass_waiters_.push_back(std::move(done));
  if (pass_parts_ != 0) return;
  pass_parts_ = 2;
  env_.judge.note("pass begins");
  // Git: what moved since its last read is read again.
  later(env_.delay_up_to(5ms), [this] {
    for (const auto& [id, version] : world_.worktrees) {
      const auto seen = git_seen_.find(id);
      if (seen == git_seen_.end() || seen->second != version) git_hint(id);
    }
    end_pass_part();
  });
  // How long the rest of the cycle takes before the rows are read.
  const auto wait = env_.strikes(env_.swarm.pass_slow) ? env_.delay_up_to(150ms) : 0us;
  later(wait, [this] { read_rows(false, 0); });
}

void Server::read_rows(bool again, std::uint64_t) {
  const model::Stamp fence = counter_.next();
  database([this, again, fence] {
    const bool failed = env_.strikes(env_.swarm.pass_failing);
    auto rows = world_.rows;
    std::set<int> projects = world_.own_projects;
    if (env_.strikes(env_.swarm.pass_partial)) {
      const int only = env_.rng.below(kOwnProjects);
      std::erase_if(projects, [&](int project) { return project != only; });
      std::erase_if(rows, [&](const auto& row) { return row.second.project != only; });
    }
    const auto slow = env_.strikes(env_.swarm.pass_slow) ? env_.delay_up_to(250ms) : 0us;
    later(slow, [this, again, failed, fence, rows = std::move(rows), projects] {
      const bool rejected = !failed && apply_rows(rows, projects, fence);
      if (rejected && !again) return read_rows(true, 0);
      end_pass_part();
    });
  });
}

bool Server::apply_rows(const std::map<int, Row>& rows, const std::set<int>& projects,
                        const model::Stamp& fence) {
  bool rejected = false;
  std::map<int, std::vector<int>> present;
  for (const int project : projects) present[project];
  for (const auto& [id, row] : rows) {
    present[row.project].push_back(id);
    rejected = !apply(row_statement(id, row), fence, true, false).rejected.empty() || rejected;
  }
  for (const auto& [project, ids] : present) {
    std::vector<model::WorkspaceId> listed;
    for (const int id : ids) listed.push_back(workspace_id(id));
    const auto gone = store_.apply_absence(snapshot::SourceId::own, project_id(project), listed,
                                           fence, env_.loop.wall_now(), env_.loop.mono_now());
    for (const auto& id : gone) {
      const int workspace = workspace_number(id.view());
      env_.judge.note("pass removes " + id.str());
      // Existed when the read began: what was created since has a newer stamp.
      const auto row = world_.rows.find(workspace);
      checks_.absence(workspace, row != world_.rows.end() && row->second.project == project &&
                                     row->second.stamp < fence.sequence);
    }
    for (const int id : oracle_.absence(kOwn, project, {ids.begin(), ids.end()}, fence)) {
      removed(id, kOwn, 0);
      journal_own_removal(id);
    }
  }
  after_change();
  for (const auto& [id, row] : rows) checks_.repaired(store_, id, row);
  return rejected;
}

void Server::end_pass_part() {
  if (--pass_parts_ != 0) return;
  if (auto gone = store_.expire(env_.loop.mono_now()); !gone.empty()) {
    ++world_.journal_steps;
    write_journal({{{}, std::move(gone), {}}, true}, nullptr);
  }
  env_.judge.note("pass ends");
  for (auto& done : std::exchange(pass_waiters_, {})) done();
  schedule_pass();
}

void Server::set_review_count(std::int64_t count) {
  store_.set_review_count(count);
  after_change();
}

// --- events in ---

std::optional<model::Stamp> Server::naive_stamp(const Incoming& event) {
  SourceOrder& order = orders_[event.statement->source];
  if (order.lives.empty() || order.lives.back() != event.epoch) {
    if (std::find(order.lives.begin(), order.lives.end(), event.epoch) != order.lives.end()) {
      return std::nullopt;
    }
    order.lives.push_back(event.epoch);
    order.sequence_max = 0;
  }
  const auto epoch = static_cast<std::uint32_t>(order.lives.size());
  if (!event.sequence) return model::Stamp{epoch, order.sequence_max, ++arrivals_};
  order.sequence_max = std::max(order.sequence_max, *event.sequence);
  return model::Stamp{epoch, *event.sequence, 0};
}

bool Server::knows_life(int source, const std::string& epoch) const {
  const auto order = orders_.find(source);
  return order != orders_.end() && std::find(order->second.lives.begin(), order->second.lives.end(),
                                             epoch) != order->second.lives.end();
}

void Server::submit(std::vector<Incoming> events, std::function<void()> done) {
  std::vector<model::ExternalEvent> list;
  for (const Incoming& event : events) {
    model::ExternalEvent made;
    made.id = event.id;
    made.source = kProducers[event.statement->source];
    if (event.statement->say != Say::synced)
      made.workspace = workspace_id(event.statement->workspace);
    made.sequence = event.sequence;
    made.source_epoch = event.epoch;
    made.data = to_event(*event.statement, env_.loop.wall_now());
    list.push_back(std::move(made));
  }
  ++world_.journal_steps;
  auto step = ingest_.submit(std::move(list), env_.loop.wall_now(), env_.loop.mono_now());
  for (std::size_t i = 0; i < events.size(); ++i) take(events[i], step.verdicts.at(i));
  after_change();
  write_journal({std::move(step.journal)}, std::move(done));
}

void Server::take(const Incoming& event, const Ingest::Verdict& verdict) {
  const Statement statement = oracle_.resolve(*event.statement);
  Kind expected = Kind::accepted;
  bool remember = false;
  const std::string key = std::to_string(statement.source) + "/" + event.id;
  std::optional<model::Stamp> stamp;
  if (seen_.contains(key)) {
    expected = Kind::duplicate;
  } else if (stamp = naive_stamp(event); !stamp) {
    expected = Kind::stale;
  } else {
    using Answer = Oracle::Answer;
    Answer answer = Answer::accepted;
    if (statement.say == Say::synced) {
      if (oracle_.has_project(statement.project)) {
        for (const int id : oracle_.synced(statement.source, statement.project, stamp->epoch)) {
          removed(id, statement.source, 0);
        }
      } else {
        answer = Answer::not_found;
      }
      remember = true;
    } else if (statement.say == Say::removed) {
      answer = oracle_.remove(statement.workspace, statement.source, *stamp);
      remember = answer != Answer::not_found && answer != Answer::conflict;
      if (answer == Answer::accepted) {
        removed(statement.workspace, statement.source, statement.version);
      }
    } else {
      const Scalar* project = statement.find(Field::projectId);
      if (project != nullptr && statement.find(Field::status) != nullptr) {
        oracle_.put_project(static_cast<int>(project->value));
      }
      answer = oracle_.say(statement, *stamp, env_.loop.wall_now());
      // A stale word can still tell that another pull request was named in between.
      remember = answer == Answer::accepted ||
                 (answer == Answer::stale && oracle_.exists(statement.workspace));
    }
    if (answer == Answer::stale) expected = Kind::stale;
    if (answer == Answer::not_found || answer == Answer::conflict) expected = Kind::rejected;
    if (expected != Kind::rejected) seen_.insert(key);
    if (remember) {
      world_.heard.push_back({std::make_shared<const Statement>(statement), *stamp,
                              env_.loop.wall_now(), event.id, event.epoch, world_.journal_steps,
                              false});
    }
  }
  if (env_.judge.tracing()) {
    env_.judge.note("event " + event.id + " life " + event.epoch + " seq " +
                    (event.sequence ? std::to_string(*event.sequence) : "-") +
                    (stamp ? " arrival " + std::to_string(stamp->arrival) : "") + ": " +
                    to_text(statement) + " -> " + std::to_string(static_cast<int>(verdict.kind)) +
                    " " + verdict.error.message);
  }
  notice_evictions();
  env_.judge.hold(verdict.kind == expected || uncertain_.contains(statement.workspace), "I6", [&] {
    return "event " + event.id + " (" + to_text(statement) + ") was answered " +
           std::to_string(static_cast<int>(verdict.kind)) + ", should be " +
           std::to_string(static_cast<int>(expected));
  });
  if (statement.say != Say::synced) checks_.shown(store_, statement, Checks::By::event);
}

// The journal forgets what producers said of it, and remembers as of when.
void Server::journal_own_removal(int workspace) {
  ++world_.journal_steps;
  for (int source = 1; source < kSources; ++source) {
    const auto stamp = oracle_.tombstone(workspace, source);
    if (!stamp) continue;
    Statement floor;
    floor.say = Say::removed;
    floor.source = source;
    floor.workspace = workspace;
    world_.heard.push_back({std::make_shared<const Statement>(floor), *stamp, {}, "", "",
                            world_.journal_steps, false, true});
  }
  write_journal({ingest_.removed(workspace_id(workspace)), true}, nullptr);
}

void Server::write_journal(QueuedStep step, std::function<void()> done) {
  ++journal_pending_;
  const std::uint64_t number = world_.journal_steps;
  journal_.push_back(std::move(step));
  // In order: a later step is never on disk before an earlier one.
  later(std::chrono::nanoseconds(kCommitMax), [this, number, done = std::move(done)] {
    commit_journal(journal_.front(), number);
    journal_.pop_front();
    --journal_pending_;
    for (auto& heard : world_.heard) {
      if (heard.step == number) heard.written = true;
    }
    if (done) done();
  });
}

void Server::commit_journal(const QueuedStep& queued, std::uint64_t number) {
  const Ingest::JournalStep& step = queued.rows;
  auto& rows = world_.journal;
  for (const auto& life : step.epochs) {
    if (std::find(world_.lives.begin(), world_.lives.end(), life) == world_.lives.end()) {
      world_.lives.push_back(life);
    }
  }
  for (const auto& id : step.forget) {
    std::erase_if(rows, [&](const auto& row) { return row.workspace == id; });
    if (!queued.forgets) continue;
    std::erase_if(world_.heard, [&](const auto& heard) {
      return heard.step < number && workspace_id(heard.statement->workspace) == id &&
             heard.statement->say != Say::synced;
    });
  }
  for (const auto& fact : step.facts) {
    const auto held = std::find_if(rows.begin(), rows.end(), [&](const auto& row) {
      return row.workspace == fact.workspace && row.source == fact.source && row.key == fact.key;
    });
    if (held != rows.end() && fact.stamp < held->stamp) continue;
    if (held != rows.end()) rows.erase(held);
    if (fact.key.empty()) {
      std::erase_if(rows, [&](const auto& row) { return row.workspace == fact.workspace; });
    }
    rows.push_back(fact);
  }
}

bool Server::idle() const {
  return database_.empty() && journal_pending_ == 0 && git_reads_.empty() && pass_parts_ == 0;
}

void Server::removed(int workspace, int source, std::int64_t version) {
  checks_.removed(workspace, source, version);
  if (env_.swarm.tombstones_bounded) uncertain_.insert(workspace);
}

void Server::notice_evictions() {
  const std::uint64_t now = store_.counts().evictions_total;
  if (now == evictions_) return;
  std::uint64_t missing = 0;
  for (int workspace = 0; workspace < env_.swarm.workspaces; ++workspace) {
    if (!oracle_.exists(workspace) || store_.facts(workspace_id(workspace)) != nullptr) continue;
    ++missing;
    env_.judge.note("w" + std::to_string(workspace) + " is evicted");
    oracle_.evict(workspace);
    if (env_.swarm.tombstones_bounded) removed(workspace, kOwn, 0);
  }
  env_.judge.hold(missing <= now - evictions_, "M1", [&] {
    return std::to_string(missing) + " entries are gone after " + std::to_string(now - evictions_) +
           " evictions";
  });
  evictions_ = now;
}

void Server::judge() {
  checks_.everything(store_, oracle_, "I6", uncertain_);
  checks_.log_replays(store_);
}

// --- clients ---

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

Server::ConnectionId Server::connect(Client& client, int project, const std::string& cursor) {
  if (store_.project(project_id(project)) == nullptr) return 0;
  const ConnectionId id = ++last_connection_;
  auto made = std::make_unique<Connection>(
      Connection{id, &client, project,
                 snapshot::Dialect1Session(store_, encoder_,
                                           {project_id(project), cursor, env_.swarm.coalesce}),
                 0, 0, 0, true, 0, std::nullopt});
  connections_.emplace(id, std::move(made));
  if (const auto decoded = snapshot::decode_cursor(cursor)) {
    connections_.at(id)->handed = decoded->epoch == store_.epoch() ? decoded->revision : 0;
  }
  later(0ns, [this, id] {
    const auto found = connections_.find(id);
    if (found != connections_.end()) pump(*found->second);
  });
  return id;
}

void Server::disconnect(ConnectionId id) {
  connections_.erase(id);
}

std::string Server::read(int project) {
  if (store_.project(project_id(project)) == nullptr) return {};
  return encoder_.baseline(project_id(project))->front();
}

void Server::pump_all() {
  std::vector<ConnectionId> ids;
  for (const auto& [id, connection] : connections_) ids.push_back(id);
  for (const ConnectionId id : ids) {
    const auto found = connections_.find(id);
    if (found != connections_.end()) pump(*found->second);
  }
}

void Server::pump(Connection& connection) {
  if (connection.in_flight != 0) return;
  const MonoTime now = env_.loop.mono_now();
  if (connection.session.project_gone()) {
    Client* client = connection.client;
    const ConnectionId id = connection.id;
    connections_.erase(id);
    client->closed(id);
    return;
  }
  const auto floor = store_.floor(project_id(connection.project));
  const auto batch = connection.session.next(now);
  auto& judge = env_.judge;
  if (!batch) {
    const bool moved = checks_.visible_head(connection.project) > connection.handed;
    if (!moved) return;
    judge.hold(!checks_.reason_moved(connection.project, connection.handed), "F4", [&] {
      return "a changed status reason waits on idle connection " + std::to_string(connection.id);
    });
    if (!connection.waiting_since) connection.waiting_since = now;
    const auto wake = connection.session.wake_at();
    judge.hold(wake && *wake <= *connection.waiting_since + env_.swarm.coalesce, "F4", [&] {
      return "connection " + std::to_string(connection.id) + " is not woken within the gap";
    });
    if (!wake) return;
    later(*wake - now, [this, id = connection.id] {
      const auto found = connections_.find(id);
      if (found != connections_.end()) pump(*found->second);
    });
    return;
  }
  judge.hold(!connection.waiting_since || now - *connection.waiting_since <= env_.swarm.coalesce,
             "F4", [&] { return "a change waited longer than the gap"; });
  connection.waiting_since.reset();
  const bool full = batch->front().starts_with("{\"type\":\"snapshot_full\"");
  judge.hold(full || connection.first || connection.handed >= floor, "L3", [&] {
    return "live connection " + std::to_string(connection.id) + " is below the floor and goes on";
  });
  connection.first = false;
  connection.handed = store_.head();
  connection.in_flight = batch->size();
  MonoTime arrives = now;
  for (std::size_t i = 0; i < batch->size(); ++i) {
    arrives += connection.client->drain_time() + connection.client->latency();
    later(arrives - now, [this, id = connection.id, batch, i] {
      const auto found = connections_.find(id);
      if (found == connections_.end()) return;
      Connection& to = *found->second;
      --to.in_flight;
      Client* client = to.client;
      client->receive(id, (*batch)[i]);
      const auto still = connections_.find(id);
      if (still != connections_.end() && still->second->in_flight == 0) pump(*still->second);
    });
  }
}

}  // namespace sb::sim
