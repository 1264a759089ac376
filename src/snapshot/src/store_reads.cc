#include "entry_order.h"
#include "store_impl.h"

namespace sb::snapshot {

const std::string& Store::epoch() const {
  return impl_->epoch;
}
std::uint64_t Store::epoch_number() const {
  return impl_->epochs;
}
Revision Store::head() const {
  return impl_->head;
}

Revision Store::floor(const ProjectId& project) const {
  const auto found = impl_->projects.find(project);
  return found == impl_->projects.end() ? impl_->head : found->second.pulse->floor;
}

std::shared_ptr<const ProjectPulse> Store::pulse(const ProjectId& project) const {
  const auto found = impl_->projects.find(project);
  return found == impl_->projects.end() ? nullptr : found->second.pulse;
}

void PulseHolder::find(const ProjectId& id) {
  pulse_ = store_->pulse(id);
}

std::optional<std::int64_t> Store::review_count() const {
  return impl_->review_count;
}
Revision Store::review_count_revision() const {
  return impl_->review_count_revision;
}

std::optional<PublishedEntry> Store::entry(const WorkspaceId& id) const {
  const Entity* entity = impl_->find(id);
  return entity == nullptr ? std::nullopt : std::optional(Impl::published(*entity));
}

std::vector<PublishedEntry> Store::entries(const ProjectId& project) const {
  const auto found = impl_->projects.find(project);
  if (found == impl_->projects.end()) return {};
  std::vector<const Entity*> visible;
  visible.reserve(found->second.visible);
  for (const Entity* entity : found->second.members) {
    if (entity->node.shown) visible.push_back(entity);
  }
  sort_newest_first(visible);
  std::vector<PublishedEntry> list;
  list.reserve(visible.size());
  for (const Entity* entity : visible) list.push_back(Impl::published(*entity));
  return list;
}

std::vector<Change> Store::changes(const ProjectId& project, Revision since) const {
  std::vector<const IndexNode*> moved;
  find_moved(project, since, moved);
  std::vector<Change> list;
  list.reserve(moved.size());
  for (const IndexNode* node : moved) {
    Change& change = list.emplace_back();
    change.revision = node->shown_revision;
    change.id = node->id();
    change.removed = !node->shown;
    if (!change.removed) change.entry = Impl::published(*node->entity);
  }
  return list;
}

void Store::find_moved(const ProjectId& project, Revision since,
                       std::vector<const IndexNode*>& moved) const {
  moved.clear();
  const auto found = impl_->projects.find(project);
  if (found == impl_->projects.end()) return;
  for (const IndexNode* node = found->second.index.newest();
       node != nullptr && node->revision > since; node = node->older) {
    if (node->shown_revision > since) moved.push_back(node);  // else only a hidden entry moved
  }
  std::reverse(moved.begin(), moved.end());
  // What became hidden and moved again stands later in the index than its readers may be told.
  const auto by_revision = [](const IndexNode* a, const IndexNode* b) {
    return a->shown_revision < b->shown_revision;
  };
  if (!std::is_sorted(moved.begin(), moved.end(), by_revision)) {
    std::stable_sort(moved.begin(), moved.end(), by_revision);
  }
}

Revision Store::floor() const {
  return impl_->floor;
}

void Store::walk(const ProjectId* project, Revision since,
                 const std::function<void(const IndexNode&)>& visit) const {
  const auto walk_one = [&](const Impl::Project& one) {
    for (const IndexNode* node = one.index.newest(); node != nullptr && node->revision > since;
         node = node->older) {
      visit(*node);
    }
  };
  if (project == nullptr) {
    for (const auto& [id, one] : impl_->projects) walk_one(one);
  } else if (const auto found = impl_->projects.find(*project); found != impl_->projects.end()) {
    walk_one(found->second);
  }
}

const Entity* Store::entity(const WorkspaceId& id) const {
  return impl_->find(id);
}

const model::Facts* Store::facts(const WorkspaceId& id) const {
  const Entity* entity = impl_->find(id);
  return entity == nullptr ? nullptr : &entity->facts;
}

const model::SessionSummary* Store::session(const WorkspaceId& id,
                                            std::string_view session_id) const {
  const Entity* entity = impl_->find(id);
  return entity == nullptr ? nullptr : entity->agents->sessions.live_value(session_id);
}

const model::Terminal* Store::terminal(const WorkspaceId& id, std::string_view terminal_id) const {
  const Entity* entity = impl_->find(id);
  return entity == nullptr ? nullptr : entity->agents->terminals.live_value(terminal_id);
}

std::vector<WorkspaceId> Store::ids(const ProjectId& project) const {
  std::vector<WorkspaceId> list;
  const auto found = impl_->projects.find(project);
  if (found == impl_->projects.end()) return list;
  list.reserve(found->second.members.size());
  for (const Entity* entity : found->second.members) list.push_back(entity->id);
  return list;
}

StoreCounts Store::counts() const {
  StoreCounts counts;
  counts.projects = impl_->projects.size();
  counts.entries = impl_->entities.size();
  counts.tombstones = impl_->tombstones.size();
  counts.evicted = impl_->evicted.size();
  counts.evictions_total = impl_->evictions;
  return counts;
}

}  // namespace sb::snapshot
