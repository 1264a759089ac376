#pragma once

#include <cstddef>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

#include "sb/core/hash.h"
#include "sb/model/ids.h"

namespace sb::snapshot {

/// A workspace id as the key of a set whose values hold the id itself: the text is kept once.
struct IdRef {
  std::string_view id;
  IdRef(const model::WorkspaceId& workspace) : id(workspace.view()) {}  // NOLINT: looks up by id
  friend bool operator==(const IdRef&, const IdRef&) = default;
};

/// Hashes what an id names by the id: an IdRef, or a pointer of any kind to something that has one.
struct IdHash {
  using is_transparent = void;
  using is_avalanching = void;  // the sets need not mix it again

  std::size_t operator()(const IdRef& ref) const { return hash_text(ref.id); }
  template <class Pointer>
  std::size_t operator()(const Pointer& value) const {
    return hash_text(value->id.view());
  }
};

struct IdEqual {
  using is_transparent = void;
  template <class A, class B>
  bool operator()(const A& a, const B& b) const {
    return text(a) == text(b);
  }

 private:
  static std::string_view text(const IdRef& ref) { return ref.id; }
  template <class Pointer>
  static std::string_view text(const Pointer& value) {
    return value->id.view();
  }
};

/// A set of pointers to what has an `id`, found by it. REQUIRES: the id does not change meanwhile.
template <class Pointer>
using IdSet = boost::unordered_flat_set<Pointer, IdHash, IdEqual>;

}  // namespace sb::snapshot
