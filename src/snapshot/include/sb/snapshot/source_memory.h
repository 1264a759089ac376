#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sb/model/stamp.h"

namespace sb::snapshot {

/// What one source said of a workspace besides the values held now: as of when the workspace was
/// removed in between, that a session had been started, which pull requests were named. Plain
/// values, so that taking it costs the loop a copy; the text for the journal is made elsewhere.
/// Thread: a value.
struct SourceMemory {
  enum class Kind : char { removed = 'r', started = 's', number = 'n', url = 'u' };
  struct Item {
    Kind kind = Kind::removed;
    model::Stamp stamp;
    std::uint64_t known = 0;  ///< of a number or URL: the mark of which one
  };
  std::vector<Item> items;
  model::Stamp newest;  ///< of all the source said of the workspace; never goes back

  [[nodiscard]] bool empty() const { return items.empty(); }
  /// What `Store::recall` reads.
  [[nodiscard]] std::string text() const;
};

}  // namespace sb::snapshot
