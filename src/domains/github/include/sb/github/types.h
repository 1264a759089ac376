#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sb/core/clock.h"
#include "sb/model/enums.h"
#include "sb/model/ids.h"

namespace sb::github {

/// A repository on a GitHub host. Host in lower case; owner and name as written, compared without
/// regard to case, as GitHub does.
struct Repository {
  std::string host;  ///< "github.com", or of an Enterprise server
  std::string owner;
  std::string name;
};
[[nodiscard]] bool same_repository(const Repository& a, const Repository& b);

/// What the domain needs to know of a workspace; orchestration tells it.
struct Subject {
  model::WorkspaceId workspace;
  std::string git_dir;     ///< private git directory; bytes
  std::string common_dir;  ///< bytes
  friend bool operator==(const Subject&, const Subject&) = default;
};

/// What is known of the pull request of one workspace. Columns of the table.
struct PrRow {
  model::WorkspaceId workspace;
  std::string branch;                  ///< the local branch that was asked for; empty: detached
  std::string head_oid;                ///< where HEAD was then
  bool observed = false;               ///< false: the branch is new to us and nothing is known yet
  std::optional<std::int64_t> number;  ///< empty though observed: there is none
  Repository repository;               ///< where the pull request is
  std::string url;
  model::PrState state = model::PrState::NONE;
  model::CiStatus ci = model::CiStatus::UNKNOWN;
  std::optional<bool> conflict;       ///< empty: GitHub has not worked it out yet
  std::optional<std::string> review;  ///< the raw decision
  std::string head_branch;            ///< of the pull request
  std::string head_commit;            ///< of the pull request
  WallTime updated_at{};              ///< when we saw the last change; for display
  std::uint64_t stamp = 0;            ///< own counter at its commit; 0: no row
};

/// All rows as one read saw them.
struct Contents {
  std::vector<PrRow> rows;
  std::uint64_t fence = 0;      ///< own counter, taken before the read began
  std::uint64_t stamp_max = 0;  ///< highest stamp of any row
};

/// How GitHub as a source does.
struct Health {
  enum class State {
    live,
    unknown,       ///< nothing asked yet, or nobody to ask as (no token)
    rate_limited,  ///< the last values stay; asked again when the limit allows
    unreachable,   ///< no network, an error of the server, or no answer in time
  };
  State state = State::live;
  std::optional<MonoTime> last_ok;
  std::string detail;  ///< a sentence for a person
};

}  // namespace sb::github
