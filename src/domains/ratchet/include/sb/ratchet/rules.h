#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sb/model/enums.h"

// When a fixer is sent, and when it is given up (contract, sections 5.1 and 21), pure.

namespace sb::ratchet {

/// How often a fixer may die over one state of a pull request.
inline constexpr std::int64_t kDeathsMax = 3;

/// What the rules need to know of a pull request.
struct PullRequest {
  std::optional<std::int64_t> number;  ///< empty: there is none
  model::PrState state = model::PrState::NONE;
  model::CiStatus ci = model::CiStatus::UNKNOWN;
  std::optional<bool> conflict;    ///< empty: not worked out yet
  bool changes_requested = false;  ///< the raw decision, because a draft hides it in `state`
  std::string head_commit;
  std::string url;
  std::string branch;  ///< of the pull request
  friend bool operator==(const PullRequest&, const PullRequest&) = default;
};

/// What auto-fix makes of a pull request (contract, section 5.1), when it is on.
[[nodiscard]] model::RatchetState ratchet_state(const PullRequest& pull);

/// True for what a fixer can do something about.
[[nodiscard]] bool is_trouble(model::RatchetState state);

/// The state of a pull request that a dispatch was about: one is sent once for each.
struct DispatchKey {
  std::int64_t number = 0;  ///< 0: no pull request
  std::string head_commit;
  model::RatchetState state = model::RatchetState::IDLE;
  friend bool operator==(const DispatchKey&, const DispatchKey&) = default;
};
[[nodiscard]] DispatchKey key_of(const PullRequest& pull);

/// What became of the last dispatch.
struct Record {
  std::optional<model::RatchetDispatchOutcome> outcome;
  std::int64_t retries = 0;  ///< times a fixer died over `key`
  bool stalled = false;      ///< given up until the pull request changes
  std::optional<DispatchKey> key;
  friend bool operator==(const Record&, const Record&) = default;
};

struct Situation {
  bool enabled = false;
  bool able = false;   ///< there is a fixer command, a worktree to run it in, and a free place
  bool taken = false;  ///< something works in the worktree: an agent, or a fixer that still ends
  std::optional<PullRequest> pull;  ///< empty: nothing is known
  bool looked_again = false;        ///< `pull` was asked for after the last fixer had ended
  bool rested = true;               ///< a pass came since the last fixer died
  Record record;
};

enum class Action {
  nothing,
  dispatch,
  reset,  ///< the pull request is another one than the record is about: the record begins anew
  stall,  ///< a fixer changed nothing, or died too often
};
[[nodiscard]] Action decide(const Situation& situation);

/// What a fixer is told.
[[nodiscard]] std::string prompt_for(const PullRequest& pull);

}  // namespace sb::ratchet
