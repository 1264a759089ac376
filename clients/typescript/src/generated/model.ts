// Generated from the C++ model by sb_gen_types. Do not edit.

export const workspaceStatusValues = [
  "NEW",
  "PROVISIONING",
  "READY",
  "FAILED",
  "ARCHIVING",
  "ARCHIVED",
] as const;
export type WorkspaceStatus = (typeof workspaceStatusValues)[number];

export const workspaceModeValues = [
  "STANDARD",
  "AUTO_ITERATION",
] as const;
export type WorkspaceMode = (typeof workspaceModeValues)[number];

export const autoIterationStatusValues = [
  "IDLE",
  "RUNNING",
  "PAUSED",
  "COMPLETED",
  "MAX_ITERATIONS",
  "STOPPED",
  "FAILED",
] as const;
export type AutoIterationStatus = (typeof autoIterationStatusValues)[number];

export const prStateValues = [
  "NONE",
  "DRAFT",
  "OPEN",
  "CHANGES_REQUESTED",
  "APPROVED",
  "MERGED",
  "CLOSED",
] as const;
export type PrState = (typeof prStateValues)[number];

export const ciStatusValues = [
  "UNKNOWN",
  "PENDING",
  "SUCCESS",
  "FAILURE",
] as const;
export type CiStatus = (typeof ciStatusValues)[number];

export const ratchetStateValues = [
  "IDLE",
  "CI_RUNNING",
  "CI_FAILED",
  "MERGE_CONFLICT",
  "REVIEW_PENDING",
  "READY",
  "MERGED",
] as const;
export type RatchetState = (typeof ratchetStateValues)[number];

export const ratchetDispatchOutcomeValues = [
  "RUNNING",
  "COMPLETED",
  "DIED",
] as const;
export type RatchetDispatchOutcome = (typeof ratchetDispatchOutcomeValues)[number];

export const runScriptStatusValues = [
  "IDLE",
  "STARTING",
  "RUNNING",
  "STOPPING",
  "COMPLETED",
  "FAILED",
] as const;
export type RunScriptStatus = (typeof runScriptStatusValues)[number];

export const sessionStatusValues = [
  "IDLE",
  "RUNNING",
  "PAUSED",
  "COMPLETED",
  "FAILED",
] as const;
export type SessionStatus = (typeof sessionStatusValues)[number];

export const sessionProviderValues = [
  "CLAUDE",
  "CODEX",
] as const;
export type SessionProvider = (typeof sessionProviderValues)[number];

export const sessionRuntimePhaseValues = [
  "loading",
  "starting",
  "running",
  "idle",
  "stopping",
  "error",
] as const;
export type SessionRuntimePhase = (typeof sessionRuntimePhaseValues)[number];

export const sessionRuntimeProcessStateValues = [
  "unknown",
  "alive",
  "stopped",
] as const;
export type SessionRuntimeProcessState = (typeof sessionRuntimeProcessStateValues)[number];

export const sessionRuntimeActivityValues = [
  "WORKING",
  "IDLE",
] as const;
export type SessionRuntimeActivity = (typeof sessionRuntimeActivityValues)[number];

export const pendingRequestTypeValues = [
  "plan_approval",
  "user_question",
  "permission_request",
] as const;
export type PendingRequestType = (typeof pendingRequestTypeValues)[number];

export const terminalStateValues = [
  "open",
  "busy",
  "idle",
  "closed",
] as const;
export type TerminalState = (typeof terminalStateValues)[number];

export const flowPhaseValues = [
  "NO_PR",
  "CI_WAIT",
  "RATCHET_VERIFY",
  "RATCHET_FIXING",
  "READY",
  "MERGED",
] as const;
export type FlowPhase = (typeof flowPhaseValues)[number];

export const ciObservationValues = [
  "NOT_FETCHED",
  "NO_CHECKS",
  "CHECKS_PENDING",
  "CHECKS_FAILED",
  "CHECKS_PASSED",
  "CHECKS_UNKNOWN",
] as const;
export type CiObservation = (typeof ciObservationValues)[number];

export const sidebarActivityStateValues = [
  "WORKING",
  "IDLE",
] as const;
export type SidebarActivityState = (typeof sidebarActivityStateValues)[number];

export const sidebarCiStateValues = [
  "NONE",
  "RUNNING",
  "FAILING",
  "PASSING",
  "UNKNOWN",
  "CLOSED",
  "MERGED",
  "CONFLICT",
] as const;
export type SidebarCiState = (typeof sidebarCiStateValues)[number];

export const kanbanColumnValues = [
  "WORKING",
  "WAITING",
  "DONE",
] as const;
export type KanbanColumn = (typeof kanbanColumnValues)[number];

export const statusReasonToneValues = [
  "neutral",
  "working",
  "waiting",
  "attention",
  "success",
  "danger",
] as const;
export type StatusReasonTone = (typeof statusReasonToneValues)[number];

export const statusReasonCodeValues = [
  "NEEDS_PERMISSION",
  "NEEDS_PLAN_APPROVAL",
  "NEEDS_ANSWER",
  "SESSION_ERROR",
  "SETTING_UP",
  "SETUP_FAILED",
  "ARCHIVING",
  "ARCHIVED",
  "AGENT_WORKING",
  "STARTING_SESSION",
  "AUTO_ITERATING",
  "WAITING_FOR_CI",
  "FIXING_CI_FAILURES",
  "FIXING_REVIEW_COMMENTS",
  "FIXING_MERGE_CONFLICT",
  "MERGE_CONFLICT",
  "RATCHET_STALLED",
  "CHECKING_PR",
  "MERGED",
  "PR_CLOSED",
  "READY_TO_MERGE",
  "READY_FOR_REVIEW",
  "NO_SESSION_STARTED",
  "READY_FOR_NEXT_PROMPT",
] as const;
export type StatusReasonCode = (typeof statusReasonCodeValues)[number];

export const fieldGroupValues = [
  "workspace",
  "pr",
  "session",
  "ratchet",
  "runScript",
  "reconciliation",
] as const;
export type FieldGroup = (typeof fieldGroupValues)[number];

export const freshnessValues = [
  "live",
  "stale",
  "unknown",
  "degraded",
  "rate_limited",
] as const;
export type Freshness = (typeof freshnessValues)[number];

export interface LastExit {
  readonly code: number | null;
  readonly timestamp: string;
  readonly unexpected: boolean;
}

export interface SessionSummary {
  readonly sessionId: string;
  readonly name: string | null;
  readonly workflow: string | null;
  readonly model: string | null;
  readonly provider?: SessionProvider;
  readonly persistedStatus: SessionStatus;
  readonly runtimePhase: SessionRuntimePhase;
  readonly processState: SessionRuntimeProcessState;
  readonly activity: SessionRuntimeActivity;
  readonly updatedAt: string;
  readonly lastExit: LastExit | null;
  readonly errorMessage: string | null;
  readonly activityKnown: boolean;
}

export interface PendingRequest {
  readonly sessionId: string;
  readonly requestId: string;
  readonly type: PendingRequestType;
  readonly at: string;
}

export interface Terminal {
  readonly id: string;
  readonly state: TerminalState;
  readonly title?: string;
  readonly lastActivityAt: string | null;
}

export interface GitStats {
  readonly total: number;
  readonly additions: number;
  readonly deletions: number;
  readonly hasUncommitted: boolean;
  readonly untrackedFiles: number;
  readonly untrackedAdditions: number;
  readonly stale: boolean;
}

export interface Problem {
  readonly code: string;
  readonly message: string;
}

export interface SidebarStatus {
  readonly activityState: SidebarActivityState;
  readonly ciState: SidebarCiState;
}

export interface StatusReason {
  readonly code: StatusReasonCode;
  readonly label: string;
  readonly tone: StatusReasonTone;
  readonly needsUser: boolean;
}

/** One workspace, complete. Members in wire order. */
export interface Entry {
  readonly workspaceId: string;
  readonly projectId: string;
  readonly name: string;
  readonly status: WorkspaceStatus;
  /** Empty when unknown. */
  readonly createdAt: string;
  readonly branchName: string | null;
  readonly hasHadSessions: boolean;
  readonly mode: WorkspaceMode;
  readonly autoIterationStatus: AutoIterationStatus | null;
  readonly isMain: boolean;
  readonly worktreePath: string | null;
  readonly prUrl: string | null;
  readonly prNumber: number | null;
  readonly prState: PrState;
  readonly prCiStatus: CiStatus;
  readonly prUpdatedAt: string | null;
  readonly hasMergeConflict: boolean;
  readonly prReviewState: string | null;
  readonly prHeadBranch: string | null;
  readonly isWorking: boolean;
  readonly pendingRequestType: PendingRequestType | null;
  readonly ratchetEnabled: boolean;
  readonly ratchetState: RatchetState;
  readonly ratchetDispatchOutcome: RatchetDispatchOutcome | null;
  readonly ratchetDispatchRetryCount: number;
  readonly ratchetDispatchStalled: boolean;
  readonly runScriptStatus: RunScriptStatus;
  readonly runScriptPort: number | null;
  readonly gitStats: GitStats | null;
  readonly lastActivityAt: string | null;
  readonly ahead: number | null;
  readonly behind: number | null;
  readonly operation: string | null;
  readonly problem: Problem | null;
  readonly sessionSummaries: readonly SessionSummary[];
  readonly pendingRequests: readonly PendingRequest[];
  readonly terminals: readonly Terminal[];
  readonly sidebarStatus: SidebarStatus;
  readonly kanbanColumn: KanbanColumn | null;
  readonly flowPhase: FlowPhase;
  readonly ciObservation: CiObservation;
  readonly ratchetButtonAnimated: boolean;
  readonly statusReason: StatusReason;
  readonly unknownFields: readonly string[];
  readonly version: number;
  readonly computedAt: string;
  readonly source: string;
  readonly fieldTimestamps: Readonly<Record<FieldGroup, number>>;
}

/** How to read a value without trusting it. `fallback` stands in for one that cannot be read. */
export interface Shape {
  readonly kind: "text" | "number" | "flag" | "enum" | "record" | "list";
  readonly values?: readonly string[];
  readonly record?: RecordName;
  readonly of?: Shape;
  readonly nullable?: true;
  readonly optional?: true;
  readonly fallback: unknown;
}
export type RecordName =
  | "LastExit"
  | "SessionSummary"
  | "PendingRequest"
  | "Terminal"
  | "GitStats"
  | "Problem"
  | "SidebarStatus"
  | "StatusReason"
  | "FieldTimestamps"
  | "Entry";

export const shapes: Readonly<Record<RecordName, Readonly<Record<string, Shape>>>> = {
  LastExit: {
    code: { kind: "number", nullable: true, fallback: null },
    timestamp: { kind: "text", fallback: "" },
    unexpected: { kind: "flag", fallback: false },
  },
  SessionSummary: {
    sessionId: { kind: "text", fallback: "" },
    name: { kind: "text", nullable: true, fallback: null },
    workflow: { kind: "text", nullable: true, fallback: null },
    model: { kind: "text", nullable: true, fallback: null },
    provider: { kind: "enum", values: sessionProviderValues, optional: true, fallback: undefined },
    persistedStatus: { kind: "enum", values: sessionStatusValues, fallback: "IDLE" },
    runtimePhase: { kind: "enum", values: sessionRuntimePhaseValues, fallback: "idle" },
    processState: { kind: "enum", values: sessionRuntimeProcessStateValues, fallback: "unknown" },
    activity: { kind: "enum", values: sessionRuntimeActivityValues, fallback: "IDLE" },
    updatedAt: { kind: "text", fallback: "" },
    lastExit: { kind: "record", record: "LastExit", nullable: true, fallback: null },
    errorMessage: { kind: "text", nullable: true, fallback: null },
    activityKnown: { kind: "flag", fallback: true },
  },
  PendingRequest: {
    sessionId: { kind: "text", fallback: "" },
    requestId: { kind: "text", fallback: "" },
    type: { kind: "enum", values: pendingRequestTypeValues, fallback: "permission_request" },
    at: { kind: "text", fallback: "" },
  },
  Terminal: {
    id: { kind: "text", fallback: "" },
    state: { kind: "enum", values: terminalStateValues, fallback: "open" },
    title: { kind: "text", optional: true, fallback: undefined },
    lastActivityAt: { kind: "text", nullable: true, fallback: null },
  },
  GitStats: {
    total: { kind: "number", fallback: 0 },
    additions: { kind: "number", fallback: 0 },
    deletions: { kind: "number", fallback: 0 },
    hasUncommitted: { kind: "flag", fallback: false },
    untrackedFiles: { kind: "number", fallback: 0 },
    untrackedAdditions: { kind: "number", fallback: 0 },
    stale: { kind: "flag", fallback: false },
  },
  Problem: {
    code: { kind: "text", fallback: "" },
    message: { kind: "text", fallback: "" },
  },
  SidebarStatus: {
    activityState: { kind: "enum", values: sidebarActivityStateValues, fallback: "IDLE" },
    ciState: { kind: "enum", values: sidebarCiStateValues, fallback: "NONE" },
  },
  StatusReason: {
    code: { kind: "enum", values: statusReasonCodeValues, fallback: "SETTING_UP" },
    label: { kind: "text", fallback: "" },
    tone: { kind: "enum", values: statusReasonToneValues, fallback: "working" },
    needsUser: { kind: "flag", fallback: false },
  },
  FieldTimestamps: {
    workspace: { kind: "number", fallback: 0 },
    pr: { kind: "number", fallback: 0 },
    session: { kind: "number", fallback: 0 },
    ratchet: { kind: "number", fallback: 0 },
    runScript: { kind: "number", fallback: 0 },
    reconciliation: { kind: "number", fallback: 0 },
  },
  Entry: {
    workspaceId: { kind: "text", fallback: "" },
    projectId: { kind: "text", fallback: "" },
    name: { kind: "text", fallback: "" },
    status: { kind: "enum", values: workspaceStatusValues, fallback: "NEW" },
    createdAt: { kind: "text", fallback: "" },
    branchName: { kind: "text", nullable: true, fallback: null },
    hasHadSessions: { kind: "flag", fallback: false },
    mode: { kind: "enum", values: workspaceModeValues, fallback: "STANDARD" },
    autoIterationStatus: { kind: "enum", values: autoIterationStatusValues, nullable: true, fallback: null },
    isMain: { kind: "flag", fallback: false },
    worktreePath: { kind: "text", nullable: true, fallback: null },
    prUrl: { kind: "text", nullable: true, fallback: null },
    prNumber: { kind: "number", nullable: true, fallback: null },
    prState: { kind: "enum", values: prStateValues, fallback: "NONE" },
    prCiStatus: { kind: "enum", values: ciStatusValues, fallback: "UNKNOWN" },
    prUpdatedAt: { kind: "text", nullable: true, fallback: null },
    hasMergeConflict: { kind: "flag", fallback: false },
    prReviewState: { kind: "text", nullable: true, fallback: null },
    prHeadBranch: { kind: "text", nullable: true, fallback: null },
    isWorking: { kind: "flag", fallback: false },
    pendingRequestType: { kind: "enum", values: pendingRequestTypeValues, nullable: true, fallback: null },
    ratchetEnabled: { kind: "flag", fallback: false },
    ratchetState: { kind: "enum", values: ratchetStateValues, fallback: "IDLE" },
    ratchetDispatchOutcome: { kind: "enum", values: ratchetDispatchOutcomeValues, nullable: true, fallback: null },
    ratchetDispatchRetryCount: { kind: "number", fallback: 0 },
    ratchetDispatchStalled: { kind: "flag", fallback: false },
    runScriptStatus: { kind: "enum", values: runScriptStatusValues, fallback: "IDLE" },
    runScriptPort: { kind: "number", nullable: true, fallback: null },
    gitStats: { kind: "record", record: "GitStats", nullable: true, fallback: null },
    lastActivityAt: { kind: "text", nullable: true, fallback: null },
    ahead: { kind: "number", nullable: true, fallback: null },
    behind: { kind: "number", nullable: true, fallback: null },
    operation: { kind: "text", nullable: true, fallback: null },
    problem: { kind: "record", record: "Problem", nullable: true, fallback: null },
    sessionSummaries: { kind: "list", of: { kind: "record", record: "SessionSummary", fallback: null }, fallback: [] },
    pendingRequests: { kind: "list", of: { kind: "record", record: "PendingRequest", fallback: null }, fallback: [] },
    terminals: { kind: "list", of: { kind: "record", record: "Terminal", fallback: null }, fallback: [] },
    sidebarStatus: { kind: "record", record: "SidebarStatus", fallback: {"activityState":"IDLE","ciState":"NONE"} },
    kanbanColumn: { kind: "enum", values: kanbanColumnValues, nullable: true, fallback: null },
    flowPhase: { kind: "enum", values: flowPhaseValues, fallback: "NO_PR" },
    ciObservation: { kind: "enum", values: ciObservationValues, fallback: "NOT_FETCHED" },
    ratchetButtonAnimated: { kind: "flag", fallback: false },
    statusReason: { kind: "record", record: "StatusReason", fallback: {"code":"SETTING_UP","label":"Setting up workspace","tone":"working","needsUser":false} },
    unknownFields: { kind: "list", of: { kind: "text", fallback: null }, fallback: [] },
    version: { kind: "number", fallback: 0 },
    computedAt: { kind: "text", fallback: "" },
    source: { kind: "text", fallback: "" },
    fieldTimestamps: { kind: "record", record: "FieldTimestamps", fallback: { workspace: 0, pr: 0, session: 0, ratchet: 0, runScript: 0, reconciliation: 0 } },
  },
};

/** Where a message stands. `cursor` is only on the last message of a revision. */
export interface Position {
  readonly epoch?: string;
  readonly revision?: number;
  readonly cursor?: string;
}
export interface SnapshotFull extends Position {
  readonly type: "snapshot_full";
  readonly projectId: string;
  readonly entries: readonly Entry[];
  readonly reviewCount?: number;
}
export interface SnapshotChanged extends Position {
  readonly type: "snapshot_changed";
  readonly workspaceId: string;
  readonly entry: Entry;
  readonly reviewCount?: number;
}
export interface SnapshotRemoved extends Position {
  readonly type: "snapshot_removed";
  readonly workspaceId: string;
  readonly reviewCount?: number;
}
export type SnapshotMessage = SnapshotFull | SnapshotChanged | SnapshotRemoved;

/** A row of GET /api/projects. */
export interface ProjectRow {
  readonly id: string;
  readonly name: string;
  readonly repoPath: string | null;
  readonly defaultBranch: string | null;
  readonly workspaceCount: number;
  readonly problem?: Problem | null;
  readonly external?: boolean;
}
