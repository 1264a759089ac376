#pragma once

#include <cstdint>
#include <string>

#include "options.h"
#include "publisher.h"

namespace sb::load {

/// Makes the events of a run. Marks are numbers of events whose name the clients see.
class EventMaker {
 public:
  EventMaker(const Options& options, MessageReader& reader);

  /// One event per workspace that brings it about, `first` to `last` (not included).
  EventBatch births(std::size_t first, std::size_t last);
  /// The next event into `batch`; tells the deliveries when it is a marked one.
  void next(EventBatch& batch, Deliveries& deliveries, std::uint64_t at, std::uint32_t readers);
  [[nodiscard]] static EventBatch finished(EventBatch batch);

 private:
  void add(EventBatch& batch, std::string_view type, std::size_t workspace, std::string_view data);
  [[nodiscard]] std::string id(std::size_t workspace) const;
  /// Every twentieth workspace comes and goes in a mixed run, and is never renamed.
  [[nodiscard]] bool comes_and_goes(std::size_t workspace) const;

  const Options* options_;
  std::vector<std::uint32_t> numbers_;  // of the workspaces
  std::uint64_t sequence_ = 0;
  std::uint32_t mark_ = 0;
  std::uint64_t turn_ = 0;
  std::string run_;
};

}  // namespace sb::load
