#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "sb/core/mutant.h"
#include "sb/snapshot/store.h"

#include "change_index.h"
#include "encode.h"
#include "entity.h"
#include "graveyard.h"
#include "id_ref.h"
#include "merge.h"
#include "sources.h"

namespace sb::snapshot {

using model::Field;
using model::FieldSet;
using model::ProjectId;
using model::WorkspaceId;

inline constexpr FieldSet kDerivedFields{
    Field::sidebarStatus, Field::kanbanColumn,          Field::flowPhase,
    Field::ciObservation, Field::ratchetButtonAnimated, Field::statusReason};

// In order of FieldGroup.
inline constexpr auto kGroupFields = [] {
  std::array<FieldSet, std::tuple_size_v<GroupTimes>> groups;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    groups[i] = model::group_fields(static_cast<model::FieldGroup>(i));
  }
  return groups;
}();

// Fields whose published value may differ between two settled states.
inline FieldSet shown_difference(const Shown& before, const Shown& after) {
  FieldSet moved;
  if (before.is_working != after.is_working) moved.insert(Field::isWorking);
  if (before.has_had_sessions != after.has_had_sessions) moved.insert(Field::hasHadSessions);
  if (before.pending_request_type != after.pending_request_type) {
    moved.insert(Field::pendingRequestType);
    moved.insert(Field::pendingRequests);
  }
  if (before.ratchet_state != after.ratchet_state) moved.insert(Field::ratchetState);
  if (before.last_activity_at != after.last_activity_at) moved.insert(Field::lastActivityAt);
  if (!(before.voided == after.voided)) moved |= before.voided | after.voided;
  if (!(before.unknown == after.unknown)) moved.insert(Field::unknownFields);
  if (!(before.derived == after.derived)) moved |= kDerivedFields;
  return moved;
}

/// What the store holds of one project besides its entities.
struct ProjectState {
  model::ProjectInfo info;
  ChangeIndex index;
  IdSet<Entity*> members;  ///< hidden ones too
  std::size_t visible = 0;
  std::shared_ptr<ProjectPulse> pulse = std::make_shared<ProjectPulse>();
};

/// What the open commit is going to publish of one entity.
struct Draft {
  Entity* entity = nullptr;  ///< null: it is gone meanwhile
  WallTime wall{};
  std::string label;
};

inline constexpr std::size_t kDraftsKept = 256;  // drafts whose room is kept for later commits

/// What the store holds, and the steps of a commit: merge, settle, publish, place in the index.
/// Thread: confined to the loop.
struct Store::Impl {
  using Project = ProjectState;

  Impl(std::string epoch_text, Limits store_limits)
      : epoch(std::move(epoch_text)),
        first_epoch(epoch),
        limits(store_limits),
        sources(store_limits.sources_max),
        tombstones(store_limits.tombstones_max),
        evicted(store_limits.tombstones_max) {}

  // --- commits ---

  Revision take_revision() {
    if (commit_revision == 0) commit_revision = ++head;
    return commit_revision;
  }

  void begin() {
    if (commit_depth++ == 0 && head >= limits.revision_max) begin_epoch();
  }

  /// Inside a commit that has just begun: everything is published anew from revision 1 under a new
  /// name, to readers who can only start again. new_epoch.cc
  void begin_epoch();

  void end() {
    if (--commit_depth != 0) return;
    for (std::size_t i = 0; i < draft_count; ++i) {
      if (drafts[i].entity != nullptr) publish(*drafts[i].entity, drafts[i]);
    }
    draft_count = 0;
    if (drafts.size() > kDraftsKept) {
      drafts.resize(kDraftsKept);
      drafts.shrink_to_fit();
    }
    const bool moved = commit_revision != 0;
    commit_revision = 0;
    if (moved && listener) listener();
  }

  void mark_dirty(Entity& entity, FieldSet fields, WallTime wall, std::string_view label) {
    entity.dirty |= fields;
    encoder.forget();
    if (entity.draft == kNoDraft) {
      if (draft_count == drafts.size()) drafts.emplace_back();
      entity.draft = static_cast<std::uint32_t>(draft_count++);
      drafts[entity.draft].entity = &entity;
      drafts[entity.draft].label = label;
    }
    Draft& draft = drafts[entity.draft];
    draft.wall = wall;
    if (draft.label.find(label) == std::string::npos) draft.label.append(1, '+').append(label);
  }

  void forget_draft(const Entity& entity) {
    if (entity.draft != kNoDraft) drafts[entity.draft].entity = nullptr;
  }

  // The candidates whose text really differs from what is published. A new observation time alone
  // says nothing new: it moves with the next visible change.
  FieldSet visible_changes(const Entity& entity, FieldSet candidates) {
    const FieldSet changed = encoder.changes(entity, candidates);
    if (changed == FieldSet{Field::prUpdatedAt}) return {};
    return changed;
  }

  void publish(Entity& entity, const Draft& draft) {
    entity.draft = kNoDraft;
    const bool first = entity.text == nullptr;
    FieldSet changed = visible_changes(entity, first ? model::all_fields() : entity.dirty);
    entity.dirty = changed.empty() ? entity.dirty & FieldSet{Field::prUpdatedAt} : FieldSet{};
    // Out of the index although published: it moved away and came back within this commit.
    if (!first && !entity.node.linked()) changed.insert(Field::projectId);
    if (changed.empty()) return;
    const Revision revision = take_revision();
    if (first) {
      entity.created_revision = revision;
    } else {
      remember(entity, draft, revision, changed);
    }
    if (SB_MUTANT(recreate_keeps_filter_revision) && first) {
      changed = changed & ~FieldSet{Field::projectId, Field::status, Field::statusReason};
    }
    entity.field_revisions.set(changed, revision);
    if (SB_MUTANT(recreate_keeps_filter_revision) && first) changed = model::all_fields();
    const FieldSet reported = changed & entity.reported();
    for (std::size_t group = 0; group < kGroupFields.size(); ++group) {
      if (!(reported & kGroupFields[group]).empty()) entity.group_times[group] = draft.wall;
    }
    entity.revision = revision;
    entity.computed_at = draft.wall;
    encoder.write(entity, draft.label);
    place(entity, changed, revision);
  }

  // Keeps what `changed` showed until now.
  void remember(Entity& entity, const Draft& draft, Revision revision, FieldSet changed) {
    if (entity.history == nullptr) entity.history = std::make_unique<HistoryRing>();
    entity.history->append({revision, draft.wall, draft.label}, changed, *entity.text,
                           history_share(entities.size()));
  }

  // Puts the entity at the newest end of the change index of its project. What becomes hidden is
  // told once: its later changes move `revision` only.
  void place(Entity& entity, FieldSet changed, Revision revision) {
    Project& project = *entity.project;
    if (!entity.node.linked()) project.index.revive(entity.node, entity.id);
    touch(entity.node, project, !entity.hidden(), revision);
    if (entity.node.shown && changed.contains(Field::statusReason)) {
      project.pulse->reason_revision = revision;
    }
  }

  void leave(Entity& entity, Project& project, Revision revision, MonoTime mono) {
    if (!entity.node.linked()) return;
    touch(project.index.bury(entity.node, entity.id, mono), project, false, revision);
    bound_tombstones(project);
  }

  // Drops the oldest tombstones of an index that has too many, a few at a time, because finding
  // them means walking past what lives.
  void bound_tombstones(Project& project) {
    if (project.index.gone() <= limits.tombstones_max) return;
    const std::size_t wanted = limits.tombstones_max - limits.tombstones_max / 8;
    for (IndexNode* node = project.index.oldest();
         node != nullptr && project.index.gone() > wanted;) {
      IndexNode* next = node->newer;
      if (node->entity == nullptr) drop_tombstone(project, static_cast<IndexTombstone&>(*node));
      node = next;
    }
  }

  static void touch(IndexNode& node, Project& project, bool shown, Revision revision) {
    project.index.touch(node, revision);
    project.pulse->last = revision;
    if (!shown && !node.shown) return;
    node.shown_revision = project.pulse->head = revision;
    if (shown == node.shown) return;
    node.shown = shown;
    project.pulse->reason_revision = revision;
    project.visible += shown ? 1 : std::size_t(-1);
  }

  // --- membership ---

  Entity& create(const UpdateView& update, Project& project, MonoTime mono) {
    if (entities.size() >= limits.workspaces_max && project.members.empty()) {
      make_room(largest_project(), 0, mono);
    } else {
      make_room(project, limits.workspaces_max - std::min(limits.workspaces_max, entities.size()),
                mono);
    }
    auto made = std::make_unique<Entity>();
    Entity& entity = *made;
    entity.id = update.workspace;
    entity.project = &project;
    for (Graveyard* graves : {&tombstones, &evicted}) {
      const Graveyard::Grave* grave = graves->find(update.workspace);
      if (grave == nullptr) continue;
      entity.floors.raise(grave->stamps);
      graves->erase(update.workspace);
    }
    project.members.insert(&entity);
    entities.insert(std::move(made));
    const std::size_t share = history_share(entities.size());
    if (share < history_share(entities.size() - 1)) {
      for (const auto& held : entities) {
        if (held->history != nullptr) held->history->shrink(share);
      }
    }
    return entity;
  }

  Project& largest_project() {
    return std::max_element(projects.begin(), projects.end(),
                            [](const auto& a, const auto& b) {
                              return a.second.members.size() < b.second.members.size();
                            })
        ->second;
  }

  // Evicts the stalest entry when there is no room for one more in the project, or none at all
  // (`room`): what needs the user or works goes last.
  void make_room(Project& project, std::size_t room, MonoTime mono) {
    const bool full = project.members.size() >= limits.workspaces_per_project_max || room == 0;
    if (!full || project.members.empty()) return;
    const Entity* victim = nullptr;
    const auto rank = [](const Entity& entity) {
      const bool busy = entity.shown.derived.status_reason.needsUser ||
                        entity.shown.derived.kanban_column == model::KanbanColumn::WORKING;
      return std::pair(busy, entity.last_event);
    };
    for (const Entity* entity : project.members) {
      if (victim == nullptr || rank(*entity) < rank(*victim)) victim = entity;
    }
    ++evictions;
    SourceStamps stamps;
    stamps.raise(victim->floors);
    stamps.raise(victim->touched);
    const WorkspaceId id = victim->id;
    evicted.bury({id, victim->facts.projectId, std::move(stamps), mono});
    erase(id, mono);
  }

  // Takes an entity out of everything; its place in the index stays as a tombstone.
  void erase(const WorkspaceId& id, MonoTime mono) {
    const auto found = entities.find(IdRef(id));
    Entity& entity = **found;
    if (entity.node.linked()) leave(entity, *entity.project, take_revision(), mono);
    entity.project->members.erase(&entity);
    forget_draft(entity);
    entities.erase(found);
  }

  // About an id that is not here: its tombstone, or its marker when it had to go for want of room.
  Applied remove_absent(const WorkspaceId& id, SourceId source, const model::Stamp& stamp,
                        MonoTime mono) {
    Applied applied;
    if (Graveyard::Grave* tomb = tombstones.find(id)) {
      const bool newer = tomb->stamps.is_newer(source, stamp);
      tomb->stamps.raise(source, stamp);
      applied.outcome = newer ? Outcome::unchanged : Outcome::stale;
      return applied;
    }
    Graveyard::Grave grave;
    grave.id = id;
    grave.at = mono;
    applied.outcome = Outcome::not_found;
    if (const Graveyard::Grave* marker = evicted.find(id)) {
      grave.project = marker->project;
      grave.stamps.raise(marker->stamps);
      const bool newer = marker->stamps.is_newer(source, stamp);
      applied.outcome = newer ? Outcome::unchanged : Outcome::stale;
      if (!newer) return applied;
      evicted.erase(id);
    }
    grave.stamps.raise(source, stamp);
    tombstones.bury(std::move(grave));
    return applied;
  }

  void recall_removal(const WorkspaceId& id, SourceId source, const model::Stamp& stamp,
                      MonoTime mono) {
    if (Graveyard::Grave* marker = evicted.find(id)) return marker->stamps.raise(source, stamp);
    (void)remove_absent(id, source, stamp, mono);
  }

  [[nodiscard]] Entity* find(const WorkspaceId& id) const {
    const auto found = entities.find(IdRef(id));
    return found == entities.end() ? nullptr : found->get();
  }

  Applied remove(const UpdateView& update, MonoTime mono) {
    Applied applied;
    Entity* found = find(update.workspace);
    if (found == nullptr) return remove_absent(update.workspace, update.source, update.stamp, mono);
    Entity& entity = *found;
    const Origin* owner = entity.origins.holder(Field::projectId);
    if (update.source != SourceId::own && owner != nullptr && owner->source == SourceId::own) {
      applied.outcome = Outcome::conflict;
      return applied;
    }
    const model::Stamp* exists = entity.origins.held(Field::projectId, update.source);
    const model::Stamp* status = entity.origins.held(Field::status, update.source);
    // A producer that has spoken of it since has it again: only the word for that is still missing.
    const auto spoke = entity.touched.find(update.source);
    const bool late = update.source != SourceId::own && spoke && update.stamp < *spoke;
    if ((exists != nullptr && update.stamp <= *exists) || late ||
        (status != nullptr && update.stamp <= *status) ||
        !entity.floors.is_newer(update.source, update.stamp)) {
      applied.outcome = Outcome::stale;
      // It was removed then and has come back since: what was said before that is void.
      if (entity.floors.is_newer(update.source, update.stamp)) {
        resettle(entity, void_older(entity, update.source, update.stamp), WallTime{}, update.label);
      }
      return applied;
    }
    SourceStamps stamps;
    stamps.raise(entity.floors);
    entity.touched.each([&](SourceId source, const model::Stamp& stamp) {
      if (source != update.source) stamps.raise(source, stamp);
    });
    stamps.raise(update.source, update.stamp);
    if (SB_MUTANT(tombstone_without_version)) stamps = {};
    tombstones.bury({update.workspace, entity.facts.projectId, std::move(stamps), mono});
    erase(WorkspaceId(update.workspace), mono);
    applied.outcome = Outcome::changed;
    return applied;
  }

  void resettle(Entity& entity, FieldSet moved, WallTime wall, std::string_view label) {
    const Shown after = settle(entity);
    moved |= shown_difference(entity.shown, after);
    entity.shown = after;
    if (!moved.empty())
      mark_dirty(entity, moved, wall == WallTime{} ? entity.computed_at : wall, label);
  }

  // The workspace moved to another project: gone for the old one, new for the other, in that order.
  void move(Entity& entity, Project& to, MonoTime mono) {
    if (entity.node.linked()) leave(entity, *entity.project, take_revision(), mono);
    entity.project->members.erase(&entity);
    make_room(to, 1, mono);
    entity.project = &to;
    to.members.insert(&entity);
  }

  Applied merge_facts(Entity* found, const UpdateView& update, WallTime wall, MonoTime mono) {
    Applied applied;
    const model::FactPatch& patch = update.facts;
    const bool names_project = patch.present.contains(Field::projectId);
    const auto named = names_project ? projects.find(patch.values.projectId) : projects.end();
    const auto is_too_much = [&](const AgentState& agents) {
      return update.cause != Update::Cause::journal && patch.has_elements() &&
             overflows(agents, {update.source, update.stamp, 0}, patch);
    };
    if (found == nullptr) {
      if (tombstones.blocks(update.workspace, update.source, update.stamp)) {
        applied.outcome = Outcome::stale;
        applied.rejected = patch.present;
        return applied;
      }
      if (named == projects.end() || !patch.present.contains(Field::status)) {
        applied.outcome = Outcome::not_found;
        return applied;
      }
      const bool readmits =
          update.cause == Update::Cause::pass && evicted.find(update.workspace) != nullptr;
      if (readmits || is_too_much({})) {
        applied.outcome = Outcome::limit;
        return applied;
      }
      if (evicted.blocks(update.workspace, update.source, update.stamp)) {
        applied.outcome = Outcome::stale;
        applied.rejected = patch.present;
        return applied;
      }
      found = &create(update, named->second, mono);
    }
    Entity& entity = *found;
    if (update.source != SourceId::own && conflicts_with_own(entity, patch)) {
      applied.outcome = Outcome::conflict;
      return applied;
    }
    if (names_project && named == projects.end()) {
      applied.outcome = Outcome::not_found;
      return applied;
    }
    if (is_too_much(*entity.agents)) {
      applied.outcome = Outcome::limit;
      return applied;
    }
    const std::uint64_t ingest = ++ingests;
    const Origin origin{update.source, update.stamp, ingest};
    const Merged merged = merge(entity, origin, patch, {wall, labels.intern(update.label)});
    applied.accepted = merged.accepted;
    applied.rejected = merged.rejected;
    if (update.cause != Update::Cause::pass && !merged.accepted.empty()) entity.last_event = ingest;
    if (merged.accepted.contains(Field::projectId) && entity.project != &named->second) {
      move(entity, named->second, mono);
    }
    if (merged.accepted.empty()) {
      applied.outcome = merged.rejected.empty() ? Outcome::unchanged : Outcome::stale;
      // A late statement can still tell that the pull request changed in between.
      if (merged.unsettles) resettle(entity, {}, wall, update.label);
      return applied;
    }
    const bool first = entity.text == nullptr;
    const bool fresh_commit = entity.draft == kNoDraft;
    if (!merged.moved.empty()) EntryEncoder::fetch_ahead(entity);
    if (merged.unsettles) {
      resettle(entity, merged.moved, wall, update.label);
    } else if (!merged.moved.empty()) {
      mark_dirty(entity, merged.moved, wall, update.label);
    }
    if (first) mark_dirty(entity, model::all_fields(), wall, update.label);
    if (entity.draft == kNoDraft) return applied;  // restated: nothing moved in this commit
    FieldSet moved = entity.dirty;
    if (fresh_commit && !first) moved = visible_changes(entity, entity.dirty);
    applied.outcome = moved.empty() ? Outcome::unchanged : Outcome::changed;
    if (update.cause == Update::Cause::pass && !first)
      describe(entity, moved & merged.accepted, applied);
    return applied;
  }

  // Before and after of each raw field a pass corrected, for the drift log.
  static void describe(const Entity& entity, FieldSet fields, Applied& applied) {
    fields.each([&](Field field) {
      FieldChange change;
      change.field = field;
      const std::string_view member = entity.text->member(field);
      change.before = member.substr(model::field_name(field).size() + 3);
      append_shown(change.after, entity, field);
      if (change.before != change.after) applied.changes.push_back(std::move(change));
    });
  }

  [[nodiscard]] static PublishedEntry published(const Entity& entity) {
    return {entity.id,
            entity.facts.projectId,
            entity.revision,
            entity.hidden(),
            entity.shown.derived.status_reason.code,
            entity.text,
            entity.facts.status};
  }

  void drop_tombstone(Project& project, IndexTombstone& tombstone) {
    project.pulse->floor = std::max(project.pulse->floor, tombstone.revision);
    floor = std::max(floor, tombstone.revision);
    project.index.erase(tombstone);
  }

  std::string epoch;
  std::string first_epoch;
  std::uint64_t epochs = 1;  // begun
  Limits limits;
  SourceTable sources;
  LabelTable labels;
  std::map<ProjectId, Project> projects;
  IdSet<std::unique_ptr<Entity>> entities;
  Graveyard tombstones;
  Graveyard evicted;  // markers of what had to go for want of room
  Revision head = 0;
  Revision floor = 0;  // over all projects
  std::uint64_t ingests = 0;
  std::uint64_t evictions = 0;
  std::optional<std::int64_t> review_count;
  Revision review_count_revision = 0;
  std::function<void()> listener;

  int commit_depth = 0;
  Revision commit_revision = 0;  // 0: none taken yet in the open commit
  std::vector<Draft> drafts;     // of the open commit, and room for later ones
  std::size_t draft_count = 0;
  EntryEncoder encoder;
};

}  // namespace sb::snapshot
