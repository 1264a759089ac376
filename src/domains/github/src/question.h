#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sb/core/result.h"
#include "sb/github/types.h"

// One GraphQL request for many branches, and what comes back. Pure.

namespace sb::github {

/// The pull requests of one head branch in one repository; `number`: that one too.
struct Lookup {
  Repository repository;
  std::string branch;
  std::optional<std::int64_t> number;
};

/// A pull request as GitHub tells it, mapped to our words.
struct PullRequest {
  Repository repository;
  std::int64_t number = 0;
  std::string url;
  model::PrState state = model::PrState::NONE;
  model::CiStatus ci = model::CiStatus::UNKNOWN;
  bool without_checks = false;        ///< GitHub has no roll-up for the commit
  std::optional<bool> conflict;       ///< empty: not worked out yet
  std::optional<std::string> review;  ///< the raw decision
  std::string head_branch;
  std::string head_commit;
  std::optional<std::string> head_owner;  ///< empty: the fork was deleted
};

/// What became of one lookup.
struct Found {
  enum class Kind {
    answered,       ///< `pull_requests` is what there is
    no_repository,  ///< it does not exist, or the token may not see it
    failed,         ///< no answer for this one: says nothing about pull requests
  };
  Kind kind = Kind::failed;
  std::vector<PullRequest> pull_requests;
  std::optional<Repository> parent;  ///< the repository this one is a fork of
};

struct RateLimit {
  std::int64_t limit = 0;
  std::int64_t remaining = 0;
  std::optional<WallTime> reset_at;  ///< by GitHub's clock
};

struct Answer {
  std::vector<Found> found;  ///< one per lookup, in order
  std::optional<RateLimit> rate;
  std::optional<std::int64_t> review_count;
  bool rate_limited = false;  ///< GitHub refused for this reason
  std::string problem;        ///< the first error GitHub told, for the log
};

inline constexpr std::size_t kLookupsMax = 25;     // branches in one request
inline constexpr int kPullRequestsPerBranch = 5;   // newest first
inline constexpr int kChecksPerPullRequest = 100;  // beyond: GitHub's own verdict

/// The JSON body of `POST /graphql`. Names travel as variables, never as part of the query.
[[nodiscard]] std::string make_question(std::span<const Lookup> lookups, bool review_count);

/// Reads the body of an answer. Errors: invalid_argument (no JSON, or not what was asked for).
[[nodiscard]] Result<Answer> read_answer(const std::string& body, std::span<const Lookup> lookups);

}  // namespace sb::github
