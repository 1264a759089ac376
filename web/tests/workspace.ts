import { shapes, type Entry, type SessionSummary, type Workspace } from "@snapboard/client";

/** A workspace with the model's defaults, idle and known. */
export function workspace(workspaceId: string, more: Partial<Workspace> = {}): Workspace {
  const defaults = Object.fromEntries(Object.entries(shapes.Entry).map(([name, shape]) => [name, shape.fallback]));
  return {
    ...(defaults as unknown as Entry),
    workspaceId,
    projectId: "p1",
    name: workspaceId,
    status: "READY",
    createdAt: "2026-08-21T10:00:00.000Z",
    branchName: `feature/${workspaceId}`,
    kanbanColumn: "WAITING",
    statusReason: { code: "READY_FOR_NEXT_PROMPT", label: "Ready for next prompt", tone: "neutral", needsUser: true },
    odd: [],
    ...more,
  };
}

/** An idle session of an agent that runs. */
export const session = (more: Partial<SessionSummary> = {}): SessionSummary => ({
  sessionId: "s1", name: "first", workflow: null, model: null, persistedStatus: "RUNNING", runtimePhase: "idle",
  processState: "alive", activity: "IDLE", updatedAt: "", lastExit: null, errorMessage: null, activityKnown: true, ...more,
});
