#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include <boost/unordered/unordered_flat_set.hpp>

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

  std::size_t operator()(const IdRef& ref) const { return of(ref.id); }
  template <class Pointer>
  std::size_t operator()(const Pointer& value) const {
    return of(value->id.view());
  }

 private:
  // Two overlapping words up to 16 bytes, then 16 at a time; each step one wide multiplication.
  static std::size_t of(std::string_view text) {
    std::uint64_t hash = kSeed ^ text.size();
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left > 16; at += 16, left -= 16) hash = mix(hash ^ word(at, 8), kSeed ^ word(at + 8, 8));
    if (left >= 8) return mix(hash ^ word(at, 8), kSeed ^ word(at + left - 8, 8));
    if (left >= 4) return mix(hash ^ word(at, 4), kSeed ^ word(at + left - 4, 4));
    return mix(hash ^ word(at, left), kSeed);
  }
  static std::uint64_t word(const char* from, std::size_t bytes) {
    std::uint64_t value = 0;
    std::memcpy(&value, from, bytes);
    return value;
  }
  static std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
  }
  static constexpr std::uint64_t kSeed = 0x9E3779B97F4A7C15ULL;
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
