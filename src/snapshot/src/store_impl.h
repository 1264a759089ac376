#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

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

inline FieldSet all_fields() {
  FieldSet all;
  for (std::size_t i = 0; i < model::kFieldCount; ++i) all.insert(static_cast<Field>(i));
  return all;
}

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

/// What the store holds, and the steps of a commit: merge, settle, publish, place in the index.
/// Thread: confined to the loop.
struct Store::Impl {
  struct Project {
    model::ProjectInfo info;
    ChangeIndex index;
    std::unordered_map<IdRef, Entity*, IdRefHash> members;  // hidden ones too
    std::size_t visible = 0;
    Revision head = 0;  // last change a watcher can see
    Revision last = 0;  // last change at all: of hidden entries too
    Revision floor = 0;
    Revision reason_revision = 0;  // last change of any status reason, or of membership
    std::size_t gone = 0;          // nodes of the index without an entity: its tombstones
  };

  Impl(std::string epoch_text, Limits store_limits)
      : epoch(std::move(epoch_text)),
        limits(store_limits),
        sources(store_limits.sources_max),
        tombstones(store_limits.tombstones_max),
        evicted(store_limits.tombstones_max) {}

  // --- commits ---

  Revision take_revision() {
    if (commit_revision == 0) commit_revision = ++head;
    return commit_revision;
  }

  void begin() { ++commit_depth; }

  void end() {
    if (--commit_depth != 0) return;
    for (std::size_t i = 0; i < dirty.size(); ++i) {
      const auto found = entities.find(dirty[i]);
      if (found != entities.end()) publish(*found->second);
    }
    dirty.clear();
    const bool moved = commit_revision != 0;
    commit_revision = 0;
    if (moved && listener) listener();
  }

  void mark_dirty(Entity& entity, FieldSet fields, WallTime wall, std::string_view label) {
    entity.dirty |= fields;
    entity.commit_wall = wall;
    if (!entity.in_commit) {
      entity.in_commit = true;
      entity.commit_label = label;
      dirty.push_back(entity.id);
    } else if (entity.commit_label.find(label) == std::string::npos) {
      entity.commit_label.append(1, '+').append(label);
    }
  }

  // The candidates whose text really differs from what is published. A new observation time alone
  // says nothing new: it moves with the next visible change.
  static FieldSet visible_changes(const Entity& entity, FieldSet candidates) {
    FieldSet changed;
    std::string text;
    candidates.each([&](Field field) {
      text.assign(1, '"').append(model::field_name(field)).append("\":");
      append_shown(text, entity, field);
      if (text != entity.text->member(field)) changed.insert(field);
    });
    if (changed == FieldSet{Field::prUpdatedAt}) return {};
    return changed;
  }

  void publish(Entity& entity) {
    entity.in_commit = false;
    const bool first = entity.text == nullptr;
    FieldSet changed = first ? all_fields() : visible_changes(entity, entity.dirty);
    entity.dirty = changed.empty() ? entity.dirty & FieldSet{Field::prUpdatedAt} : FieldSet{};
    // Out of the index although published: it moved away and came back within this commit.
    if (!first && entity.node == nullptr) changed.insert(Field::projectId);
    if (changed.empty()) return;
    const Revision revision = take_revision();
    if (first) entity.created_revision = revision;
    entity.field_revisions.set(changed, revision);
    changed.each([&](Field field) {
      const bool reported = static_cast<std::size_t>(field) >= model::kScalarCount ||
                            entity.origins.holder(field) != nullptr;
      if (const auto group = model::field_group(field); group && reported) {
        entity.group_times[static_cast<std::size_t>(*group)] = entity.commit_wall;
      }
    });
    entity.revision = revision;
    entity.computed_at = entity.commit_wall;
    entity.label = entity.commit_label;
    entity.text = encode_entry(entity, changed);
    place(entity, changed, revision);
  }

  // Puts the entity at the newest end of the change index of its project. What becomes hidden is
  // told once: its later changes move `revision` only.
  void place(Entity& entity, FieldSet changed, Revision revision) {
    Project& project = projects.at(entity.facts.projectId);
    if (entity.node == nullptr) {
      entity.node = &project.index.node(entity.id);
      if (entity.node->revision != 0) --project.gone;  // it comes back to its tombstone's place
      entity.node->entity = &entity;
    }
    touch(*entity.node, project, !entity.hidden(), revision);
    if (entity.node->shown && changed.contains(Field::statusReason)) {
      project.reason_revision = revision;
    }
  }

  void leave(Entity& entity, Project& project, Revision revision, MonoTime mono) {
    if (entity.node == nullptr) return;
    entity.node->entity = nullptr;
    entity.node->gone_at = mono;
    touch(*entity.node, project, false, revision);
    entity.node = nullptr;
    ++project.gone;
    bound_tombstones(project);
  }

  // Drops the oldest tombstones of an index that has too many, a few at a time, because finding
  // them means walking past what lives.
  void bound_tombstones(Project& project) {
    if (project.gone <= limits.tombstones_max) return;
    const std::size_t wanted = limits.tombstones_max - limits.tombstones_max / 8;
    for (IndexNode* node = project.index.oldest(); node != nullptr && project.gone > wanted;) {
      IndexNode* next = node->newer;
      if (node->entity == nullptr) drop_tombstone(project, *node);
      node = next;
    }
  }

  static void touch(IndexNode& node, Project& project, bool shown, Revision revision) {
    project.index.touch(node, revision);
    project.last = revision;
    if (!shown && !node.shown) return;
    node.shown_revision = project.head = revision;
    if (shown == node.shown) return;
    node.shown = shown;
    project.reason_revision = revision;
    project.visible += shown ? 1 : std::size_t(-1);
  }

  // --- membership ---

  Entity& create(const Update& update, MonoTime mono) {
    const ProjectId& project_id = update.facts.values.projectId;
    Project& project = projects.at(project_id);
    if (entities.size() >= limits.workspaces_max && project.members.empty()) {
      make_room(largest_project(), 0, mono);
    } else {
      make_room(project, limits.workspaces_max - std::min(limits.workspaces_max, entities.size()),
                mono);
    }
    auto made = std::make_unique<Entity>();
    Entity& entity = *made;
    entity.id = update.workspace;
    for (Graveyard* graves : {&tombstones, &evicted}) {
      const Graveyard::Grave* grave = graves->find(update.workspace);
      if (grave == nullptr) continue;
      for (const auto& [source, stamp] : grave->stamps.all()) entity.floors.raise(source, stamp);
      graves->erase(update.workspace);
    }
    project.members.emplace(entity.id, &entity);
    entities.emplace(entity.id, std::move(made));
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
    for (const auto& [key, entity] : project.members) {
      if (victim == nullptr || rank(*entity) < rank(*victim)) victim = entity;
    }
    ++evictions;
    SourceStamps stamps = victim->floors;
    for (const auto& [source, stamp] : victim->touched.all()) stamps.raise(source, stamp);
    const WorkspaceId id = victim->id;
    evicted.bury({id, victim->facts.projectId, std::move(stamps), mono});
    erase(id, mono);
  }

  // Takes an entity out of everything; its place in the index stays as a tombstone.
  void erase(const WorkspaceId& id, MonoTime mono) {
    const auto found = entities.find(id);
    Entity& entity = *found->second;
    Project& project = projects.at(entity.facts.projectId);
    if (entity.node != nullptr) leave(entity, project, take_revision(), mono);
    project.members.erase(id);
    entities.erase(found);
  }

  // About an id that is not here: its tombstone, or its marker when it had to go for want of room.
  Applied remove_absent(const Update& update, MonoTime mono) {
    Applied applied;
    if (Graveyard::Grave* tomb = tombstones.find(update.workspace)) {
      const bool newer = tomb->stamps.is_newer(update.source, update.stamp);
      tomb->stamps.raise(update.source, update.stamp);
      applied.outcome = newer ? Outcome::unchanged : Outcome::stale;
      return applied;
    }
    Graveyard::Grave grave{update.workspace, {}, {}, mono};
    applied.outcome = Outcome::not_found;
    if (const Graveyard::Grave* marker = evicted.find(update.workspace)) {
      grave.project = marker->project;
      grave.stamps = marker->stamps;
      const bool newer = marker->stamps.is_newer(update.source, update.stamp);
      applied.outcome = newer ? Outcome::unchanged : Outcome::stale;
      if (!newer) return applied;
      evicted.erase(update.workspace);
    }
    grave.stamps.raise(update.source, update.stamp);
    tombstones.bury(std::move(grave));
    return applied;
  }

  Applied remove(const Update& update, MonoTime mono) {
    Applied applied;
    const auto found = entities.find(update.workspace);
    if (found == entities.end()) return remove_absent(update, mono);
    Entity& entity = *found->second;
    const Origin* owner = entity.origins.holder(Field::projectId);
    if (update.source != SourceId::own && owner != nullptr && owner->source == SourceId::own) {
      applied.outcome = Outcome::conflict;
      return applied;
    }
    const auto exists = entity.origins.held(Field::projectId, update.source);
    const auto status = entity.origins.held(Field::status, update.source);
    if ((exists && update.stamp <= *exists) || (status && update.stamp <= *status) ||
        !entity.floors.is_newer(update.source, update.stamp)) {
      applied.outcome = Outcome::stale;
      // It was removed then and has come back since: what was said before that is void.
      if (entity.floors.is_newer(update.source, update.stamp)) {
        resettle(entity, void_older(entity, update.source, update.stamp), WallTime{}, update.label);
      }
      return applied;
    }
    SourceStamps stamps = entity.floors;
    for (const auto& [source, stamp] : entity.touched.all()) {
      if (source != update.source) stamps.raise(source, stamp);
    }
    stamps.raise(update.source, update.stamp);
    tombstones.bury({update.workspace, entity.facts.projectId, std::move(stamps), mono});
    erase(WorkspaceId(update.workspace), mono);
    applied.outcome = Outcome::changed;
    return applied;
  }

  void resettle(Entity& entity, FieldSet moved, WallTime wall, std::string_view label) {
    Shown after = settle(entity);
    moved |= shown_difference(entity.shown, after);
    entity.shown = std::move(after);
    if (!moved.empty())
      mark_dirty(entity, moved, wall == WallTime{} ? entity.computed_at : wall, label);
  }

  // The workspace moved to another project: gone for the old one, new for the other, in that order.
  void move(Entity& entity, const ProjectId& from, MonoTime mono) {
    Project& old_project = projects.at(from);
    if (entity.node != nullptr) leave(entity, old_project, take_revision(), mono);
    old_project.members.erase(entity.id);
    Project& new_project = projects.at(entity.facts.projectId);
    make_room(new_project, 1, mono);
    new_project.members.emplace(entity.id, &entity);
  }

  Applied merge_facts(Update& update, WallTime wall, MonoTime mono) {
    Applied applied;
    model::FactPatch& patch = update.facts;
    const bool names_project = patch.present.contains(Field::projectId);
    auto found = entities.find(update.workspace);
    if (found == entities.end()) {
      if (tombstones.blocks(update.workspace, update.source, update.stamp)) {
        applied.outcome = Outcome::stale;
        applied.rejected = patch.present;
        return applied;
      }
      const auto project = names_project ? projects.find(patch.values.projectId) : projects.end();
      if (project == projects.end() || !patch.present.contains(Field::status)) {
        applied.outcome = Outcome::not_found;
        return applied;
      }
      if (update.cause == Update::Cause::pass && evicted.find(update.workspace) != nullptr) {
        applied.outcome = Outcome::limit;
        return applied;
      }
      if (evicted.blocks(update.workspace, update.source, update.stamp)) {
        applied.outcome = Outcome::stale;
        applied.rejected = patch.present;
        return applied;
      }
      create(update, mono);
      found = entities.find(update.workspace);
    }
    Entity& entity = *found->second;
    if (update.source != SourceId::own && conflicts_with_own(entity, patch)) {
      applied.outcome = Outcome::conflict;
      return applied;
    }
    if (names_project && !projects.contains(patch.values.projectId)) {
      applied.outcome = Outcome::not_found;
      return applied;
    }
    const std::uint64_t ingest = ++ingests;
    const Origin origin{update.source, update.stamp, ingest};
    const ProjectId project_before = entity.facts.projectId;
    const Merged merged = merge(entity, origin, std::move(patch));
    applied.accepted = merged.accepted;
    applied.rejected = merged.rejected;
    if (merged.limit) applied.outcome = Outcome::limit;
    if (update.cause == Update::Cause::event && !merged.accepted.empty())
      entity.last_event = ingest;
    if (!project_before.empty() && !(project_before == entity.facts.projectId)) {
      move(entity, project_before, mono);
    }
    if (merged.accepted.empty() && !merged.limit) {
      applied.outcome = merged.rejected.empty() ? Outcome::unchanged : Outcome::stale;
      // A late statement can still tell that the pull request changed in between.
      resettle(entity, {}, wall, update.label);
      return applied;
    }
    const bool first = entity.text == nullptr;
    const bool fresh_commit = !entity.in_commit;
    resettle(entity, merged.moved, wall, update.label);
    if (first) mark_dirty(entity, all_fields(), wall, update.label);
    if (merged.limit) return applied;
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

  void drop_tombstone(Project& project, IndexNode& node) {
    project.floor = std::max(project.floor, node.revision);
    floor = std::max(floor, node.revision);
    --project.gone;
    project.index.erase(node);
  }

  std::string epoch;
  Limits limits;
  SourceTable sources;
  std::map<ProjectId, Project> projects;
  std::unordered_map<IdRef, std::unique_ptr<Entity>, IdRefHash> entities;
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
  Revision commit_revision = 0;    // 0: none taken yet in the open commit
  std::vector<WorkspaceId> dirty;  // entities to publish at the end of the open commit
};

}  // namespace sb::snapshot
