#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sb/core/clock.h"
#include "sb/core/result.h"
#include "sb/model/event.h"
#include "sb/model/ids.h"
#include "sb/model/project.h"

// What transport asks of the rest of the server. The composition root plugs orchestration in;
// neither includes the other. Every call and every callback is on the loop.

namespace sb::transport {

/// The fate of one event of a submitted batch.
struct EventVerdict {
  enum class Kind { accepted, duplicate, stale, rejected };
  Kind kind = Kind::accepted;
  Error error;  ///< set when rejected; its path is relative to the event
};

struct EventsAnswer {
  std::string epoch;
  std::uint64_t revision = 0;          ///< includes the batch
  std::vector<EventVerdict> verdicts;  ///< one per submitted event, in order
};

struct EventSink {
  virtual ~EventSink() = default;
  /// Applies the events in order and calls `done` once they are durable against kill -9. Errors:
  /// limit_exceeded when the queue is full (429), unavailable when not ready or the journal cannot
  /// be written. To send the same again is right in each case, whether it was applied or not.
  virtual void submit(std::vector<model::ExternalEvent> events,
                      std::function<void(Result<EventsAnswer>)> done) = 0;
};

/// One source as /readyz and the snapshot read show it.
struct SourceHealth {
  std::string name;   ///< "workspace", "git", …
  std::string state;  ///< live stale unknown degraded rate_limited unreachable
  std::optional<std::int64_t> last_ok_age_ms;
  std::string detail;  ///< for instance "2 worktrees polled every 60 s: no inotify watches left"
};

struct ReconciliationInfo {
  std::optional<WallTime> last_at;
  std::uint64_t events_since = 0;
  std::uint64_t last_drift = 0;
};

struct ServerStatus {
  virtual ~ServerStatus() = default;
  /// Ready as defined in the architecture, section 8. Never goes back to false.
  [[nodiscard]] virtual bool ready() const = 0;
  [[nodiscard]] virtual std::vector<SourceHealth> sources() const = 0;
  [[nodiscard]] virtual ReconciliationInfo reconciliation() const = 0;
};

/// Hooks of agents, in the agents' own words (protocol, section 5, native hooks).
struct HookSink {
  virtual ~HookSink() = default;
  struct Hook {
    std::string agent;     ///< as in the path
    std::string locators;  ///< of the header Snapboard-Hook; empty when the agent itself posts
    std::string body;      ///< JSON
  };
  /// Calls `done` once what the hook changed is durable. Errors: not_found (no such agent),
  /// invalid_argument, limit_exceeded, unavailable.
  virtual void hook(Hook hook, std::function<void(Result<void>)> done) = 0;
};

/// A webhook as it came.
struct GithubDelivery {
  std::string event;      ///< X-GitHub-Event
  std::string id;         ///< X-GitHub-Delivery
  std::string signature;  ///< X-Hub-Signature-256
  std::string body;       ///< the bytes that were signed
};

struct CommandSink {
  virtual ~CommandSink() = default;
  struct RegisterProject {
    std::string repo_path;
    std::optional<std::string> name;
    std::optional<std::string> default_branch;
  };
  struct RegisteredProject {
    model::ProjectInfo project;
    bool created = false;
    std::uint64_t revision = 0;
  };
  /// Registers a repository and adopts its worktrees. Errors: invalid_argument (not a repository),
  /// limit_exceeded.
  virtual void register_project(RegisterProject request,
                                std::function<void(Result<RegisteredProject>)> done) = 0;
  /// Removes a project and everything of it. Answers the revision. Errors: not_found.
  virtual void remove_project(const model::ProjectId& id,
                              std::function<void(Result<std::uint64_t>)> done) = 0;
  /// Starts a reconciliation pass of the project and answers the revision after it. Errors:
  /// not_found.
  virtual void reconcile(const model::ProjectId& id,
                         std::function<void(Result<std::uint64_t>)> done) = 0;
  // NOLINTBEGIN(performance-unnecessary-value-param): by value for those who override and keep it
  /// Asks for the pull request of a workspace now and answers the revision with what was said.
  /// Errors: not_found (no such workspace, or none of its remotes is on GitHub), limit_exceeded
  /// (their rate limit), unavailable, timeout.
  virtual void refresh_pull_request(const model::WorkspaceId& id,
                                    std::function<void(Result<std::uint64_t>)> done) {
    (void)id;
    done(fail(ErrorCode::unsupported, "there are no pull requests here"));
  }
  /// Switches auto-fix of a workspace on or off and answers the revision with its effect. Errors:
  /// not_found, conflict (archived), unavailable.
  virtual void set_ratchet(const model::WorkspaceId& id, bool enabled,
                           std::function<void(Result<std::uint64_t>)> done) {
    (void)id, (void)enabled;
    done(fail(ErrorCode::unsupported, "there is no auto-fix here"));
  }
  /// Takes a webhook whose sender proves itself by the signature. Errors: forbidden (not signed by
  /// our secret, or there is none), invalid_argument.
  virtual Result<void> take_github_webhook(GithubDelivery delivery) {
    (void)delivery;
    return fail(ErrorCode::forbidden, "webhooks are not taken here");
  }
  // NOLINTEND(performance-unnecessary-value-param)
};

}  // namespace sb::transport
