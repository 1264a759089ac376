#include "sb/orchestration/ingest.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

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
  const auto source = store_->source(event.source);
  if (!source) return rejected(source.error().code, source.error().message, "$.source");
  if (*source == snapshot::SourceId::own) {
    return rejected(ErrorCode::invalid_argument, "this source name is the server's own",
                    "$.source");
  }
  Producer& from = producer(*source);
  const EventIds::Mark id = EventIds::mark(event.id);
  if (from.ids.contains(id)) return {Verdict::Kind::duplicate, {}};
  const auto epoch = store_->source_epoch(*source, event.source_epoch);
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
    const auto gone = store_->source_synced(*source, synced->projectId, wall, mono);
    journal.forget.insert(journal.forget.end(), gone.begin(), gone.end());
  } else if (std::holds_alternative<model::WorkspaceRemoved>(event.data)) {
    verdict = apply_removal(event, {*source, stamp}, wall, mono, journal);
  } else {
    verdict = apply_facts(event, {*source, stamp}, wall, mono, journal);
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
  const auto& [source, stamp] = place;
  JournalStatement& statement = journal.said.emplace_back();
  to_facts(event, *store_, wall, statement.facts);
  const model::FactPatch& stated = statement.facts;
  if (is_archival(stated)) {
    journal.said.pop_back();
    return apply_removal(event, place, wall, mono, journal);
  }
  if (is_creation(stated)) {
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
  if (applied.ok() || applied.outcome == Outcome::limit) {
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
  const auto& [source, stamp] = place;
  snapshot::Update update;
  update.workspace = event.workspace;
  update.source = source;
  update.stamp = stamp;
  update.kind = snapshot::Update::Kind::remove;
  update.label = event_label(event);
  JournalStatement statement;
  const auto applied = store_->apply(std::move(update), wall, mono);
  if (applied.ok()) {
    std::erase_if(journal.said, [&](const auto& old) { return old.workspace == event.workspace; });
    journal.forget.push_back(event.workspace);
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
  std::size_t skipped = 0;
  struct Creation {
    std::optional<workspace::JournalFact> project, status;
  };
  // An entity is created by project and status together; their rows may carry different stamps by
  // now.
  std::map<std::pair<model::WorkspaceId, std::string>, Creation> creations;
  for (const auto& row : contents.facts) {
    const auto source = store_->source(row.source);
    if (!source) continue;
    Producer& from = producer(*source);
    if (row.stamp.epoch > from.epoch) from.begin(row.stamp.epoch);
    if (row.stamp.epoch == from.epoch) {
      from.sequence_max = std::max(from.sequence_max, row.stamp.sequence);
    }
    arrivals_ = std::max(arrivals_, row.stamp.arrival);
    Creation& creation = creations[{row.workspace, row.source}];
    if (row.key == model::field_name(Field::projectId)) creation.project = row;
    if (row.key == model::field_name(Field::status)) creation.status = row;
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
  const auto apply = [&](const workspace::JournalFact& row, model::Stamp stamp,
                         model::FactPatch patch) {
    snapshot::Update update;
    update.workspace = row.workspace;
    update.source = *store_->source(row.source);
    update.stamp = stamp;
    update.label = "journal";
    update.facts = std::move(patch);
    if (row.key.empty()) update.kind = snapshot::Update::Kind::remove;
    (void)store_->apply(std::move(update), wall, mono);
  };
  store_->begin_commit();
  for (const auto& [key, creation] : creations) {
    if (!creation.project || !creation.status) continue;
    auto project = read_journal_row(*creation.project);
    const auto status = read_journal_row(*creation.status);
    if (!project || !status) continue;
    (void)ensure_project(project->values.projectId, wall);
    project->set<&Facts::status>(status->values.status);
    apply(*creation.project, std::min(creation.project->stamp, creation.status->stamp),
          *std::move(project));
  }
  for (const auto& row : contents.facts) {
    if (!store_->source(row.source)) continue;
    if (row.key.empty()) {
      apply(row, row.stamp, {});
      continue;
    }
    if (row.key == kMemoryKey) {
      store_->recall(row.workspace, *store_->source(row.source), row.value, wall, mono);
      continue;
    }
    auto patch = read_journal_row(row);
    if (patch) {
      apply(row, row.stamp, *std::move(patch));
    } else {
      ++skipped;
    }
  }
  store_->end_commit();
  return skipped;
}

std::vector<model::WorkspaceId> Ingest::orphans(const workspace::JournalContents& contents) const {
  std::set<model::WorkspaceId> ids;
  if (store_->counts().evicted != 0) return {};  // absent, but not forgotten
  for (const auto& row : contents.facts) {
    if (store_->facts(row.workspace) != nullptr) continue;
    // What tells since when it is gone stays; facts that nobody shows would come back with it.
    const bool fact = !row.key.empty() && row.key != kMemoryKey;
    if (fact || store_->speakers(row.workspace).empty()) ids.insert(row.workspace);
  }
  return {ids.begin(), ids.end()};
}

}  // namespace sb::orchestration
