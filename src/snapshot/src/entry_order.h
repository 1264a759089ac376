#pragma once

#include <vector>

namespace sb::snapshot {

struct Entity;

/// Sorts into the order of entries in every read: newest createdAt first, id as tiebreak.
void sort_newest_first(std::vector<const Entity*>& entities);

}  // namespace sb::snapshot
