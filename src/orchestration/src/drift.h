#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "sb/core/log.h"
#include "sb/core/metrics.h"
#include "sb/model/ids.h"
#include "sb/snapshot/update.h"

namespace sb::orchestration {

/// Corrections a pass really applied: each one means an event was missed or wrong. Counted by field
/// and logged with before, after and the event that should have carried it (architecture, section
/// 8). Thread: confined to the loop.
class DriftLog {
 public:
  DriftLog(Metrics& metrics, Logger log);
  void note(const model::WorkspaceId& id, const snapshot::Applied& applied);
  /// A correction that is not one field: a worktree appeared, went, or moved unnoticed.
  void note(const model::ProjectId& project, std::string_view what, std::size_t count);
  [[nodiscard]] std::uint64_t total() const { return total_; }

 private:
  Counter& counter(std::string_view field);
  Metrics* metrics_;
  Logger log_;
  std::map<std::string, Counter*, std::less<>> counters_;  // bounded: field names and a few words
  std::uint64_t total_ = 0;
};

}  // namespace sb::orchestration
