#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/output_piece.h"
#include "sb/core/random.h"
#include "sb/core/result.h"
#include "sb/core/worker_pool.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"
#include "sb/ratchet/types.h"

namespace sb::sqlite {
class Writer;
}
namespace sb::process {
class Supervision;
}

namespace sb::ratchet {

struct RatchetOptions {
  /// What to start, as words; `kPromptWord` in a word stands for the prompt. Empty: nothing is ever
  /// started.
  std::vector<std::string> command;
  std::chrono::milliseconds grace{5'000};                 ///< between TERM and KILL
  std::chrono::milliseconds fixer_time_max{60 * 60'000};  ///< then a fixer is ended
  /// What a fixer pushed is on GitHub after this long, so a look from then on counts.
  std::chrono::milliseconds look_delay{30'000};
  std::size_t fixers_max = 3;                  ///< at once, in the whole server
  std::size_t output_bytes_max = 256U << 10U;  ///< kept of the output of each fixer
  unsigned file_mask = 022;                    ///< umask of what runs
};

inline constexpr std::string_view kPromptWord = "$PROMPT";

/// Reads a command as the configuration spells it: a JSON array of words, `["claude","-p",
/// "$PROMPT"]`. Empty text is no command. Errors: invalid_argument.
Result<std::vector<std::string>> parse_command(std::string_view text);

/// What the domain asks of the others. Plugged in by orchestration. Thread: confined to the loop.
struct Surroundings {
  virtual ~Surroundings() = default;
  /// Where a fixer would work; nothing while there is no worktree to work in.
  [[nodiscard]] virtual std::optional<std::string> worktree(const model::WorkspaceId& id) const = 0;
  /// True while somebody works in the worktree or waits for the user there.
  [[nodiscard]] virtual bool taken(const model::WorkspaceId& id) const = 0;
  /// Asks for the pull request anew; `done` comes after what was found was told to `observe`.
  virtual void look(const model::WorkspaceId& id, std::function<void(Result<void>)> done) = 0;
};

/// Fixers as sessions of their workspace. Plugged in by the program. Thread: confined to the loop.
struct FixerSessions {
  virtual ~FixerSessions() = default;
  virtual void started(const Fixer& fixer) = 0;
  /// `exit_code`: 128 + signal when a signal ended it; empty when it is not known.
  virtual void ended(const Fixer& fixer, std::optional<std::int64_t> exit_code) = 0;
};

/// Owns auto-fix: whether it is on, a supervised fixer a workspace, and the record of its last
/// dispatch. What to do is decided by the rules; every change is a compare-and-set committed by the
/// database thread, told on the loop after the commit with the stamp the commit carries; a failed
/// or lost write tells nothing. The mark of a fixer is committed before its command starts, so that
/// no crash can lose it from sight. Lifecycle: construct, `plug`, `load`, `begin` once ready,
/// `shut_down` before it goes. Thread: confined to the loop. Borrows everything it is given.
class RatchetService {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;
    sqlite::Writer& writer;
    process::Supervision& supervision;
    const Clock& clock;
    Random& random;
    model::OwnCounter& counter;
    Logger log;
  };
  RatchetService(Deps deps, RatchetOptions options);
  ~RatchetService();

  void on_event(std::function<void(const RatchetChanged&)> listener);
  /// Each must outlive this, or be taken away with null. Without surroundings nothing is started.
  void plug(Surroundings* surroundings);
  void plug(FixerSessions* sessions);

  /// Reads all rows, and makes DIED what a crash left RUNNING (nothing outlives the server). Raises
  /// the counter above every stamp. Blocks; for start-up, before the loop runs.
  Result<Contents> load();
  /// Ends what fixers of an earlier life may have left; from now on fixers are started.
  void begin();
  /// Rows of running fixers become DIED, uncounted; their supervisors end them. Nothing is told any
  /// more.
  void shut_down();

  /// A read through the queue, for a pass, after repairing rows that do not fit what runs. `fence`
  /// is taken before the read begins.
  void read(std::function<void(Result<Contents>)> done);
  /// Once a pass, when it has settled: sends again what died, and looks whether a pull request is
  /// still as a fixer left it.
  void look_around();

  using Done = std::function<void(Result<RatchetRow>)>;
  /// Answers once it is committed. Off: the record is cleared and a running fixer is ended. Errors:
  /// conflict (on, but there is no command).
  void set_enabled(const model::WorkspaceId& id, bool enabled, Done done);
  /// What is known of the pull request now.
  void observe(const model::WorkspaceId& id, PullRequest pull);
  /// Nothing of it is known any more: the branch is another one.
  void forget_pull(const model::WorkspaceId& id);
  /// The worktree may be free now.
  void freed(const model::WorkspaceId& id);
  /// Output of the last fixer from position `from`, at most `bytes_max`; waits up to `wait` for
  /// some to come. Errors: not_found (none was sent in this life of the server).
  void output(const model::WorkspaceId& id, std::uint64_t from, std::size_t bytes_max,
              std::chrono::milliseconds wait, std::function<void(Result<OutputPiece>)> done);
  /// Ends what runs, without counting it as a death, and what an earlier life left; the switch
  /// stays. Answers when nothing runs.
  void halt(const model::WorkspaceId& id, std::function<void()> done);
  /// Ends what runs and drops the row. Answers when nothing is left.
  void release(const model::WorkspaceId& id, std::function<void()> done);

  [[nodiscard]] bool has_command() const;
  [[nodiscard]] std::size_t fixers() const;   ///< running
  [[nodiscard]] std::size_t enabled() const;  ///< workspaces

  static constexpr std::size_t kCommandWordsMax = 1'000;
  static constexpr std::size_t kCommandBytesMax = 64U << 10U;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks in flight, which check that it still lives
};

}  // namespace sb::ratchet
