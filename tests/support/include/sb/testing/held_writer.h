#pragma once

#include <future>
#include <utility>

#include "sb/sqlite/database.h"

namespace sb::testing {

/// Keeps the writer inside an open transaction until released.
class HeldWriter {
 public:
  explicit HeldWriter(sqlite::Writer& writer) {
    std::promise<void> entered;
    writer.submit(
        [&entered, held = release_.get_future().share()](sqlite::Database&) {
          entered.set_value();
          held.wait();
          return Result<void>();
        },
        [](const Result<void>&) {});
    entered.get_future().wait();
  }
  ~HeldWriter() { release(); }
  void release() {
    if (!std::exchange(released_, true)) release_.set_value();
  }

 private:
  std::promise<void> release_;
  bool released_ = false;
};

}  // namespace sb::testing
