#include "entry_order.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "sb/core/clock.h"

#include "entity.h"

namespace sb::snapshot {
namespace {

// What decides nearly always, side by side: looking into thousands of entities for each comparison
// is a cache miss or two.
struct Key {
  std::optional<WallTime> created_at;
  std::uint64_t id_begin = 0;  // the first bytes of the id, ordered as the id is
  const Entity* entity = nullptr;
};

std::uint64_t begin_of(std::string_view id) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = value << 8U | (i < id.size() ? static_cast<std::uint8_t>(id[i]) : 0U);
  }
  return value;
}

bool newest_first(const Key& a, const Key& b) {
  if (a.created_at != b.created_at) return a.created_at > b.created_at;
  if (a.id_begin != b.id_begin) return a.id_begin < b.id_begin;
  return a.entity->id < b.entity->id;
}

}  // namespace

void sort_newest_first(std::vector<const Entity*>& entities) {
  std::vector<Key> keys;
  keys.reserve(entities.size());
  for (const Entity* entity : entities) {
    keys.push_back({entity->facts.createdAt, begin_of(entity->id.view()), entity});
  }
  std::sort(keys.begin(), keys.end(), newest_first);
  for (std::size_t i = 0; i < keys.size(); ++i) entities[i] = keys[i].entity;
}

}  // namespace sb::snapshot
