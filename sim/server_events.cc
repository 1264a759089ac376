#include <algorithm>
#include <iterator>
#include <utility>

#include "server.h"

namespace sb::sim {

using namespace std::chrono_literals;
using model::Field;
using orchestration::Ingest;
using Kind = Ingest::Verdict::Kind;

namespace {

constexpr std::chrono::milliseconds kCommitMax{5};  // of the journal: one group commit
constexpr std::uint64_t kCommitsAlone = 4;          // one commit in so many holds one step only

}  // namespace

// --- start ---

void Server::restore() {
  workspace::JournalContents contents;
  for (const workspace::JournalFact& fact : world_.journal) {
    contents.add({fact.workspace.view(), fact.source, fact.stamp, fact.key, fact.value});
  }
  contents.source_epochs = world_.lives;
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
      // Kept is as of when others are void; the life before of this one is over in any case.
      for (const int id : oracle_.synced(statement.source, statement.project, heard.stamp.epoch)) {
        bool spoken_of = false;
        for (int source = 1; source < kSources; ++source) {
          const bool other = source != statement.source;
          spoken_of = spoken_of || (other && oracle_.tombstone(id, source));
        }
        if (!spoken_of) oracle_.forget_tombstone(id);
      }
    } else {
      oracle_.recall(statement, heard.stamp, heard.wall, heard.late);
    }
  }
  std::erase_if(world_.heard, [](const auto& heard) { return !heard.written; });
  notice_evictions();
  for (int workspace = 0; workspace < env_.swarm.workspaces; ++workspace) {
    // The journal keeps each producer's order; across producers, only the last word on one field.
    const bool in_doubt = oracle_.arrival_decides(workspace) ||
                          world_.evicted.contains(workspace) || world_.doubted.contains(workspace);
    const bool dropped = env_.swarm.tombstones_bounded && oracle_.tombstoned(workspace);
    if (in_doubt || dropped) uncertain_.insert(workspace);
  }
  for (const auto& id : ingest_.orphans(contents)) journal_own_removal(workspace_number(id.view()));
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
  // A memory also tells of a removal that was refused, because nothing was there then.
  for (const auto& said : step.journal.said) {
    if (said.memory.empty()) continue;
    const auto name = std::find(std::begin(kProducers), std::end(kProducers), said.source);
    const int source = static_cast<int>(name - std::begin(kProducers));
    const int workspace = workspace_number(said.workspace.view());
    auto removed = oracle_.floor(workspace, source);
    if (!removed) removed = oracle_.tombstone(workspace, source);
    if (removed) hear_floor(workspace, source, *removed);
  }
  write_journal(std::move(step.journal), false, std::move(done));
}

void Server::hear_floor(int workspace, int source, const model::Stamp& stamp) {
  Statement floor;
  floor.say = Say::removed;
  floor.source = source;
  floor.workspace = workspace;
  world_.heard.push_back({std::make_shared<const Statement>(floor),
                          stamp,
                          {},
                          "",
                          "",
                          world_.journal_steps,
                          false,
                          false,
                          true});
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
      } else if (env_.swarm.tombstones_bounded) {
        uncertain_.insert(statement.workspace);
      }
    } else {
      const Scalar* project = statement.find(Field::projectId);
      if (project != nullptr && statement.find(Field::status) != nullptr) {
        oracle_.put_project(static_cast<int>(project->value));
      }
      answer = oracle_.say(statement, *stamp, env_.loop.wall_now());
      // A stale word can still tell that another pull request was named in between.
      remember = answer == Answer::accepted ||
                 (answer == Answer::stale &&
                  oracle_.listens(statement.workspace, statement.source, *stamp));
    }
    if (answer == Answer::stale) expected = Kind::stale;
    if (answer == Answer::not_found || answer == Answer::conflict) expected = Kind::rejected;
    if (expected != Kind::rejected) seen_.insert(key);
  }
  // For want of a tombstone: then it is in the journal like anything else that was taken in.
  const bool in_doubt = verdict.kind != expected;
  if (in_doubt) world_.doubted.insert(statement.workspace);
  if (in_doubt && stamp && verdict.kind == Kind::accepted) remember = true;
  if (remember) {
    world_.heard.push_back({std::make_shared<const Statement>(statement), *stamp,
                            env_.loop.wall_now(), event.id, event.epoch, world_.journal_steps,
                            false, expected == Kind::stale && !in_doubt});
  }
  if (env_.judge.tracing()) {
    env_.judge.note("event " + event.id + " life " + event.epoch + " seq " +
                    (event.sequence ? std::to_string(*event.sequence) : "-") +
                    (stamp ? " arrival " + std::to_string(stamp->arrival) : "") + ": " +
                    to_text(statement) + " -> " + std::to_string(static_cast<int>(verdict.kind)) +
                    " " + verdict.error.message);
  }
  notice_evictions();
  env_.judge.hold(!in_doubt || uncertain_.contains(statement.workspace), "I6", [&] {
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
    hear_floor(workspace, source, *stamp);
  }
  write_journal(ingest_.removed(workspace_id(workspace)), true, nullptr);
}

void Server::write_journal(orchestration::JournalStep rows, bool forgets,
                           std::function<void()> done) {
  const std::uint64_t number = world_.journal_steps;
  journal_.push_back({std::move(rows), forgets, number, std::move(done)});
  later(std::chrono::nanoseconds(kCommitMax), [this, number] {
    // In order: a later step is never on disk before an earlier one. Many a commit takes along
    // whatever waits behind it.
    if (journal_.empty() || journal_.front().number > number) return;
    const bool all = number % kCommitsAlone != 0;
    orchestration::JournalStep one;
    std::vector<std::function<void()>> told;
    do {
      QueuedStep& next = journal_.front();
      note_written(next);
      one.append(std::move(next.rows));
      if (next.done) told.push_back(std::move(next.done));
      journal_.pop_front();
    } while (all && !journal_.empty());
    commit_journal(one);
    for (const auto& tell : told) tell();
  });
}

// What the oracle remembers follows the disk.
void Server::note_written(const QueuedStep& step) {
  for (const auto& id : step.rows.forget) {
    if (!step.forgets) continue;
    std::erase_if(world_.heard, [&](const auto& heard) {
      return heard.step < step.number && workspace_id(heard.statement->workspace) == id &&
             heard.statement->say != Say::synced;
    });
  }
  for (auto& heard : world_.heard) {
    if (heard.step == step.number) heard.written = true;
  }
}

void Server::commit_journal(const orchestration::JournalStep& step) {
  auto& rows = world_.journal;
  const workspace::JournalBatch batch = step.batch();
  for (const auto& life : batch.source_epochs) {
    if (std::find(world_.lives.begin(), world_.lives.end(), life) == world_.lives.end()) {
      world_.lives.push_back(life);
    }
  }
  for (const auto& id : batch.forget) {
    std::erase_if(rows, [&](const auto& row) { return row.workspace == id; });
  }
  for (const auto& fact : batch.facts) {
    const auto held = std::find_if(rows.begin(), rows.end(), [&](const auto& row) {
      return row.workspace == fact.workspace && row.source == fact.source && row.key == fact.key;
    });
    if (held != rows.end() && fact.may_be_late && fact.stamp < held->stamp) continue;
    if (held != rows.end()) rows.erase(held);
    if (fact.key.empty()) {
      std::erase_if(rows, [&](const auto& row) { return row.workspace == fact.workspace; });
    }
    rows.push_back(fact);
  }
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
    if (!oracle_.exists(workspace) || store_.facts(workspace_id(workspace)) != nullptr ||
        leaving_.contains(workspace)) {
      continue;
    }
    // Where it is not known when it went, it may never have come back.
    if (!uncertain_.contains(workspace)) ++missing;
    env_.judge.note("w" + std::to_string(workspace) + " is evicted");
    oracle_.evict(workspace);
    world_.evicted.insert(workspace);
    if (env_.swarm.tombstones_bounded) removed(workspace, kOwn, 0);
  }
  env_.judge.hold(missing <= now - evictions_, "M1", [&] {
    return std::to_string(missing) + " entries are gone after " + std::to_string(now - evictions_) +
           " evictions";
  });
  evictions_ = now;
}

}  // namespace sb::sim
