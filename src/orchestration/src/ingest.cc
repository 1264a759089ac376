#include "sb/orchestration/ingest.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

#include "sb/snapshot/derive.h"

#include "event_facts.h"
#include "journal_rows.h"

namespace sb::orchestration {
namespace {

using model::Facts;
using model::Field;
using snapshot::Outcome;

constexpr std::string_view kMemoryKey = "memory";  // of the journal: no field has this name

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

Ingest::Step Ingest::submit(std::vector<model::ExternalEvent> events, WallTime wall,
                            MonoTime mono) {
  Step step;
  step.verdicts.reserve(events.size());
  for (model::ExternalEvent& event : events) {
    step.verdicts.push_back(take(event, wall, mono, step.journal));
  }
  return step;
}

bool Ingest::remember(const std::string& source, const std::string& id) {
  std::string key = source + '\x1f' + id;
  if (!seen_.insert(key).second) return false;
  seen_order_.push_back(std::move(key));
  if (seen_order_.size() > kRememberedIds) {
    seen_.erase(seen_order_.front());
    seen_order_.pop_front();
  }
  return true;
}

Ingest::Verdict Ingest::take(model::ExternalEvent& event, WallTime wall, MonoTime mono,
                             JournalStep& journal) {
  if (seen_.contains(event.source + '\x1f' + event.id)) return {Verdict::Kind::duplicate, {}};
  const auto source = store_->source(event.source);
  if (!source) return rejected(source.error().code, source.error().message, "$.source");
  if (*source == snapshot::SourceId::own) {
    return rejected(ErrorCode::invalid_argument, "this source name is the server's own",
                    "$.source");
  }
  const auto epoch = store_->source_epoch(*source, event.source_epoch);
  if (!epoch) return stale();
  SourceOrder& order = orders_[static_cast<std::uint16_t>(*source)];
  if (order.epoch != *epoch) {
    order = {*epoch, 0};
    journal.epochs.emplace_back(event.source, event.source_epoch);
  }
  model::Stamp stamp{*epoch, 0, 0};
  if (event.sequence) {
    stamp.sequence = *event.sequence;
    order.sequence_max = std::max(order.sequence_max, stamp.sequence);
  } else {
    stamp.sequence = order.sequence_max;
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
    verdict = apply_removal(event, *source, stamp, wall, mono, journal);
  } else {
    const model::FactPatch patch = to_facts(event, *store_, wall);
    if (is_archival(patch)) {
      verdict = apply_removal(event, *source, stamp, wall, mono, journal);
    } else {
      verdict = apply_facts(event, *source, stamp, patch, wall, mono, journal);
    }
  }
  // A rejected event may be sent again, corrected or later, under the same id.
  if (verdict.kind != Verdict::Kind::rejected) remember(event.source, event.id);
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

Ingest::Verdict Ingest::apply_facts(const model::ExternalEvent& event, snapshot::SourceId source,
                                    model::Stamp stamp, const model::FactPatch& stated,
                                    WallTime wall, MonoTime mono, JournalStep& journal) {
  if (is_creation(stated)) {
    auto verdict = ensure_project(stated.values.projectId, wall);
    if (verdict.kind == Verdict::Kind::rejected) return verdict;
  }
  const auto applied = store_->apply(snapshot::UpdateView{.workspace = event.workspace,
                                                          .source = source,
                                                          .stamp = stamp,
                                                          .label = event_label(event),
                                                          .facts = stated},
                                     wall, mono);
  workspace::JournalFact row;
  row.workspace = event.workspace;
  row.source = event.source;
  row.stamp = stamp;
  if (applied.outcome == Outcome::not_found && stated.present.contains(Field::projectId)) {
    return rejected(ErrorCode::not_found,
                    "no such workspace; a first statement needs projectId and status", "$.data");
  }
  if (applied.ok() || applied.outcome == Outcome::limit) {
    append_journal_rows(journal.facts, row, stated, applied.accepted);
  }
  // A stale statement can still tell that the pull request changed in between, or that a session
  // had been started.
  const bool late_session =
      !stated.sessions.empty() && applied.rejected.contains(Field::sessionSummaries);
  if ((applied.ok() || applied.outcome == Outcome::stale) &&
      (late_session || needs_memory(stated))) {
    journal_memory(row, source, journal);
  }
  return verdict_of(applied.outcome);
}

Ingest::Verdict Ingest::apply_removal(const model::ExternalEvent& event, snapshot::SourceId source,
                                      model::Stamp stamp, WallTime wall, MonoTime mono,
                                      JournalStep& journal) {
  snapshot::Update update;
  update.workspace = event.workspace;
  update.source = source;
  update.stamp = stamp;
  update.kind = snapshot::Update::Kind::remove;
  update.label = event_label(event);
  const auto applied = store_->apply(std::move(update), wall, mono);
  workspace::JournalFact row;
  row.workspace = event.workspace;
  row.source = event.source;
  row.stamp = stamp;
  if (applied.ok()) {
    std::erase_if(journal.facts, [&](const auto& old) { return old.workspace == event.workspace; });
    journal.forget.push_back(event.workspace);
    journal.facts.push_back(std::move(row));
    journal_speakers(event.workspace, source, journal);
  } else if (applied.outcome == Outcome::stale) {
    journal_memory(row, source, journal);  // it came back since: what was said before is void
  }
  if (applied.outcome == Outcome::not_found) {
    return rejected(ErrorCode::not_found, "no such workspace", "$.subject");
  }
  return verdict_of(applied.outcome);
}

void Ingest::journal_memory(const workspace::JournalFact& row, snapshot::SourceId source,
                            JournalStep& journal) const {
  auto memory = store_->memory(row.workspace, source);
  if (memory.text.empty()) return;
  workspace::JournalFact kept = row;
  kept.key = kMemoryKey;
  kept.value = std::move(memory.text);
  kept.stamp = memory.newest;  // a late statement must not look older than the memory before it
  std::erase_if(journal.facts, [&](const auto& old) {
    return old.workspace == kept.workspace && old.source == kept.source && old.key == kept.key;
  });
  journal.facts.push_back(std::move(kept));
}

Ingest::JournalStep Ingest::removed(const model::WorkspaceId& id) const {
  JournalStep step;
  step.forget.push_back(id);
  journal_speakers(id, snapshot::SourceId::own, step);
  return step;
}

void Ingest::journal_speakers(const model::WorkspaceId& id, snapshot::SourceId remover,
                              JournalStep& journal) const {
  for (const snapshot::SourceId source : store_->speakers(id)) {
    if (source == remover) continue;
    workspace::JournalFact row;
    row.workspace = id;
    row.source = store_->source_name(source);
    journal_memory(row, source, journal);
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
    SourceOrder& order = orders_[static_cast<std::uint16_t>(*source)];
    if (row.stamp.epoch > order.epoch) order = {row.stamp.epoch, 0};
    if (row.stamp.epoch == order.epoch) {
      order.sequence_max = std::max(order.sequence_max, row.stamp.sequence);
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
      SourceOrder& order = orders_[static_cast<std::uint16_t>(*source)];
      if (order.epoch != *epoch) order = {*epoch, 0};
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
