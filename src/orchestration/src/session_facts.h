#pragma once

#include <vector>

#include "sb/model/facts.h"
#include "sb/session/types.h"

namespace sb::orchestration {

/// A session as its element travels (contract, section 3.2).
[[nodiscard]] model::SessionSummary to_summary(const session::SessionRow& row);
/// What it waits for.
[[nodiscard]] std::vector<model::PendingRequest> to_requests(const session::SessionRow& row);

/// One step of a session.
[[nodiscard]] model::FactPatch to_facts(const session::SessionChanged& event);
[[nodiscard]] model::FactPatch to_facts(const session::SessionRemoved& event);
/// Everything one workspace has: what is not listed is gone. Of more sessions than an entry holds
/// those that live, then the latest.
[[nodiscard]] model::FactPatch to_facts(std::vector<const session::SessionRow*> all);

}  // namespace sb::orchestration
