#pragma once

#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "sb/core/json_codec.h"
#include "sb/model/enums.h"

// How a pull request's state and its checks are read: pure rules (contract, sections 5.1 and 5.2).

namespace sb::github {

/// What GitHub says of a pull request.
struct PrStateInput {
  std::string state;  ///< OPEN CLOSED MERGED
  bool isDraft = false;
  std::optional<std::string> reviewDecision;
};
BOOST_DESCRIBE_STRUCT(PrStateInput, (), (state, isDraft, reviewDecision))
static_assert(all_members_described<PrStateInput>());

[[nodiscard]] model::PrState pr_state(const PrStateInput& input);

/// One check of a roll-up, as GitHub's command line prints it; a legacy commit status has `state`
/// instead of `status`.
struct Check {
  std::optional<std::string> name;
  std::optional<std::string> workflowName;
  std::optional<std::string> status;
  std::optional<std::string> conclusion;
  std::optional<std::string> state;
  std::optional<std::string> detailsUrl;
  std::optional<WallTime> startedAt;
  std::optional<WallTime> completedAt;
};
BOOST_DESCRIBE_STRUCT(Check, (),
                      (name, workflowName, status, conclusion, state, detailsUrl, startedAt,
                       completedAt))
static_assert(all_members_described<Check>());

/// No list: UNKNOWN. Re-runs count once, by their newest run.
[[nodiscard]] model::CiStatus ci_status(const std::optional<std::vector<Check>>& checks);

}  // namespace sb::github
