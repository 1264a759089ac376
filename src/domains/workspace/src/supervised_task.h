#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sb/core/loop.h"
#include "sb/core/worker_pool.h"
#include "sb/process/supervision.h"

namespace sb::workspace {

/// One supervised command with a deadline, from its start to its end. Thread: confined to the loop.
/// Lifecycle: `start` tells its end exactly once, on the loop, unless the task was let go of
/// before; the command then runs until its supervisor sees the server go.
class SupervisedTask : public std::enable_shared_from_this<SupervisedTask> {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;
    process::Supervision& supervision;
  };
  /// Empty: it ended with exit code 0. Else a sentence.
  using End = std::optional<std::string>;

  explicit SupervisedTask(Deps deps) : deps_(deps) {}
  ~SupervisedTask();
  SupervisedTask(const SupervisedTask&) = delete;
  SupervisedTask& operator=(const SupervisedTask&) = delete;

  void start(process::SupervisedSpec spec, std::chrono::milliseconds timeout,
             std::function<void(End)> done);
  /// Ends the command; the end says `why`. After its end it is nothing.
  void stop(std::string why);

  /// What it wrote, from a position on; empty until it began.
  [[nodiscard]] process::OutputSlice output(std::uint64_t from, std::size_t bytes_max) const;
  /// The last bytes of it.
  [[nodiscard]] std::string tail(std::size_t bytes_max) const;

 private:
  void begun(std::shared_ptr<process::SupervisedRun> run);
  void ended(const process::SupervisedEnd& end);
  void settle(End end);

  Deps deps_;
  std::string mark_;
  std::string program_;
  std::function<void(End)> done_;
  std::shared_ptr<process::SupervisedRun> run_;
  std::optional<ProcessIdentity> process_;
  std::optional<std::string> stopped_;  ///< why
  Loop::TimerId deadline_ = 0;
  bool over_ = false;
};

}  // namespace sb::workspace
