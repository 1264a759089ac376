#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sb/core/loop.h"
#include "sb/core/output_piece.h"
#include "sb/process/supervision.h"

namespace sb::process {

/// Who reads the output of one run, from before it began until long after its end: each gets what
/// is there, or waits for more. Thread: confined to the loop. Lifecycle: `stop` before the loop
/// goes.
class OutputReaders : public std::enable_shared_from_this<OutputReaders> {
 public:
  explicit OutputReaders(Loop& loop) : loop_(loop) {}
  OutputReaders(const OutputReaders&) = delete;
  OutputReaders& operator=(const OutputReaders&) = delete;

  /// The run has its handle now. Before, there is nothing to read yet.
  void begun(std::shared_ptr<SupervisedRun> run);
  /// What is there is all. Who waits hears of it by `came`.
  void end() { ended_ = true; }
  /// Answers those for whom there is something, or to whom nothing will come. Posted to the loop by
  /// `output` of the run's listener.
  void came();
  /// Output from position `from`, at most `bytes_max`; waits up to `wait` for some to come.
  void read(std::uint64_t from, std::size_t bytes_max, std::chrono::milliseconds wait,
            std::function<void(OutputPiece)> done);
  /// Who waits is not answered any more.
  void stop();

  static constexpr std::size_t kWaitersMax = 16;  // others are answered at once

 private:
  struct Waiter {
    std::uint64_t from = 0;
    std::size_t bytes_max = 0;
    std::function<void(OutputPiece)> done;
    Loop::TimerId timer = 0;
  };
  [[nodiscard]] OutputPiece piece(std::uint64_t from, std::size_t bytes_max) const;
  void await_more();
  void timed_out(const Waiter* late);

  Loop& loop_;
  std::shared_ptr<SupervisedRun> run_;
  bool ended_ = false;
  std::vector<std::unique_ptr<Waiter>> waiters_;
};

}  // namespace sb::process
