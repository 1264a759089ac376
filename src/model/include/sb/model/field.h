#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

#include <boost/describe.hpp>

#include "sb/model/enums.h"

namespace sb::model {

/// Every top-level member of an entry that has its own revision, in wire order: the raw scalars in
/// the order of the members of Facts, then the collections, then what is derived. `workspaceId` is
/// the identity and has none. isWorking, pendingRequestType, hasHadSessions, ratchetState and
/// lastActivityAt are raw and derived at once: the fact is an input, the published text is the
/// derived value (architecture, section 6, dependent facts).
// clang-format off
#define SB_FIELDS                                                                                                     \
  projectId, name, status, createdAt, branchName, hasHadSessions, mode, autoIterationStatus, isMain, worktreePath,    \
  prUrl, prNumber, prState, prCiStatus, prUpdatedAt, hasMergeConflict, prReviewState, prHeadBranch,                   \
  isWorking, pendingRequestType,                                                                                      \
  ratchetEnabled, ratchetState, ratchetDispatchOutcome, ratchetDispatchRetryCount, ratchetDispatchStalled,            \
  runScriptStatus, runScriptPort,                                                                                     \
  gitStats, lastActivityAt, ahead, behind, operation, problem,                                                        \
  sessionSummaries, pendingRequests, terminals,                                                                       \
  sidebarStatus, kanbanColumn, flowPhase, ciObservation, ratchetButtonAnimated, statusReason, unknownFields
// clang-format on
enum class Field : std::uint8_t { SB_FIELDS };
BOOST_DESCRIBE_ENUM(Field, SB_FIELDS)
#undef SB_FIELDS

inline constexpr std::size_t kScalarCount = static_cast<std::size_t>(Field::problem) + 1;
inline constexpr std::size_t kFieldCount = static_cast<std::size_t>(Field::unknownFields) + 1;

/// The wire name of a field.
[[nodiscard]] std::string_view field_name(Field field);
[[nodiscard]] std::optional<Field> field_from_name(std::string_view name);

/// The group of a field for `fieldTimestamps` (contract, section 3.1); nothing for derived fields.
[[nodiscard]] constexpr std::optional<FieldGroup> field_group(Field field) {
  if (field <= Field::worktreePath) return FieldGroup::workspace;
  if (field <= Field::prHeadBranch) return FieldGroup::pr;
  if (field <= Field::pendingRequestType) return FieldGroup::session;
  if (field <= Field::ratchetDispatchStalled) return FieldGroup::ratchet;
  if (field <= Field::runScriptPort) return FieldGroup::runScript;
  if (field <= Field::problem) return FieldGroup::reconciliation;
  if (field <= Field::pendingRequests) return FieldGroup::session;
  if (field == Field::terminals) return FieldGroup::reconciliation;
  return std::nullopt;
}

/// A set of fields as one word.
class FieldSet {
 public:
  constexpr FieldSet() = default;
  constexpr FieldSet(std::initializer_list<Field> fields) {
    for (const Field field : fields) insert(field);
  }
  /// The fields before the one of index `count`.
  [[nodiscard]] static constexpr FieldSet first(std::size_t count) {
    return FieldSet((std::uint64_t{1} << count) - 1);
  }
  constexpr void insert(Field field) { bits_ |= bit(field); }
  constexpr void erase(Field field) { bits_ &= ~bit(field); }
  [[nodiscard]] constexpr bool contains(Field field) const { return (bits_ & bit(field)) != 0; }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  [[nodiscard]] constexpr std::size_t size() const {
    return static_cast<std::size_t>(std::popcount(bits_));
  }
  [[nodiscard]] constexpr std::uint64_t bits() const { return bits_; }
  constexpr FieldSet& operator|=(FieldSet other) {
    bits_ |= other.bits_;
    return *this;
  }
  friend constexpr FieldSet operator&(FieldSet a, FieldSet b) {
    return FieldSet(a.bits_ & b.bits_);
  }
  friend constexpr FieldSet operator|(FieldSet a, FieldSet b) {
    return FieldSet(a.bits_ | b.bits_);
  }
  /// Everything else; only to be met with a set of fields.
  friend constexpr FieldSet operator~(FieldSet a) { return FieldSet(~a.bits_); }
  friend constexpr bool operator==(FieldSet, FieldSet) = default;

  /// Calls `fn(Field)` for each member in order.
  template <class Fn>
  constexpr void each(Fn&& fn) const {
    for (std::uint64_t rest = bits_; rest != 0; rest &= rest - 1) {
      fn(static_cast<Field>(std::countr_zero(rest)));
    }
  }
  /// True when `fn(Field)` is for each member; asks no further after the first for which it is not.
  template <class Fn>
  [[nodiscard]] constexpr bool all_of(Fn&& fn) const {
    for (std::uint64_t rest = bits_; rest != 0; rest &= rest - 1) {
      if (!fn(static_cast<Field>(std::countr_zero(rest)))) return false;
    }
    return true;
  }

 private:
  explicit constexpr FieldSet(std::uint64_t bits) : bits_(bits) {}
  static constexpr std::uint64_t bit(Field field) {
    return std::uint64_t{1} << static_cast<unsigned>(field);
  }
  std::uint64_t bits_ = 0;
};
static_assert(kFieldCount < 64);

/// All fields, and the raw scalars among them.
[[nodiscard]] constexpr FieldSet all_fields() {
  return FieldSet::first(kFieldCount);
}
[[nodiscard]] constexpr FieldSet scalar_fields() {
  return FieldSet::first(kScalarCount);
}

/// The fields of a group.
[[nodiscard]] constexpr FieldSet group_fields(FieldGroup group) {
  FieldSet fields;
  all_fields().each([&](Field field) {
    if (field_group(field) == group) fields.insert(field);
  });
  return fields;
}

}  // namespace sb::model
