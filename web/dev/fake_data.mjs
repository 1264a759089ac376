// Realistic projects for developing the page without a server.

const minutesAgo = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();

const reasons = {
  NEEDS_PERMISSION: ["Needs permission", "attention", true, "WAITING"],
  NEEDS_PLAN_APPROVAL: ["Needs plan approval", "attention", true, "WAITING"],
  NEEDS_ANSWER: ["Needs your answer", "attention", true, "WAITING"],
  SESSION_ERROR: ["Session error", "danger", true, "WAITING"],
  SETTING_UP: ["Setting up workspace", "working", false, "WORKING"],
  SETUP_FAILED: ["Setup failed", "danger", true, "WAITING"],
  AGENT_WORKING: ["Agent working", "working", false, "WORKING"],
  STARTING_SESSION: ["Starting session", "working", false, "WORKING"],
  WAITING_FOR_CI: ["Waiting for CI", "waiting", false, "WORKING"],
  FIXING_CI_FAILURES: ["Fixing CI failures", "working", false, "WORKING"],
  MERGE_CONFLICT: ["Merge conflict", "attention", true, "WAITING"],
  MERGED: ["Merged", "success", false, "DONE"],
  PR_CLOSED: ["PR closed", "neutral", false, "DONE"],
  READY_TO_MERGE: ["Ready to merge", "success", true, "WAITING"],
  READY_FOR_REVIEW: ["Ready for review", "neutral", true, "WAITING"],
  NO_SESSION_STARTED: ["No session started", "neutral", true, "WAITING"],
  READY_FOR_NEXT_PROMPT: ["Ready for next prompt", "neutral", true, "WAITING"],
};

let made = 0;

export function session(name, more = {}) {
  return {
    sessionId: `session-${++made}`,
    name,
    workflow: null,
    model: "claude-opus-4-5",
    provider: "CLAUDE",
    persistedStatus: "RUNNING",
    runtimePhase: "running",
    processState: "alive",
    activity: "WORKING",
    updatedAt: minutesAgo(1),
    lastExit: null,
    errorMessage: null,
    activityKnown: true,
    ...more,
  };
}

const idle = { activity: "IDLE", runtimePhase: "idle" };

const stats = (total, additions, deletions, more = {}) => ({
  total,
  additions,
  deletions,
  hasUncommitted: false,
  untrackedFiles: 0,
  untrackedAdditions: 0,
  stale: false,
  ...more,
});

export function setReason(entry, code) {
  const [label, tone, needsUser, column] = reasons[code];
  entry.statusReason = { code, label, tone, needsUser };
  entry.kanbanColumn = column;
}

export function workspace(projectId, name, reason, more = {}) {
  const entry = {
    workspaceId: `ws_${(++made).toString(36).padStart(4, "0")}${projectId}`,
    projectId,
    name,
    status: "READY",
    createdAt: minutesAgo(60 * 24 + made * 37),
    branchName: name,
    hasHadSessions: true,
    mode: "STANDARD",
    autoIterationStatus: null,
    isMain: false,
    worktreePath: `/home/ada/code/${projectId}-worktrees/${name.toLowerCase().replaceAll(/[/ ]/g, "-")}`,
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
    gitStats: stats(0, 0, 0),
    lastActivityAt: minutesAgo(made * 3),
    ahead: 0,
    behind: 0,
    operation: null,
    problem: null,
    sessionSummaries: [],
    pendingRequests: [],
    terminals: [],
    sidebarStatus: { activityState: "IDLE", ciState: "NONE" },
    kanbanColumn: null,
    flowPhase: "NO_PR",
    ciObservation: "NOT_FETCHED",
    ratchetButtonAnimated: false,
    statusReason: null,
    unknownFields: [],
    version: 1,
    computedAt: minutesAgo(2),
    source: "git",
    fieldTimestamps: { workspace: 1, pr: 1, session: 1, ratchet: 1, runScript: 1, reconciliation: 1 },
    ...more,
  };
  setReason(entry, reason);
  return entry;
}

const pullRequest = (number, state, ci, more = {}) => ({
  prNumber: number,
  prUrl: `https://github.com/acme/atlas/pull/${number}`,
  prState: state,
  prCiStatus: ci,
  prUpdatedAt: minutesAgo(2),
  ...more,
});

function asks(name, type) {
  const who = session(name, idle);
  return {
    sessionSummaries: [who],
    pendingRequestType: type,
    pendingRequests: [{ sessionId: who.sessionId, requestId: "request-1", type, at: minutesAgo(4) }],
  };
}

/** A busy project with agents, pull requests and every kind of trouble. */
function atlas() {
  const p = "atlas";
  const list = [
    workspace(p, "main", "READY_FOR_NEXT_PROMPT", {
      isMain: true,
      worktreePath: "/home/ada/code/atlas",
      createdAt: minutesAgo(60 * 24 * 400),
      gitStats: stats(0, 0, 0, { untrackedFiles: 2, untrackedAdditions: 31 }),
      lastActivityAt: minutesAgo(190),
    }),
    workspace(p, "Passkey login", "NEEDS_ANSWER", {
      branchName: "ada/passkey-login",
      gitStats: stats(14, 612, 188, { hasUncommitted: true, untrackedFiles: 3, untrackedAdditions: 84 }),
      ahead: 5,
      behind: 2,
      lastActivityAt: minutesAgo(4),
      ...asks("Wire up WebAuthn", "user_question"),
    }),
    workspace(p, "Rate limits per tenant", "AGENT_WORKING", {
      branchName: "rate-limits-per-tenant",
      isWorking: true,
      gitStats: stats(9, 287, 41, { hasUncommitted: true }),
      ahead: 3,
      lastActivityAt: minutesAgo(0),
      sessionSummaries: [session("Token bucket in Redis"), session("Review the migration", { ...idle, provider: "CODEX", model: "gpt-5-codex" })],
      terminals: [
        { id: "t1", state: "busy", title: "pnpm test --watch", lastActivityAt: minutesAgo(0) },
        { id: "t2", state: "idle", lastActivityAt: minutesAgo(40) },
      ],
      runScriptStatus: "RUNNING",
      runScriptPort: 5173,
    }),
    workspace(p, "Invoice PDF fonts", "READY_TO_MERGE", {
      branchName: "fix/invoice-pdf-fonts",
      gitStats: stats(3, 24, 11),
      ahead: 2,
      lastActivityAt: minutesAgo(52),
      ...pullRequest(482, "APPROVED", "SUCCESS", { prReviewState: "APPROVED" }),
      sessionSummaries: [session("Embed Inter in invoices", idle)],
      flowPhase: "READY",
      ciObservation: "CHECKS_PASSED",
    }),
    workspace(p, "Search ranking v2", "FIXING_CI_FAILURES", {
      branchName: "search/ranking-v2-with-a-rather-long-branch-name-that-must-not-break-anything",
      gitStats: stats(41, 1893, 977),
      ahead: 17,
      behind: 4,
      ratchetEnabled: true,
      ratchetState: "CI_FAILED",
      ratchetDispatchOutcome: "RUNNING",
      ratchetDispatchRetryCount: 2,
      isWorking: true,
      lastActivityAt: minutesAgo(1),
      ...pullRequest(479, "OPEN", "FAILURE"),
      sessionSummaries: [session("Fix failing ranking tests", { workflow: "ratchet" })],
      flowPhase: "RATCHET_FIXING",
      ciObservation: "CHECKS_FAILED",
    }),
    workspace(p, "Webhook retries", "WAITING_FOR_CI", {
      branchName: "webhook-retries",
      gitStats: stats(6, 143, 20),
      ahead: 1,
      lastActivityAt: minutesAgo(8),
      ...pullRequest(485, "DRAFT", "PENDING"),
      sessionSummaries: [session("Exponential backoff", idle)],
      flowPhase: "CI_WAIT",
      ciObservation: "CHECKS_PENDING",
    }),
    workspace(p, "Drop legacy billing tables", "NEEDS_PERMISSION", {
      branchName: "chore/drop-legacy-billing",
      gitStats: stats(22, 96, 2410, { hasUncommitted: true }),
      ahead: 4,
      lastActivityAt: minutesAgo(11),
      ...asks("Write the down migration", "permission_request"),
    }),
    workspace(p, "Upgrade to React 19", "MERGE_CONFLICT", {
      branchName: "deps/react-19",
      gitStats: stats(58, 702, 655, { hasUncommitted: true, stale: true }),
      ahead: 9,
      behind: 31,
      operation: "rebase",
      hasMergeConflict: true,
      lastActivityAt: minutesAgo(95),
      ...pullRequest(466, "CHANGES_REQUESTED", "SUCCESS", { prReviewState: "CHANGES_REQUESTED", hasMergeConflict: true }),
      sessionSummaries: [session("Migrate the effects", idle)],
    }),
    workspace(p, "Onboarding checklist", "READY_FOR_REVIEW", {
      branchName: "onboarding-checklist",
      gitStats: stats(12, 540, 12),
      ahead: 6,
      lastActivityAt: minutesAgo(60 * 5),
      ...pullRequest(471, "OPEN", "UNKNOWN"),
      sessionSummaries: [session("Checklist component", { ...idle, activityKnown: false })],
    }),
    workspace(p, "Audit log export", "SESSION_ERROR", {
      branchName: "audit-log-export",
      gitStats: stats(5, 88, 3, { hasUncommitted: true }),
      lastActivityAt: minutesAgo(33),
      sessionSummaries: [
        session("Stream CSV to S3", {
          runtimePhase: "error",
          activity: "IDLE",
          processState: "stopped",
          errorMessage: "The agent process ended unexpectedly (exit code 137).",
          lastExit: { code: 137, timestamp: minutesAgo(33), unexpected: true },
        }),
      ],
    }),
    workspace(p, "Geo-fenced feature flags", "STARTING_SESSION", {
      branchName: "flags/geo-fence",
      gitStats: stats(0, 0, 0),
      lastActivityAt: minutesAgo(0),
      createdAt: minutesAgo(1),
      sessionSummaries: [session("Plan the rollout", { runtimePhase: "starting", activity: "IDLE" })],
    }),
    workspace(p, "spike-duckdb", "READY_FOR_NEXT_PROMPT", {
      branchName: null,
      gitStats: stats(2, 31, 0, { untrackedFiles: 1, untrackedAdditions: 12 }),
      lastActivityAt: minutesAgo(60 * 24 * 3),
    }),
    workspace(p, "hotfix-timezones", "NO_SESSION_STARTED", {
      hasHadSessions: false,
      gitStats: null,
      lastActivityAt: null,
      problem: {
        code: "worktree_missing",
        message: "The folder /home/ada/code/atlas-worktrees/hotfix-timezones is gone, but git still lists it. Run git worktree prune.",
      },
    }),
    workspace(p, "Dark mode emails", "MERGED", {
      branchName: "dark-mode-emails",
      gitStats: stats(7, 210, 66),
      lastActivityAt: minutesAgo(60 * 9),
      ...pullRequest(460, "MERGED", "SUCCESS", { prReviewState: "APPROVED" }),
      flowPhase: "MERGED",
    }),
    workspace(p, "GraphQL gateway", "PR_CLOSED", {
      branchName: "spike/graphql-gateway",
      gitStats: stats(33, 1204, 87),
      lastActivityAt: minutesAgo(60 * 24 * 12),
      ...pullRequest(398, "CLOSED", "FAILURE"),
    }),
    workspace(p, "Quantum sharding", "AGENT_WORKING", {
      branchName: "quantum-sharding",
      gitStats: stats(1, 9, 0),
      lastActivityAt: minutesAgo(2),
      statusReason: null,
      sessionSummaries: [session("From the future", { provider: "GEMINI" })],
    }),
  ];
  Object.assign(list.at(-1).statusReason, { code: "ENTANGLING", label: "Entangling" });
  return list;
}

const nobodyReports = [
  "hasHadSessions", "prUrl", "prNumber", "prState", "prCiStatus", "hasMergeConflict", "isWorking", "pendingRequestType",
  "ratchetEnabled", "ratchetState", "runScriptStatus", "sessionSummaries",
];

/** What a fresh clone looks like: worktrees and git facts, nobody reports agents or pull requests. */
function fresh() {
  const p = "snapboard";
  const more = { hasHadSessions: false, unknownFields: nobodyReports };
  return [
    workspace(p, "snapboard", "NO_SESSION_STARTED", {
      ...more,
      isMain: true,
      branchName: "main",
      worktreePath: "/home/ada/code/snapboard",
      lastActivityAt: minutesAgo(2),
    }),
    workspace(p, "cursor-resume", "NO_SESSION_STARTED", {
      ...more,
      gitStats: stats(4, 120, 31, { hasUncommitted: true, untrackedFiles: 1, untrackedAdditions: 18 }),
      ahead: 2,
      lastActivityAt: minutesAgo(6),
    }),
    workspace(p, "board-polish", "NO_SESSION_STARTED", { ...more, gitStats: stats(11, 342, 190), ahead: 7, lastActivityAt: minutesAgo(130) }),
    workspace(p, "inotify-limits", "NO_SESSION_STARTED", {
      ...more,
      gitStats: null,
      lastActivityAt: null,
      unknownFields: [...nobodyReports, "gitStats", "lastActivityAt", "ahead", "behind"],
    }),
  ];
}

function many() {
  const codes = Object.keys(reasons);
  return Array.from({ length: 400 }, (_, i) =>
    workspace("monorepo", `feature-${i}`, codes[i % codes.length], {
      branchName: `team-${i % 9}/feature-${i}`,
      gitStats: stats(i % 40, i * 7, i * 3),
      ahead: i % 5,
    }),
  );
}

/** Every project: its row for GET /api/projects and its entries. */
export function fakeProjects() {
  const row = (id, more = {}) => ({
    id,
    name: id,
    repoPath: `/home/ada/code/${id}`,
    defaultBranch: "main",
    external: false,
    ...more,
  });
  return [
    { row: row("atlas"), entries: atlas() },
    { row: row("snapboard"), entries: fresh() },
    { row: row("monorepo"), entries: many() },
    {
      row: row("mirror.git", {
        repoPath: "/srv/git/mirror.git",
        problem: {
          code: "bare",
          message: "This is a bare repository without worktrees. Add one and it appears here.",
        },
      }),
      entries: [],
    },
    { row: row("orchard"), entries: [] },
    { row: row("night-shift", { external: true, repoPath: null, defaultBranch: null }), entries: [] },
  ];
}
