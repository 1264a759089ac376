#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/core/loop.h"
#include "sb/core/metrics.h"
#include "sb/core/process_runner.h"
#include "sb/core/result.h"
#include "sb/core/worker_pool.h"
#include "sb/github/types.h"
#include "sb/model/ids.h"
#include "sb/model/stamp.h"

namespace sb::sqlite {
class Writer;
}
namespace sb::http_client {
class Client;
}

namespace sb::github {

/// Whom to ask, as whom, and how often. Times are monotonic.
struct GithubOptions {
  std::string token;               ///< GH_TOKEN, else GITHUB_TOKEN; for github.com
  std::string enterprise_token;    ///< GH_ENTERPRISE_TOKEN, else GITHUB_ENTERPRISE_TOKEN
  std::vector<std::string> hosts;  ///< Enterprise servers (GH_HOST, --github-host), lower case
  std::string api_url;             ///< instead of the API of every host; without a last slash
  std::string gh_program = "gh";
  std::string user_agent = "snapboard";

  /// Checks run, or something was just pushed.
  std::chrono::milliseconds hot_interval{20'000};
  std::chrono::milliseconds open_interval{60'000};    ///< open, nothing is expected
  std::chrono::milliseconds quiet_interval{150'000};  ///< no pull request, or an ended one
  /// The same where conditional requests watch the lists of pull requests.
  std::chrono::milliseconds watched_interval{900'000};
  std::chrono::milliseconds probe_interval{60'000};   ///< of those requests
  std::chrono::milliseconds review_interval{60'000};  ///< of the review count
  /// Asked in one go with what is due now.
  std::chrono::milliseconds slack{10'000};
  std::chrono::milliseconds hint_delay{1'000};  ///< a hint and what follows it are one question
  std::chrono::milliseconds hint_gap{5'000};    ///< between two questions that hints asked for
  std::chrono::milliseconds hot_after_move{300'000};
  std::chrono::milliseconds idle_cool_down{30'000};  ///< between refreshes because an agent stopped
  std::chrono::milliseconds mergeable_delay{3'000};  ///< until GitHub has worked it out
  /// A commit without any check is believed to have none after this long.
  std::chrono::milliseconds checks_grace{90'000};
  std::chrono::milliseconds connect_timeout{5'000};
  std::chrono::milliseconds request_timeout{20'000};
};

/// The options as the environment gives them.
[[nodiscard]] GithubOptions options_from_environment();

/// What a webhook says is worth a look: any of the members that are set.
struct Hint {
  Repository repository;  ///< host empty: of any
  std::vector<std::int64_t> numbers;
  std::string commit;
  std::string branch;
};

/// Knows the pull request of every workspace: finds it by branch and commit, refreshes in batches,
/// keeps within the rate limit, and keeps the last value when it cannot ask. An observation is a
/// compare-and-set committed by the database thread; its event is emitted on the loop after the
/// commit with the stamp the commit carries; a failed or lost write emits nothing. Lifecycle:
/// construct, `load`, `put` what there is, `start`. Callbacks stop after destruction. Thread:
/// confined to the loop. Borrows everything it is given; `network` should be a pool of its own,
/// because a server that hangs holds its thread.
class GithubService {
 public:
  struct Deps {
    Loop& loop;
    WorkerPool& workers;
    WorkerPool& network;
    sqlite::Writer& writer;
    http_client::Client& http;
    ProcessRunner& processes;
    const Clock& clock;
    model::OwnCounter& counter;
    Metrics& metrics;
    Logger log;
  };
  struct Listeners {
    std::function<void(const PrRow&)> pull_request;  ///< after its commit
    std::function<void(std::int64_t)> review_count;  ///< when it changed
  };
  GithubService(Deps deps, GithubOptions options);
  ~GithubService();

  void listen(Listeners listeners);
  /// Reads all rows and raises the counter above every stamp. Blocks; for start-up.
  Result<Contents> load();
  /// The same read through the queue, for a pass. `fence` is taken before the read begins.
  void read(std::function<void(Result<Contents>)> done);
  void start();
  void stop();

  /// A workspace is there, or its folders changed.
  void put(const Subject& subject);
  /// It is gone: forgets it and its row. Calls `done` when nothing is left.
  void remove(const model::WorkspaceId& id, std::function<void()> done);
  /// Commits or refs moved in the worktree.
  void moved(const model::WorkspaceId& id);
  /// An agent stopped working there; within the cool-down of the last successful one, nothing.
  void idle(const model::WorkspaceId& id);
  /// A webhook spoke of something.
  void hint(const Hint& hint);
  /// Asks now, and calls `done` after the commit. Joined with others who wait. Errors: not_found
  /// (workspace unknown, or no remote on GitHub), limit_exceeded (rate limit), unavailable,
  /// timeout.
  void refresh(const model::WorkspaceId& id, std::function<void(Result<void>)> done);

  [[nodiscard]] Health health() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;  // shared with callbacks in flight, which check that it still lives
};

}  // namespace sb::github
