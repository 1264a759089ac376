#include "sb/orchestration/ingest.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include <boost/unordered/unordered_flat_set.hpp>

#include "sb/snapshot/derive.h"

#include "event_facts.h"
#include "event_ids.h"
#include "journal_rows.h"

namespace sb::orchestration {
namespace {

using model::Facts;
using model::Field;
using snapshot::Outcome;

Ingest::Verdict accepted() {
  return {};
}
Ingest::Verdict stale() {
  return {Ingest::Verdict::Kind::stale, {}};
}
Ingest::Verdict rejected(ErrorCode code, std::string message, std::string path) {
  return {Ingest::Verdict::Kind::rejected, {code, std::move(message), std::move(path)}};
}

Ingest::Verdict verdict_of(Outcome outcome) {
  switch (outcome) {
    case Outcome::changed:
    case Outcome::unchanged:
      return accepted();
    case Outcome::stale:
      return stale();
    case Outcome::not_found:
      return rejected(ErrorCode::not_found,
                      "no such workspace; state it first (workspace.state_changed)", "$.subject");
    case Outcome::conflict:
      return rejected(ErrorCode::conflict, "this server owns a fact this event contradicts",
                      "$.data");
    case Outcome::limit:
      return rejected(ErrorCode::limit_exceeded, "too many elements or too long an identifier",
                      "$.data");
  }
  return rejected(ErrorCode::internal, "unknown outcome", "$");
}

// What entries show as the source of a change.
std::string_view event_label(const model::ExternalEvent& event) {
  static const auto kLabels = [] {
    std::array<std::string, model::kEventTypes.size()> labels;
    for (std::size_t i = 0; i < labels.size(); ++i) {
      labels[i] = "event:" + std::string(model::kEventTypes[i]);
    }
    return labels;
  }();
  return kLabels.at(event.data.index());
}

bool is_creation(const model::FactPatch& patch) {
  return patch.present.contains(Field::projectId) && patch.present.contains(Field::status) &&
         patch.values.status != model::WorkspaceStatus::ARCHIVED;
}

// True when the journal's rows of a statement do not say all that follows from it: they keep the
// newest value of each key only.
bool needs_memory(const model::FactPatch& patch) {
  return patch.present.contains(Field::prNumber) || patch.present.contains(Field::prUrl) ||
         patch.sessions.whole || !patch.sessions.removals.empty() ||
         !std::all_of(patch.sessions.upserts.begin(), patch.sessions.upserts.end(),
                      snapshot::session_was_started);
}

bool is_archival(const model::FactPatch& patch) {
  return patch.present.contains(Field::status) &&
         patch.values.status == model::WorkspaceStatus::ARCHIVED;
}

/// What the journal kept, on its way into the store.
class Restoring {
 public:
  Restoring(snapshot::Store& store, JournalReader::Rows rows, WallTime wall, MonoTime mono)
      : store_(store), wall_(wall), mono_(mono) {
    for (; !rows.empty(); rows = rows.subspan(statements_.back().rows.size())) {
      statements_.push_back({rows.first(JournalReader::statement(rows))});
    }
  }

  /// Answers how many rows could not be read.
  template <class EnsureProject>
  std::size_t run(EnsureProject&& ensure_project) {
    std::erase_if(statements_, [&](const Statement& statement) {
      return !store_.source(statement.rows.front().source);
    });
    store_.begin_commit();
    create(ensure_project);
    for (const Statement& statement : statements_) {
      if (!statement.taken) take(statement.rows);
    }
    store_.end_commit();
    return skipped_;
  }

 private:
  using Row = workspace::JournalRow;
  struct Statement {
    JournalReader::Rows rows;
    bool taken = false;
  };
  struct Creation {
    const Row* project = nullptr;
    const Row* status = nullptr;
  };

  // An entity is created by project and status together, mostly in one statement. Their rows may
  // carry different stamps by now. What else that statement says has to keep its place behind what
  // others said of the workspace before.
  template <class EnsureProject>
  void create(EnsureProject&& ensure_project) {
    std::map<std::pair<std::string_view, std::string_view>, Creation> apart;
    boost::unordered_flat_set<std::string_view> spoken_of(statements_.size());
    for (Statement& statement : statements_) {
      const JournalReader::Rows rows = statement.rows;
      const bool first = spoken_of.insert(rows.front().workspace).second;
      Creation here;
      for (const Row& row : rows) {
        if (row.key == model::field_name(Field::projectId)) here.project = &row;
        if (row.key == model::field_name(Field::status)) here.status = &row;
      }
      if (here.project == nullptr && here.status == nullptr) continue;
      if (here.project != nullptr && here.status != nullptr) {
        if (const auto patch = reader_.read(rows)) {
          ensure_project(patch->values.projectId);
          apply(rows.front(), rows.front().stamp, first ? *patch : identity_of(*patch));
          statement.taken = first;
          continue;
        }
      }
      Creation& creation = apart[{rows.front().workspace, rows.front().source}];
      if (here.project != nullptr) creation.project = here.project;
      if (here.status != nullptr) creation.status = here.status;
    }
    for (const auto& [key, creation] : apart) {
      if (creation.project == nullptr || creation.status == nullptr) continue;
      auto project = reader_.read({creation.project, 1});
      const auto status = reader_.read({creation.status, 1});
      if (!project || !status) continue;
      ensure_project(project->values.projectId);
      project->template set<&Facts::status>(status->values.status);
      apply(*creation.project, std::min(creation.project->stamp, creation.status->stamp), *project);
    }
  }

  void take(JournalReader::Rows rows) {
    const Row& first = rows.front();
    if (first.key.empty()) return apply(first, first.stamp, {});
    if (first.key == kMemoryKey) {
      return store_.recall(id_of(first), *store_.source(first.source), first.value, wall_, mono_);
    }
    if (const auto patch = reader_.read(rows)) return apply(first, first.stamp, *patch);
    if (rows.size() == 1) {
      ++skipped_;
      return;
    }
    for (const Row& row : rows) take({&row, 1});  // all but the one that cannot be read
  }

  void apply(const Row& row, model::Stamp stamp, const model::FactPatch& patch) {
    using Kind = snapshot::Update::Kind;
    const model::WorkspaceId id = id_of(row);
    (void)store_.apply(snapshot::UpdateView{.workspace = id,
                                            .source = *store_.source(row.source),
                                            .stamp = stamp,
                                            .kind = row.key.empty() ? Kind::remove : Kind::facts,
                                            .cause = snapshot::Update::Cause::journal,
                                            .label = "journal",
                                            .facts = patch},
                       wall_, mono_);
  }

  static model::FactPatch identity_of(const model::FactPatch& patch) {
    model::FactPatch identity;
    identity.set<&Facts::projectId>(patch.values.projectId);
    identity.set<&Facts::status>(patch.values.status);
    return identity;
  }
  static model::WorkspaceId id_of(const Row& row) {
    return model::WorkspaceId(std::string(row.workspace));
  }

  snapshot::Store& store_;
  std::vector<Statement> statements_;  // in order of being written
  WallTime wall_;
  MonoTime mono_;
  JournalReader reader_;
  std::size_t skipped_ = 0;
};

}  // namespace

/// What is known of one producer: where its order stands, and which events it sent.
struct Ingest::Producer {
  std::uint32_t epoch = 0;
  std::uint64_t sequence_max = 0;  // highest of the current life
  EventIds ids;

  void begin(std::uint32_t life) {
    epoch = life;
    sequence_max = 0;
  }
};

Ingest::Ingest(snapshot::Store& store) : store_(&store) {}
Ingest::~Ingest() = default;

Ingest::Producer& Ingest::producer(snapshot::SourceId source) {
  const auto index = static_cast<std::size_t>(source);
  if (producers_.size() <= index) producers_.resize(index + 1);
  if (producers_[index] == nullptr) producers_[index] = std::make_unique<Producer>();
  return *producers_[index];
}

Ingest::Step Ingest::submit(std::vector<model::ExternalEvent> events, WallTime wall,
                            MonoTime mono) {
  Step step;
  step.verdicts.reserve(events.size());
  step.journal.said.reserve(events.size());
  for (model::ExternalEvent& event : events) {
    step.verdicts.push_back(take(event, wall, mono, step.journal));
  }
  return step;
}

Ingest::Verdict Ingest::take(model::ExternalEvent& event, WallTime wall, MonoTime mono,
                             JournalStep& journal) {
  const std::size_t known = store_->source_count();
  const auto source = store_->source(event.source);
  if (!source) return rejected(source.error().code, source.error().message, "$.source");
  if (*source == snapshot::SourceId::own) {
    return rejected(ErrorCode::invalid_argument, "this source name is the server's own",
                    "$.source");
  }
  if (store_->source_count() == known) {
    return take_from(*source, event, wall, mono, journal, false);
  }
  // A name is a producer's from the first event of which something is taken in: made-up ones must
  // not use up the room there is.
  const std::size_t epochs = journal.epochs.size();
  Verdict verdict = take_from(*source, event, wall, mono, journal, true);
  if (verdict.kind == Verdict::Kind::rejected) {
    journal.epochs.resize(epochs);
    producers_[static_cast<std::size_t>(*source)].reset();
    store_->forget_source(*source);
  }
  return verdict;
}

Ingest::Verdict Ingest::take_from(snapshot::SourceId source, model::ExternalEvent& event,
                                  WallTime wall, MonoTime mono, JournalStep& journal,
                                  bool first_word) {
  Producer& from = producer(source);
  const EventIds::Mark id = EventIds::mark(event.id);
  if (from.ids.contains(id)) return {Verdict::Kind::duplicate, {}};
  const auto epoch = store_->source_epoch(source, event.source_epoch);
  if (!epoch) return stale();
  if (from.epoch != *epoch) {
    from.begin(*epoch);
    journal.epochs.emplace_back(event.source, event.source_epoch);
  }
  model::Stamp stamp{*epoch, 0, 0};
  if (event.sequence) {
    stamp.sequence = *event.sequence;
    from.sequence_max = std::max(from.sequence_max, stamp.sequence);
  } else {
    stamp.sequence = from.sequence_max;
    stamp.arrival = ++arrivals_;
  }

  Verdict verdict;
  if (const auto* synced = std::get_if<model::SourceSynced>(&event.data)) {
    if (store_->project(synced->projectId) == nullptr) {
      return rejected(ErrorCode::not_found, "no such project", "$.data.projectId");
    }
    for (const auto& gone : store_->source_synced(source, synced->projectId, wall, mono)) {
      journal.forget_all_of(gone);
      journal_speakers(gone, source, journal);
    }
  } else if (std::holds_alternative<model::WorkspaceRemoved>(event.data)) {
    verdict = apply_removal(event, {source, stamp, first_word}, wall, mono, journal);
  } else {
    verdict = apply_facts(event, {source, stamp, first_word}, wall, mono, journal);
  }
  // A rejected event may be sent again, corrected or later, under the same id.
  if (verdict.kind != Verdict::Kind::rejected) from.ids.add(id);
  return verdict;
}

Ingest::Verdict Ingest::ensure_project(const model::ProjectId& id, WallTime wall) {
  if (store_->project(id) != nullptr) return accepted();
  model::ProjectInfo project;
  project.id = id;
  project.name = id.str();
  project.external = true;
  project.createdAt = wall;
  const auto put = store_->put_project(std::move(project));
  return put ? accepted() : rejected(put.error().code, put.error().message, "$.data.projectId");
}

// Facts are made where the journal takes them from, and are taken back when it keeps nothing.
Ingest::Verdict Ingest::apply_facts(model::ExternalEvent& event, const Place& place, WallTime wall,
                                    MonoTime mono, JournalStep& journal) {
  const auto& [source, stamp, first_word] = place;
  JournalStatement& statement = journal.said.emplace_back();
  to_facts(event, *store_, wall, statement.facts);
  const model::FactPatch& stated = statement.facts;
  if (is_archival(stated)) {
    journal.said.pop_back();
    return apply_removal(event, place, wall, mono, journal);
  }
  bool made_project = false;
  if (is_creation(stated)) {
    made_project = store_->project(stated.values.projectId) == nullptr;
    auto verdict = ensure_project(stated.values.projectId, wall);
    if (verdict.kind == Verdict::Kind::rejected) {
      journal.said.pop_back();
      return verdict;
    }
  }
  const auto applied = store_->apply(snapshot::UpdateView{.workspace = event.workspace,
                                                          .source = source,
                                                          .stamp = stamp,
                                                          .label = event_label(event),
                                                          .facts = stated},
                                     wall, mono);
  const bool names_project = stated.present.contains(Field::projectId);
  const bool refused = !applied.ok() && applied.outcome != Outcome::stale;
  if (made_project && refused) store_->forget_project(stated.values.projectId);
  if (applied.ok()) {
    statement.accepted = applied.accepted;
    statement.elements = true;
  }
  // A stale statement can still tell that the pull request changed in between, or that a session
  // had been started.
  const bool late_session =
      !stated.sessions.empty() && applied.rejected.contains(Field::sessionSummaries);
  if ((applied.ok() || applied.outcome == Outcome::stale) &&
      (late_session || needs_memory(stated))) {
    statement.memory = store_->memory(event.workspace, source);
  }
  if (statement.row_count() == 0) {
    journal.said.pop_back();
  } else {
    statement.workspace = std::move(event.workspace);
    statement.source = std::move(event.source);
    statement.stamp = stamp;
  }
  if (applied.outcome == Outcome::not_found && names_project) {
    return rejected(ErrorCode::not_found,
                    "no such workspace; a first statement needs projectId and status", "$.data");
  }
  return verdict_of(applied.outcome);
}

Ingest::Verdict Ingest::apply_removal(model::ExternalEvent& event, const Place& place,
                                      WallTime wall, MonoTime mono, JournalStep& journal) {
  const auto& [source, stamp, first_word] = place;
  // Who says more may have said this too late; who says nothing else leaves no trace.
  if (first_word && !store_->knows(event.workspace)) {
    return rejected(ErrorCode::not_found, "no such workspace", "$.subject");
  }
  snapshot::Update update;
  update.workspace = event.workspace;
  update.source = source;
  update.stamp = stamp;
  update.kind = snapshot::Update::Kind::remove;
  update.label = event_label(event);
  JournalStatement statement;
  const auto applied = store_->apply(update, wall, mono);
  if (applied.ok()) {
    journal.forget_all_of(event.workspace);
    statement.removal = true;
  } else if (applied.outcome == Outcome::stale) {
    // It came back since: what was said before is void.
    statement.memory = store_->memory(event.workspace, source);
  }
  if (statement.row_count() != 0) {
    statement.workspace = event.workspace;
    statement.source = event.source;
    statement.stamp = stamp;
    journal.said.push_back(std::move(statement));
  }
  if (applied.ok()) journal_speakers(event.workspace, source, journal);
  if (applied.outcome == Outcome::not_found) {
    return rejected(ErrorCode::not_found, "no such workspace", "$.subject");
  }
  return verdict_of(applied.outcome);
}

JournalStep Ingest::removed(const model::WorkspaceId& id) const {
  JournalStep step;
  step.forget.push_back(id);
  journal_speakers(id, snapshot::SourceId::own, step);
  return step;
}

void Ingest::journal_speakers(const model::WorkspaceId& id, snapshot::SourceId remover,
                              JournalStep& journal) const {
  for (const snapshot::SourceId source : store_->speakers(id)) {
    if (source == remover) continue;
    JournalStatement statement;
    statement.memory = store_->memory(id, source);
    if (statement.memory.empty()) continue;
    statement.workspace = id;
    statement.source = store_->source_name(source);
    journal.said.push_back(std::move(statement));
  }
}

std::size_t Ingest::restore(const workspace::JournalContents& contents, WallTime wall,
                            MonoTime mono) {
  for (const auto& [name, life] : contents.source_epochs) {
    if (const auto source = store_->source(name)) store_->restore_source_epoch(*source, life);
  }
  for (const auto& row : contents.rows()) {
    const auto source = store_->source(row.source);
    if (!source) continue;
    Producer& from = producer(*source);
    if (row.stamp.epoch > from.epoch) from.begin(row.stamp.epoch);
    if (row.stamp.epoch == from.epoch) {
      from.sequence_max = std::max(from.sequence_max, row.stamp.sequence);
    }
    arrivals_ = std::max(arrivals_, row.stamp.arrival);
  }
  // The current life of each source, also when none of its facts is left.
  for (const auto& [name, life] : contents.source_epochs) {
    const auto source = store_->source(name);
    if (!source) continue;
    if (const auto epoch = store_->source_epoch(*source, life)) {
      Producer& from = producer(*source);
      if (from.epoch != *epoch) from.begin(*epoch);
    }
  }
  Restoring restoring(*store_, contents.rows(), wall, mono);
  return restoring.run(
      [&](const model::ProjectId& project) { (void)ensure_project(project, wall); });
}

std::vector<model::WorkspaceId> Ingest::orphans(const workspace::JournalContents& contents) const {
  std::set<model::WorkspaceId> ids;
  if (store_->counts().evicted != 0) return {};  // absent, but not forgotten
  std::string_view known;                        // mostly the next row is about the same one
  for (const auto& row : contents.rows()) {
    if (row.workspace == known) continue;
    const model::WorkspaceId id{std::string(row.workspace)};
    if (store_->facts(id) != nullptr) {
      known = row.workspace;
      continue;
    }
    // What tells since when it is gone stays; facts that nobody shows would come back with it.
    const bool fact = !row.key.empty() && row.key != kMemoryKey;
    if (fact || store_->speakers(id).empty()) ids.insert(id);
  }
  return {ids.begin(), ids.end()};
}

}  // namespace sb::orchestration
