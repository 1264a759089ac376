#include "sb/snapshot/store.h"

#include <unordered_set>

#include "sb/core/check.h"
#include "sb/core/mutant.h"

#include "memory.h"
#include "store_impl.h"

namespace sb::snapshot {
namespace {

// The answer to an update of which nothing was taken.
Applied without(Outcome outcome, FieldSet rejected = {}) {
  Applied applied;
  applied.outcome = outcome;
  applied.rejected = rejected;
  return applied;
}

}  // namespace

Store::Store(std::string epoch, Limits limits)
    : impl_(std::make_unique<Impl>(std::move(epoch), limits)) {}
Store::~Store() = default;

Result<SourceId> Store::source(std::string_view name) {
  return impl_->sources.intern(name);
}
std::size_t Store::source_count() const {
  return impl_->sources.size();
}
void Store::forget_source(SourceId source) {
  impl_->sources.forget(source);
}
std::string_view Store::source_name(SourceId source) const {
  return impl_->sources.name(source);
}

std::uint32_t Store::current_epoch(SourceId source) const {
  return impl_->sources.current_epoch(source);
}
std::string_view Store::label_text(LabelId label) const {
  return impl_->labels.text(label);
}

std::optional<std::uint32_t> Store::source_epoch(SourceId source, std::string_view epoch) {
  return impl_->sources.epoch(source, epoch);
}
void Store::restore_source_epoch(SourceId source, std::string_view epoch) {
  (void)impl_->sources.epoch(source, epoch);
}

Result<void> Store::put_project(model::ProjectInfo project) {
  auto found = impl_->projects.find(project.id);
  if (found == impl_->projects.end()) {
    if (impl_->projects.size() >= impl_->limits.projects_max) {
      return fail(ErrorCode::limit_exceeded, "too many projects");
    }
    found = impl_->projects.try_emplace(project.id).first;
    // A cursor from before it existed (or from an earlier life) cannot be continued.
    found->second.pulse->floor = impl_->head;
  }
  found->second.info = std::move(project);
  return {};
}

std::vector<WorkspaceId> Store::remove_project(const ProjectId& id) {
  const auto found = impl_->projects.find(id);
  std::vector<WorkspaceId> gone;
  if (found == impl_->projects.end()) return gone;
  begin_commit();
  impl_->take_revision();
  impl_->floor = impl_->head;  // its entries leave no tombstones behind
  const std::vector<Entity*> members(found->second.members.begin(), found->second.members.end());
  found->second.members.clear();
  for (const Entity* entity : members) {
    gone.push_back(entity->id);
    impl_->forget_draft(*entity);
    impl_->entities.erase(impl_->entities.find(entity));
  }
  impl_->tombstones.forget_project(id, gone);
  impl_->evicted.forget_project(id, gone);
  found->second.pulse->gone = true;
  impl_->projects.erase(found);
  end_commit();
  return gone;
}

void Store::forget_project(const ProjectId& id) {
  const auto found = impl_->projects.find(id);
  SB_CHECK(found != impl_->projects.end() && found->second.members.empty(),
           "only an empty project can be forgotten");
  impl_->projects.erase(found);
}

const model::ProjectInfo* Store::project(const ProjectId& id) const {
  const auto found = impl_->projects.find(id);
  return found == impl_->projects.end() ? nullptr : &found->second.info;
}

std::vector<model::ProjectInfo> Store::projects() const {
  std::vector<model::ProjectInfo> list;
  list.reserve(impl_->projects.size());
  for (const auto& [id, project] : impl_->projects) list.push_back(project.info);
  return list;
}

std::size_t Store::workspace_count(const ProjectId& id) const {
  const auto found = impl_->projects.find(id);
  return found == impl_->projects.end() ? 0 : found->second.visible;
}

Applied Store::apply(const UpdateView& update, WallTime wall, MonoTime mono) {
  if (update.workspace.empty() || update.workspace.view().size() > model::kIdBytesMax) {
    return without(Outcome::limit);
  }
  const model::FactPatch& patch = update.facts;
  const bool archived = patch.present.contains(Field::status) &&
                        patch.values.status == model::WorkspaceStatus::ARCHIVED;
  const bool removal = update.kind == Update::Kind::remove || archived;
  Entity* found = removal ? nullptr : impl_->find(update.workspace);
  if (found != nullptr && is_stale(*found, {update.source, update.stamp, 0}, patch)) {
    return without(Outcome::stale, patch.present);
  }
  begin_commit();
  Applied applied =
      removal ? impl_->remove(update, mono) : impl_->merge_facts(found, update, wall, mono);
  end_commit();
  return applied;
}

void Store::begin_commit() {
  impl_->begin();
}
void Store::end_commit() {
  SB_CHECK(impl_->commit_depth > 0, "end_commit without begin_commit");
  impl_->end();
}

std::vector<WorkspaceId> Store::apply_absence(SourceId source, const ProjectId& project,
                                              std::span<const WorkspaceId> present,
                                              model::Stamp fence, WallTime wall, MonoTime mono) {
  std::vector<WorkspaceId> gone;
  const auto found = impl_->projects.find(project);
  if (found == impl_->projects.end()) return gone;
  const std::unordered_set<WorkspaceId> listed(present.begin(), present.end());
  for (const Entity* entity : found->second.members) {
    const Origin* owner = entity->origins.holder(Field::projectId);
    if (owner == nullptr || owner->source != source || listed.contains(entity->id)) continue;
    if (!SB_MUTANT(unfenced_absence) && !entity->touched.is_newer(source, fence)) {
      continue;  // touched since the read began
    }
    gone.push_back(entity->id);
  }
  begin_commit();
  std::erase_if(gone, [&](const WorkspaceId& id) {
    Update update;
    update.workspace = id;
    update.source = source;
    update.stamp = fence;
    if (SB_MUTANT(unfenced_absence)) update.stamp.sequence = UINT64_MAX / 2;
    update.kind = Update::Kind::remove;
    update.cause = Update::Cause::pass;
    return apply(update, wall, mono).outcome != Outcome::changed;
  });
  end_commit();
  return gone;
}

std::vector<WorkspaceId> Store::source_synced(SourceId source, const ProjectId& project,
                                              WallTime wall, MonoTime mono) {
  std::vector<WorkspaceId> gone;
  const auto found = impl_->projects.find(project);
  if (found == impl_->projects.end()) return gone;
  const std::uint32_t epoch = impl_->sources.current_epoch(source);
  for (const Entity* entity : found->second.members) {
    const Origin* owner = entity->origins.holder(Field::projectId);
    if (owner == nullptr || owner->source != source) continue;
    const auto touched = entity->touched.find(source);
    if (touched && touched->epoch < epoch) gone.push_back(entity->id);
  }
  begin_commit();
  for (const WorkspaceId& id : gone) {
    Update update;
    update.workspace = id;
    update.source = source;
    update.stamp = {epoch, 0, 0};
    update.kind = Update::Kind::remove;
    update.label = "event:source.synced";
    (void)apply(update, wall, mono);
  }
  end_commit();
  return gone;
}

SourceMemory Store::memory(const WorkspaceId& id, SourceId source) const {
  if (const Entity* entity = impl_->find(id)) return memory_of(*entity, source);
  const Graveyard::Grave* grave = impl_->tombstones.find(id);
  const auto stamp = grave != nullptr ? grave->stamps.find(source) : std::nullopt;
  return stamp ? memory_of_removal(*stamp) : SourceMemory{};
}

bool Store::knows(const WorkspaceId& id) const {
  return impl_->find(id) != nullptr || impl_->tombstones.find(id) != nullptr ||
         impl_->evicted.find(id) != nullptr;
}

std::vector<SourceId> Store::speakers(const WorkspaceId& id) const {
  std::vector<SourceId> list;
  const Graveyard::Grave* grave = impl_->tombstones.find(id);
  if (grave == nullptr) return list;
  grave->stamps.each([&](SourceId source, const model::Stamp&) {
    if (source != SourceId::own) list.push_back(source);
  });
  return list;
}

void Store::recall(const WorkspaceId& id, SourceId source, std::string_view memory, WallTime wall,
                   MonoTime mono) {
  Entity* found = impl_->find(id);
  if (found == nullptr) {
    if (const auto removed = read_removal(memory))
      impl_->recall_removal(id, source, *removed, mono);
    return;
  }
  begin_commit();
  Entity& entity = *found;
  const FieldSet moved = read_memory(entity, {source, {}, ++impl_->ingests}, memory);
  impl_->resettle(entity, moved, wall, "journal");
  end_commit();
}

void Store::set_review_count(std::optional<std::int64_t> count) {
  if (impl_->review_count == count) return;
  begin_commit();
  impl_->review_count = count;
  impl_->review_count_revision = impl_->take_revision();
  end_commit();
}

std::vector<WorkspaceId> Store::expire(MonoTime mono) {
  const auto old_enough = [&](MonoTime at) {
    return SB_MUTANT(tombstone_expires_during_read) || mono - at >= impl_->limits.tombstone_age_min;
  };
  impl_->tombstones.expire(old_enough);
  for (auto& [id, project] : impl_->projects) {
    for (IndexNode* node = project.index.oldest(); node != nullptr && project.index.gone() != 0;) {
      IndexNode* next = node->newer;
      if (node->entity == nullptr) {
        auto& tombstone = static_cast<IndexTombstone&>(*node);
        if (!old_enough(tombstone.gone_at)) break;  // what went later is younger
        impl_->drop_tombstone(project, tombstone);
      }
      node = next;
    }
  }
  std::vector<WorkspaceId> forgotten = impl_->tombstones.take_dropped();
  for (WorkspaceId& id : impl_->evicted.take_dropped()) forgotten.push_back(std::move(id));
  std::erase_if(forgotten, [&](const WorkspaceId& id) {
    return impl_->find(id) != nullptr || impl_->tombstones.find(id) != nullptr ||
           impl_->evicted.find(id) != nullptr;
  });
  return forgotten;
}

void Store::on_commit(std::function<void()> listener) {
  impl_->listener = std::move(listener);
}

}  // namespace sb::snapshot
