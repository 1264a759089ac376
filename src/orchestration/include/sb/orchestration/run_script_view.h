#pragma once

#include <memory>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/orchestration/own_domain.h"
#include "sb/run_script/run_script_service.h"

namespace sb::orchestration {

/// Run scripts as facts: `runScriptStatus` and `runScriptPort`. A workspace in which nothing ever
/// ran is IDLE. Borrows everything; hand it to `Engine::add`.
[[nodiscard]] std::unique_ptr<OwnDomain> make_run_script_view(run_script::RunScriptService& service,
                                                              OwnFactSink& facts,
                                                              const WorkspaceDirectory& directory,
                                                              const Clock& clock, Logger log);

}  // namespace sb::orchestration
