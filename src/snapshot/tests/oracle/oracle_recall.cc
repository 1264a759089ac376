#include "oracle.h"

// What had to go for want of room, and what comes back after a restart.

namespace sb::sim {

using model::Field;
using model::Stamp;

namespace {

std::size_t place_of(int source) {
  return static_cast<std::size_t>(source);
}

}  // namespace

void Oracle::evict(int workspace) {
  const auto found = entities_.find(workspace);
  if (found == entities_.end()) return;
  Entity& entity = found->second;
  Stamps stamps = entity.floors;
  for (int s = 0; s < kSources; ++s) {
    if (const auto& held = entity.touched.at(place_of(s))) raise(stamps.at(place_of(s)), *held);
  }
  evicted_[workspace] = {
      static_cast<int>(entity.scalars[static_cast<std::size_t>(Field::projectId)].value), stamps};
  entities_.erase(found);
}

void Oracle::recall(const Statement& statement, const Stamp& stamp, WallTime wall, bool late) {
  auto found = entities_.find(statement.workspace);
  Entity* entity = found == entities_.end() ? nullptr : &found->second;
  if (entity == nullptr) {
    if (late || statement.find(Field::projectId) == nullptr ||
        statement.find(Field::status) == nullptr) {
      return;
    }
    entity = create(statement, stamp);
  }
  if (entity == nullptr) return;
  (void)merge(*entity, statement, Origin{statement.source, stamp, ++arrivals_}, wall, late);
}

void Oracle::recall_removal(int workspace, int source, const Stamp& stamp) {
  (void)remove(workspace, source, stamp);
}

void Oracle::recall_floor(int workspace, int source, const Stamp& stamp) {
  const auto found = entities_.find(workspace);
  if (found != entities_.end()) return void_older(found->second, source, stamp);
  if (const auto marker = evicted_.find(workspace); marker != evicted_.end()) {
    return raise(marker->second.second.at(place_of(source)), stamp);
  }
  (void)remove(workspace, source, stamp);
}

std::optional<Stamp> Oracle::tombstone(int workspace, int source) const {
  const auto found = tombstones_.find(workspace);
  return found == tombstones_.end() ? std::nullopt : found->second.second.at(place_of(source));
}

std::optional<Stamp> Oracle::floor(int workspace, int source) const {
  const auto found = entities_.find(workspace);
  return found == entities_.end() ? std::nullopt : found->second.floors.at(place_of(source));
}

}  // namespace sb::sim
