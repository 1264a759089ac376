#pragma once

#include <span>
#include <string_view>

namespace sb::process {

/// First argument of the program in which it is a supervisor: `PROGRAM __supervise GRACE_MS --
/// CMD…` with the control socket as descriptor 3. Started by `Supervision` only.
inline constexpr std::string_view kSuperviseMode = "__supervise";

/// The life of a supervisor: starts CMD in a session of its own, is the parent of every orphan of
/// its tree (PR_SET_CHILD_SUBREAPER), and ends the whole tree, TERM and after the grace KILL, when
/// it is told to, when CMD ends, when it gets TERM, INT or HUP, and when the server is gone (the
/// control socket reads end of file). So no process of a run outlives the server or CMD.
/// `arguments` are those after the mode. Answers the exit code of the program.
int supervise(std::span<char* const> arguments);

}  // namespace sb::process
