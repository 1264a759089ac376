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

type Json = Record<string, unknown>;

/** What a server sends in dialect 2, one frame each. The cursor of revision 4 is `c4`. */
export const welcome = (more: Json = {}): string =>
  JSON.stringify({ type: "welcome", session: "s", epoch: "e1", head: 1, mode: "reset", heartbeatMs: 5_000, coalesceMs: 100, ...more });

export const batch = (from: number, to: number, ops: readonly Json[], more: Json = {}): string =>
  JSON.stringify({ type: "batch", viewSeq: 1, from, to, complete: true, cursor: `c${to}`, ops, ...more });

export const baseline = (entries: readonly Json[], revision = 1, more: Json = {}): string =>
  batch(0, revision, entries.map((each) => put(each, revision)), { reset: true, ...more });

export const mark = (revision: number, more: Json = {}): string =>
  JSON.stringify({ type: "mark", viewSeq: 1, revision, cursor: `c${revision}`, sources: [], ...more });

export const put = (workspace: Json, revision: number): Json => ({ op: "put", id: workspace.workspaceId, revision, entry: workspace });
export const patch = (id: string, revision: number, set: Json): Json => ({ op: "patch", id, revision, set });
export const del = (id: string, revision: number): Json => ({ op: "del", id, revision });
