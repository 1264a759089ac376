import type { Workspace } from "@snapboard/client";
import { oddInList } from "./facts.ts";

/** What one word says about a session. `unknown`: nobody has said what it does, which is not `idle`. */
export type SessionStatus =
  | "loading"
  | "starting"
  | "stopping"
  | "error"
  | "unexpected-exit"
  | "stopped"
  | "unknown"
  | "working"
  | "idle";

/** The status of the session at `index`. What rests on a value that this page has no name for is unknown. */
export function sessionStatus(workspace: Workspace, index: number): SessionStatus {
  const session = workspace.sessionSummaries[index];
  if (!session) return "unknown";
  const odd = (member: string) => oddInList(workspace, "sessionSummaries", index, member) !== null;
  const { runtimePhase, processState, lastExit, activity, activityKnown } = session;
  if (odd("runtimePhase")) return "unknown";
  if (runtimePhase !== "running" && runtimePhase !== "idle") return runtimePhase;
  if (processState === "stopped") return lastExit?.unexpected ? "unexpected-exit" : "stopped";
  if (!activityKnown || odd("activity")) return "unknown";
  return activity === "WORKING" || runtimePhase === "running" ? "working" : "idle";
}

export const sessionWords: Readonly<Record<SessionStatus, string>> = {
  loading: "loading",
  starting: "starting",
  stopping: "stopping",
  error: "error",
  "unexpected-exit": "ended unexpectedly",
  stopped: "stopped",
  unknown: "activity unknown",
  working: "working",
  idle: "idle",
};
