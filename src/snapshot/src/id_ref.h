#pragma once

#include <cstddef>
#include <functional>
#include <string_view>

#include "sb/model/ids.h"

namespace sb::snapshot {

/// A workspace id as the key of a map whose values hold the id itself: the text is kept once.
/// Points into the value; REQUIRES that the id lives in place as long as its key.
struct IdRef {
  std::string_view id;
  IdRef(const model::WorkspaceId& workspace) : id(workspace.view()) {}  // NOLINT: looks up by id
  friend bool operator==(const IdRef&, const IdRef&) = default;
};

// Not noexcept on purpose: libstdc++ then keeps the hash beside the key, so that growing a map
// reads no ids.
struct IdRefHash {
  std::size_t operator()(const IdRef& key) const { return std::hash<std::string_view>{}(key.id); }
};

}  // namespace sb::snapshot
