#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/result.h"
#include "sb/core/worker_pool.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"
#include "sb/session/hook_report.h"
#include "sb/session/level_source.h"
#include "sb/session/program_status.h"
#include "sb/session/types.h"

namespace sb::sqlite {
class Writer;
}
namespace sb::process {
class ProcessWatch;
}
namespace sb::fs_watch {
class Watcher;
}

namespace sb::session {

/// What the program in the foreground of a terminal says of itself.
struct ProgramReport {
  ProcessIdentity process;  ///< leads the foreground group
  std::string directory;    ///< of the terminal: canonical, absolute
  ProgramStatus status;
};

/// Owns the agent sessions: their table, their state machines, what is read of them and when their
/// processes end. Every change is a compare-and-set committed by the database thread; its event is
/// emitted on the loop after the commit, with the stamp the commit carries; a failed or lost write
/// emits nothing, and what it would have said is forgotten, so that the same hook can be told
/// again. Lifecycle: construct, `load`, `start`, `stop`. Callbacks stop after destruction. Thread:
/// confined to the loop. Borrows everything it is given.
class SessionService {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;
    sqlite::Writer& writer;
    process::ProcessWatch& processes;
    fs_watch::Watcher& watcher;
    const Clock& clock;
    model::OwnCounter& counter;
    Logger log;
  };
  SessionService(Deps deps, std::vector<std::unique_ptr<LevelSource>> levels);
  ~SessionService();

  void on_event(std::function<void(const Event&)> listener);
  /// Must outlive this, or be taken away with null.
  void set_locator(const WorkspaceLocator* locator);

  /// Reads all rows, raises the counter above every stamp, and looks whether the processes still
  /// run: one that does not has ended. Blocks; for start-up, before the loop runs.
  Result<Contents> load();
  /// Watches processes and levels from now on.
  void start();
  /// Watches, timers and reads end; nothing is emitted any more.
  void stop();
  /// All rows through the queue, for a pass. `fence` is taken before the read begins.
  void read(std::function<void(Result<Contents>)> done);

  /// One hook or event of an agent, as its JSON text. `done` comes once what it changed is
  /// committed. A late, repeated or unknown event is fine and changes nothing. Errors: not_found
  /// (no such agent), invalid_argument (not its JSON), limit_exceeded (too many sessions),
  /// unavailable (not committed: say it again).
  void report(std::string_view agent, const HookLocators& locators, std::string_view body,
              std::function<void(Result<void>)> done);
  /// A level of the session that runs there, restated until it changes; where no hook spoke, the
  /// program is a session of its own, and no exit of it is unexpected.
  void tell_program(const std::string& terminal, const ProgramReport& report);
  /// Nothing is said there any more. An unknown terminal is nothing.
  void drop_program(const std::string& terminal);

  /// A workspace appeared or moved: sessions outside of all may be inside now.
  void relocate();
  /// Forgets all sessions of a workspace. Their agents are not ours to stop. What they say later is
  /// ignored until they start anew.
  void release(const model::WorkspaceId& workspace, const std::function<void()>& done);
  /// The user closes one session. Errors: not_found.
  void remove(const std::string& id, std::function<void(Result<void>)> done);

  struct Health {
    std::size_t sessions = 0;
    std::size_t live = 0;
    std::vector<std::string> outside;  ///< directories of live sessions in no workspace
  };
  [[nodiscard]] Health health() const;

  static constexpr std::size_t kSessionsMax = 2'000;  // rows
  static constexpr std::size_t kForgottenKept = 256;  // forgotten sessions remembered
  /// A goodbye may be on its way while the process is gone already.
  static constexpr std::chrono::milliseconds kGoodbyeGrace{300};
  /// A level is read again while its session works or waits: rarely when its file is watched.
  static constexpr std::chrono::milliseconds kPollWatched{15'000};
  static constexpr std::chrono::milliseconds kPollUnwatched{500};

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks in flight, which check that it still lives
};

}  // namespace sb::session
