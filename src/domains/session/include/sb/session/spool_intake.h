#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/worker_pool.h"
#include "sb/session/session_service.h"

namespace sb::fs_watch {
class Watcher;
}

namespace sb::session {

/// Tells the service the hooks that found no server: at the start, and whenever the spool is
/// written to (a server that is still starting, or was too slow to answer). What was not committed
/// is kept and told again after kRetry. Thread: confined to the loop; files are a worker's. Borrows
/// everything it is given; goes before the service.
class SpoolIntake {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;
    fs_watch::Watcher& watcher;
    SessionService& sessions;
    Logger log;
  };
  static constexpr std::chrono::seconds kRetry{5};  // while the database cannot be written

  /// `path`: of the spool, in a directory that is there.
  SpoolIntake(Deps deps, std::string path);
  ~SpoolIntake();
  SpoolIntake(const SpoolIntake&) = delete;
  SpoolIntake& operator=(const SpoolIntake&) = delete;

  void start();
  /// Looks now. `done` comes when everything that waited then is told.
  void take(std::function<void()> done);

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace sb::session
