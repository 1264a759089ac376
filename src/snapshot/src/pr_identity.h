#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <ranges>
#include <vector>

#include "origins.h"

namespace sb::snapshot {

/// Remembers which pull request a workspace was said to have, by number or by URL, so that facts
/// about an earlier one are told apart (architecture, section 6, dependent facts). Late statements
/// are entered too: the order of arrival does not matter.
class PrIdentityLog {
 public:
  /// `known` 0: no pull request is stated (null). Otherwise a mark of the number or URL. A late
  /// statement stands right before the next one of its source, and counts as having arrived then.
  /// False when it was known already.
  bool note(Origin origin, std::uint64_t known) {
    if (statements_.size() == statements_.capacity()) {
      statements_.reserve(std::min(2 * statements_.size() + 1, kStatementsMax + 1));
    }
    // Those of one source stand in the order of their stamps, and mostly the newest comes last.
    auto at = statements_.end();
    for (auto later = statements_.end(); later != statements_.begin();) {
      --later;
      if (later->origin.source != origin.source) continue;
      if (later->origin.stamp < origin.stamp) break;
      if (later->origin.stamp == origin.stamp) return false;
      at = later;
    }
    if (at != statements_.end()) origin.ingest = at->origin.ingest;
    statements_.insert(at, {origin, known});
    if (statements_.size() > kStatementsMax) {
      fold(statements_.front());
      statements_.erase(statements_.begin());
    }
    return true;
  }

  /// Calls `fn(origin, known)` for each statement, oldest first.
  template <class Fn>
  void each(Fn&& fn) const {
    if (before_.known != 0) {
      if (before_changed_) fn(Origin{before_.origin.source, {}, 0}, kAnother);
      fn(before_.origin, before_.known);
    }
    for (const Statement& statement : statements_) fn(statement.origin, statement.known);
  }

  /// How many `each` calls for, at most.
  [[nodiscard]] std::size_t size() const { return statements_.size() + 2; }

  /// The first statement of the pull request held now; facts older than it speak of another one.
  /// Nothing when no other pull request was known before.
  [[nodiscard]] std::optional<Origin> current_since() const {
    if (statements_.empty()) return std::nullopt;
    const std::uint64_t current = statements_.back().known;
    const Statement* first = &statements_.back();
    for (const Statement& statement : std::views::reverse(statements_)) {
      if (statement.known == current) {
        first = &statement;
      } else if (statement.known != 0) {
        return first->origin;
      }
    }
    if (before_.known == 0) return std::nullopt;
    if (before_.known != current) return first->origin;
    return before_changed_ ? std::optional(before_.origin) : std::nullopt;
  }

 private:
  static constexpr std::size_t kStatementsMax = 16;  // statements told apart
  static constexpr std::uint64_t kAnother = 2;       // a mark no pull request has
  struct Statement {
    Origin origin;
    std::uint64_t known = 0;
  };

  // What the oldest statements come to, so that a pull request stated over and over does not make
  // the one before it forgotten.
  void fold(const Statement& oldest) {
    if (oldest.known == 0 || oldest.known == before_.known) return;
    const Origin& held = before_.origin;
    if (before_.known != 0 && held.source == oldest.origin.source &&
        oldest.origin.stamp < held.stamp) {
      before_changed_ = true;  // told late
      return;
    }
    before_changed_ = before_.known != 0;
    before_ = oldest;
  }

  Statement before_;
  bool before_changed_ = false;  // another one was known before that
  std::vector<Statement> statements_;
};

}  // namespace sb::snapshot
