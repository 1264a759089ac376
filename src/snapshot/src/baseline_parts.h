#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "sb/core/clock.h"
#include "sb/model/ids.h"
#include "sb/snapshot/store.h"

namespace sb::snapshot {

/// The entries of one project as text, newest createdAt first, in parts: what moved since the last
/// time costs the parts it is in, and one baseline shares the others with the next. Thread:
/// confined to the loop. Borrows the store.
class BaselineParts {
 public:
  using Part = std::shared_ptr<const std::string>;
  static constexpr std::size_t kPartBytes = 32'768;  // the entry that reaches it is the last

  BaselineParts(const Store& store, model::ProjectId project, std::size_t part_bytes = kPartBytes)
      : store_(&store), project_(std::move(project)), part_bytes_(part_bytes) {}

  /// The parts at head: joined, the entries with a comma between two of them.
  [[nodiscard]] const std::vector<Part>& at_head();

 private:
  struct Member {
    model::WorkspaceId id;
    std::optional<WallTime> created_at;  // with the id, what decides the place among the entries
  };
  struct Place {
    std::uint32_t part = 0;
    std::optional<WallTime> created_at;
  };

  [[nodiscard]] bool catch_up();
  void find_places();
  void make_all();
  [[nodiscard]] Part make(std::size_t part) const;

  const Store* store_;
  model::ProjectId project_;
  std::size_t part_bytes_;
  std::uint64_t epoch_ = 0;  // number of the one of `at_`; 0, which none has: not made yet
  Revision at_ = 0;          // head the parts are of
  std::vector<Part> parts_;
  std::vector<std::vector<Member>> members_;  // of each part
  // Empty until it is needed.
  boost::unordered_flat_map<model::WorkspaceId, Place, std::hash<model::WorkspaceId>> places_;
};

}  // namespace sb::snapshot
