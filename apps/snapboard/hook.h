#pragma once

namespace sb::app {

/// `snapboard hook <agent> [--socket PATH]`: hands the hook JSON on standard input to the server,
/// or to the spool when none answers. Prints nothing, always answers 0, and is bounded in time and
/// memory whatever happens: an agent waits for it. Decided before anything else is set up.
int hook(int count, char** arguments);

}  // namespace sb::app
