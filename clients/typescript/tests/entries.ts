import type { Entry } from "../src/index.ts";

/** A complete entry as a server sends it. */
export function entry(workspaceId: string, more: Partial<Record<keyof Entry, unknown>> = {}): Record<string, unknown> {
  return {
    workspaceId,
    projectId: "p1",
    name: workspaceId,
    status: "READY",
    createdAt: "2026-08-21T10:00:00.000Z",
    branchName: `feature/${workspaceId}`,
    hasHadSessions: true,
    mode: "STANDARD",
    autoIterationStatus: null,
    isMain: false,
    worktreePath: `/tmp/${workspaceId}`,
    prUrl: null,
    prNumber: null,
    prState: "NONE",
    prCiStatus: "UNKNOWN",
    prUpdatedAt: null,
    hasMergeConflict: false,
    prReviewState: null,
    prHeadBranch: null,
    isWorking: false,
    pendingRequestType: null,
    ratchetEnabled: false,
    ratchetState: "IDLE",
    ratchetDispatchOutcome: null,
    ratchetDispatchRetryCount: 0,
    ratchetDispatchStalled: false,
    runScriptStatus: "IDLE",
    runScriptPort: null,
    gitStats: {
      total: 2,
      additions: 10,
      deletions: 3,
      hasUncommitted: true,
      untrackedFiles: 0,
      untrackedAdditions: 0,
      stale: false,
    },
    lastActivityAt: null,
    ahead: null,
    behind: null,
    operation: null,
    problem: null,
    sessionSummaries: [],
    pendingRequests: [],
    terminals: [],
    sidebarStatus: { activityState: "IDLE", ciState: "NONE" },
    kanbanColumn: "WAITING",
    flowPhase: "NO_PR",
    ciObservation: "NOT_FETCHED",
    ratchetButtonAnimated: false,
    statusReason: {
      code: "READY_FOR_NEXT_PROMPT",
      label: "Ready for next prompt",
      tone: "neutral",
      needsUser: true,
    },
    unknownFields: [],
    version: 1,
    computedAt: "2026-08-21T10:00:00.000Z",
    source: "test",
    fieldTimestamps: { workspace: 0, pr: 0, session: 0, ratchet: 0, runScript: 0, reconciliation: 0 },
    ...more,
  };
}

export function full(entries: readonly unknown[], position: Record<string, unknown> = {}): string {
  return JSON.stringify({ type: "snapshot_full", projectId: "p1", entries, epoch: "e1", ...position });
}

export function changed(workspace: Record<string, unknown>, position: Record<string, unknown> = {}): string {
  const { workspaceId } = workspace;
  return JSON.stringify({ type: "snapshot_changed", workspaceId, entry: workspace, epoch: "e1", ...position });
}

export function removed(workspaceId: string, position: Record<string, unknown> = {}): string {
  return JSON.stringify({ type: "snapshot_removed", workspaceId, epoch: "e1", ...position });
}
