#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/result.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"
#include "sb/terminal/types.h"

namespace sb::sqlite {
class Writer;
}
namespace sb::process {
class ProcessWatch;
}

namespace sb::terminal {

/// Owns which terminals there are in the workspaces, and how they are. A terminal is somebody
/// else's: it reports how it is, and closes at the latest when its process ends. Every change is
/// one statement committed by the database thread; its event is told on the loop after the commit,
/// with the stamp the commit carries; a failed or lost write tells nothing. Lifecycle: construct,
/// `load`, `start`, `stop`. Callbacks stop after destruction. Thread: confined to the loop. Borrows
/// everything it is given.
class TerminalService {
 public:
  struct Deps {
    Loop& loop;
    sqlite::Writer& writer;
    process::ProcessWatch& processes;
    const Clock& clock;
    model::OwnCounter& counter;
    Logger log;
  };
  explicit TerminalService(Deps deps);
  ~TerminalService();

  void on_event(std::function<void(const Event&)> listener);
  /// Must outlive this, or be taken away with null.
  void set_locator(const WorkspaceLocator* locator);

  /// Reads all rows, raises the counter above every stamp, and closes those whose process is gone.
  /// Blocks; for start-up, before the loop runs.
  Result<Contents> load();
  /// Watches processes from now on.
  void start();
  /// Watches end; nothing is told any more.
  void stop();
  /// All rows through the queue, for a pass, after closing those whose end was missed. `fence` is
  /// taken before the read begins.
  void read(std::function<void(Result<Contents>)> done);

  /// Takes how a terminal is and answers once that is committed; the same again changes nothing and
  /// is answered at once. Errors: not_found (in no workspace), invalid_argument (no such process),
  /// conflict (it was closed), limit_exceeded (kOpenMax in the workspace), unavailable (not
  /// committed: say it again).
  void report(TerminalReport report, std::function<void(Result<void>)> done);
  /// Forgets the terminals of a workspace. What runs in them is not ours to end; what they report
  /// later counts again.
  void release(const model::WorkspaceId& workspace, std::function<void()> done);
  /// Forgets one that is not in any workspace any more. One that is not known is nothing.
  void forget(const std::string& id, std::function<void(Result<void>)> done);

  [[nodiscard]] std::size_t open() const;

  static constexpr std::size_t kOpenMax = 64;   // of one workspace
  static constexpr std::size_t kClosedMax = 4;  // of one workspace: the last ones
  static constexpr std::size_t kTitleBytesMax = 200;
  static constexpr std::chrono::minutes kClosedShown{10};  // then a closed one goes

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks in flight, which check that it still lives
};

}  // namespace sb::terminal
