#pragma once

#include <memory>

#include "sb/core/clock.h"
#include "sb/core/log.h"
#include "sb/orchestration/own_domain.h"
#include "sb/terminal/terminal_service.h"

namespace sb::orchestration {

/// The terminals of our own domain on their way into the store: each as an element of its
/// workspace, from which `lastActivityAt` is derived. Also tells the domain which workspace holds a
/// directory. Borrows everything; hand it to `Engine::add`.
[[nodiscard]] std::unique_ptr<OwnDomain> make_terminal_view(terminal::TerminalService& service,
                                                            OwnFactSink& facts,
                                                            const WorkspaceDirectory& directory,
                                                            const Clock& clock, Logger log);

}  // namespace sb::orchestration
