#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "subscriber.h"

namespace sb::load {

/// Events of one request, and what their answer confirms.
struct EventBatch {
  struct Marked {
    std::uint32_t workspace;
    std::uint32_t mark;
  };
  std::string body;  ///< a JSON array
  std::vector<Marked> marked;
  std::size_t events = 0;
};

/// Posts events over connections of its own, each with one request under way, and repeats what got
/// no answer: the server knows an event it has seen. Thread: the loop's.
class Publisher {
 public:
  explicit Publisher(Shared& shared);
  ~Publisher();

  void submit(EventBatch batch);
  [[nodiscard]] std::size_t waiting() const { return queue_.size() + busy_; }
  /// The highest mark the server has confirmed, by workspace.
  [[nodiscard]] const std::vector<std::uint32_t>& confirmed() const { return confirmed_; }
  [[nodiscard]] std::uint64_t accepted() const { return accepted_; }
  [[nodiscard]] std::uint64_t repeated() const { return repeated_; }

 private:
  class Connection;

  void next();
  void done(EventBatch batch, const Unit& answer);
  void again(EventBatch batch);

  Shared* shared_;
  std::deque<EventBatch> queue_;
  std::vector<std::unique_ptr<Connection>> connections_;
  std::vector<Connection*> idle_;
  std::size_t busy_ = 0;
  std::vector<std::uint32_t> confirmed_;
  std::uint64_t accepted_ = 0;
  std::uint64_t repeated_ = 0;
};

}  // namespace sb::load
