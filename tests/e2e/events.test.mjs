// One event of each type to an external project changes the entry as the contract (sections 5 and 6) and the protocol
// (section 5) say, in the read and on the stream.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Producer, Sandbox, session } from "./support.mjs";

const PROJECT = "external";
const CREATED_AT = "2026-01-02T03:04:05.000Z";

async function started(t) {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  return { sandbox, server, producer: new Producer("agents/one") };
}

/** A server with one external workspace `w1` and a stream over its project. */
async function withWorkspace(t) {
  const { server, producer } = await started(t);
  const answer = await server.post(producer.event("workspace.state_changed", "w1", { projectId: PROJECT, status: "READY", name: "Alpha", createdAt: CREATED_AT }));
  assert.equal(answer.status, 200, answer.text);
  const stream = await server.stream(PROJECT);
  await stream.baseline();

  /** Posts one event and answers the entry the read gives and the stream shows. */
  async function send(type, data, subject = "w1") {
    const posted = await server.post(producer.event(type, subject, data));
    assert.equal(posted.status, 200, `${type}: ${posted.text}`);
    assert.deepEqual({ ...posted.json, epoch: 0, revision: 0 }, { epoch: 0, revision: 0, accepted: 1, duplicates: 0, stale: 0, rejected: [] });
    const entry = await server.entry(subject);
    await stream.message(`${type} reaches the stream`, (message) => message.workspaceId === subject && message.entry?.version === entry.version);
    assert.deepEqual(stream.entries.get(subject), entry, "the stream and the read tell the same");
    return entry;
  }
  return { server, producer, stream, send };
}

const reasonOf = (entry) => entry.statusReason.code;

test("workspace.state_changed creates, changes and hides", async (t) => {
  const { server, stream, send } = await withWorkspace(t);
  let entry = await server.entry("w1");
  assert.equal(entry.projectId, PROJECT);
  assert.equal(entry.status, "READY");
  assert.equal(entry.name, "Alpha");
  assert.equal(entry.createdAt, CREATED_AT);
  assert.equal(reasonOf(entry), "NO_SESSION_STARTED");
  assert.equal(entry.kanbanColumn, "WAITING");
  assert.ok(entry.unknownFields.includes("prState"), "nobody spoke of a pull request");
  assert.ok(!entry.unknownFields.includes("name"));

  entry = await send("workspace.state_changed", { projectId: PROJECT, status: "PROVISIONING", branchName: "feature/a", worktreePath: "/src/a" });
  assert.equal(entry.branchName, "feature/a");
  assert.equal(entry.worktreePath, "/src/a");
  assert.equal(entry.name, "Alpha", "an absent member is no opinion");
  assert.equal(reasonOf(entry), "SETTING_UP");
  assert.equal(entry.kanbanColumn, "WORKING");

  entry = await send("workspace.state_changed", { projectId: PROJECT, status: "FAILED" });
  assert.equal(reasonOf(entry), "SETUP_FAILED");

  const archiving = await server.post(new Producer("agents/one").event("workspace.state_changed", "w1", { projectId: PROJECT, status: "ARCHIVING" }, { id: "hide", sequence: "1000" }));
  assert.equal(archiving.status, 200, archiving.text);
  await stream.message("hidden once", (message) => message.type === "snapshot_removed" && message.workspaceId === "w1");
  assert.equal((await server.entry("w1")).status, "ARCHIVING", "readable by id while it exists");
  assert.deepEqual((await server.snapshot(PROJECT)).entries, []);
});

test("workspace.updated", async (t) => {
  const { send } = await withWorkspace(t);
  let entry = await send("workspace.updated", { name: "Beta", branchName: "feature/b", hasHadSessions: true });
  assert.equal(entry.name, "Beta");
  assert.equal(entry.branchName, "feature/b");
  assert.equal(entry.hasHadSessions, true);
  assert.equal(reasonOf(entry), "READY_FOR_NEXT_PROMPT");
  entry = await send("workspace.updated", { branchName: null });
  assert.equal(entry.branchName, null, "null is a value");
  assert.equal(entry.name, "Beta");
});

test("workspace.removed", async (t) => {
  const { server, producer, stream } = await withWorkspace(t);
  const posted = await server.post(producer.event("workspace.removed", "w1"));
  assert.equal(posted.status, 200, posted.text);
  await stream.message("snapshot_removed", (message) => message.type === "snapshot_removed" && message.workspaceId === "w1");
  assert.equal((await server.get("/api/workspaces/w1")).status, 404);
  assert.deepEqual((await server.snapshot(PROJECT)).entries, []);
  const late = await server.post(producer.event("ratchet.toggled", "w1", { enabled: true }));
  assert.equal(late.status, 400, "no other fact brings it back");
  assert.equal(late.json.code, "not_found");
});

test("session.changed and session.removed", async (t) => {
  const { send } = await withWorkspace(t);
  let entry = await send("session.changed", session("s1"));
  assert.equal(entry.sessionSummaries.length, 1);
  assert.equal(entry.sessionSummaries[0].sessionId, "s1");
  assert.equal(entry.sessionSummaries[0].activity, "WORKING");
  assert.equal(entry.isWorking, true);
  assert.equal(entry.hasHadSessions, true);
  assert.equal(reasonOf(entry), "AGENT_WORKING");
  assert.equal(entry.sidebarStatus.activityState, "WORKING");
  assert.equal(entry.kanbanColumn, "WORKING");

  entry = await send("session.changed", session("s2", { runtimePhase: "starting", activity: "IDLE" }));
  assert.equal(entry.sessionSummaries.length, 2);

  entry = await send("session.changed", session("s1", { runtimePhase: "error", activity: "IDLE", errorMessage: "out of credit" }));
  assert.equal(reasonOf(entry), "SESSION_ERROR");
  assert.equal(entry.sessionSummaries.find((one) => one.sessionId === "s1").errorMessage, "out of credit");

  entry = await send("session.removed", { sessionId: "s1" });
  assert.deepEqual(entry.sessionSummaries.map((one) => one.sessionId), ["s2"]);
  assert.equal(reasonOf(entry), "STARTING_SESSION");
});

test("session.activity_changed", async (t) => {
  const { send } = await withWorkspace(t);
  await send("session.changed", session("s1", { runtimePhase: "idle", activity: "IDLE" }));
  let entry = await send("session.activity_changed", { sessionId: "s1", isWorking: true });
  assert.equal(entry.sessionSummaries[0].activity, "WORKING");
  assert.equal(entry.sessionSummaries[0].runtimePhase, "running");
  assert.equal(entry.isWorking, true);
  assert.equal(reasonOf(entry), "AGENT_WORKING");
  entry = await send("session.activity_changed", { sessionId: "s1", isWorking: false });
  assert.equal(entry.sessionSummaries[0].runtimePhase, "idle");
  assert.equal(entry.isWorking, false);
  assert.equal(reasonOf(entry), "READY_FOR_NEXT_PROMPT");
});

test("session.activity_changed of a session nobody described", async (t) => {
  const { send } = await withWorkspace(t);
  const entry = await send("session.activity_changed", { sessionId: "unseen", isWorking: true });
  assert.equal(entry.isWorking, true);
  assert.equal(entry.hasHadSessions, true);
  assert.deepEqual(entry.sessionSummaries, []);
});

test("session.pending_request_changed", async (t) => {
  const { send } = await withWorkspace(t);
  await send("session.changed", session("s1", { runtimePhase: "idle", activity: "IDLE" }));
  const asked = (requestId, toolName, input = {}) => send("session.pending_request_changed", { sessionId: "s1", requestId, pending: true, toolName, input });
  let entry = await asked("r1", "Bash", { command: "make" });
  assert.equal(entry.pendingRequestType, "permission_request");
  assert.equal(reasonOf(entry), "NEEDS_PERMISSION");
  assert.equal(entry.statusReason.needsUser, true);
  assert.deepEqual(entry.pendingRequests.map(({ sessionId, requestId, type }) => ({ sessionId, requestId, type })), [
    { sessionId: "s1", requestId: "r1", type: "permission_request" },
  ]);
  entry = await asked("r2", "AskUserQuestion", { questions: [] });
  assert.equal(entry.pendingRequests.length, 2);
  entry = await send("session.pending_request_changed", { sessionId: "s1", requestId: "r1", pending: false });
  assert.equal(entry.pendingRequestType, "user_question", "only its own request is cleared");
  assert.equal(reasonOf(entry), "NEEDS_ANSWER");
  entry = await asked("r3", "ExitPlanMode", { plan: "1. look" });
  assert.equal(entry.pendingRequestType, "plan_approval");
  assert.equal(reasonOf(entry), "NEEDS_PLAN_APPROVAL");
});

test("github.pr_url_attached and github.pr_snapshot_updated", async (t) => {
  const { send } = await withWorkspace(t);
  const prUrl = "https://github.com/acme/app/pull/7";
  let entry = await send("github.pr_url_attached", { prUrl });
  assert.equal(entry.prUrl, prUrl);
  entry = await send("github.pr_snapshot_updated", { prNumber: 7, prState: "OPEN", prCiStatus: "PENDING", prUrl, hasMergeConflict: false });
  assert.equal(entry.prNumber, 7);
  assert.equal(entry.prState, "OPEN");
  assert.equal(entry.prCiStatus, "PENDING");
  assert.equal(entry.ciObservation, "CHECKS_PENDING");
  assert.equal(entry.flowPhase, "CI_WAIT");
  assert.equal(reasonOf(entry), "WAITING_FOR_CI");
  assert.equal(entry.sidebarStatus.ciState, "RUNNING");
  entry = await send("github.pr_snapshot_updated", { prNumber: 7, prState: "APPROVED", prCiStatus: "SUCCESS", prReviewState: "APPROVED", hasMergeConflict: false });
  assert.equal(entry.prUrl, prUrl);
  assert.equal(entry.prReviewState, "APPROVED");
  assert.equal(reasonOf(entry), "READY_TO_MERGE");
  entry = await send("github.pr_snapshot_updated", { prNumber: 7, prState: "MERGED", prCiStatus: "SUCCESS" });
  assert.equal(reasonOf(entry), "MERGED");
  assert.equal(entry.kanbanColumn, "DONE");
});

test("ratchet.toggled, ratchet.state_changed and ratchet.dispatch_changed", async (t) => {
  const { send } = await withWorkspace(t);
  await send("github.pr_snapshot_updated", { prNumber: 7, prState: "OPEN", prCiStatus: "FAILURE", prUrl: "https://github.com/acme/app/pull/7" });
  let entry = await send("ratchet.toggled", { enabled: true });
  assert.equal(entry.ratchetEnabled, true);
  entry = await send("ratchet.state_changed", { ratchetState: "CI_FAILED", prCiStatus: "FAILURE" });
  assert.equal(entry.ratchetState, "CI_FAILED");
  assert.equal(entry.flowPhase, "RATCHET_FIXING");
  assert.equal(reasonOf(entry), "FIXING_CI_FAILURES");
  entry = await send("ratchet.dispatch_changed", { ratchetDispatchOutcome: "DIED", ratchetDispatchRetryCount: 3, ratchetDispatchStalled: true });
  assert.equal(entry.ratchetDispatchOutcome, "DIED");
  assert.equal(entry.ratchetDispatchRetryCount, 3);
  assert.equal(reasonOf(entry), "RATCHET_STALLED");
});

test("run_script.status_changed", async (t) => {
  const { send } = await withWorkspace(t);
  let entry = await send("run_script.status_changed", { runScriptStatus: "RUNNING", port: 3000 });
  assert.equal(entry.runScriptStatus, "RUNNING");
  assert.equal(entry.runScriptPort, 3000);
  entry = await send("run_script.status_changed", { runScriptStatus: "COMPLETED", port: null });
  assert.equal(entry.runScriptPort, null);
});

test("terminal.changed", async (t) => {
  const { send } = await withWorkspace(t);
  const entry = await send("terminal.changed", { terminalId: "t1", state: "busy", title: "make" });
  assert.equal(entry.terminals.length, 1);
  assert.equal(entry.terminals[0].id, "t1");
  assert.equal(entry.terminals[0].state, "busy");
  assert.equal(entry.terminals[0].title, "make");
});

test("auto_iteration.status_changed", async (t) => {
  const { send } = await withWorkspace(t);
  const entry = await send("auto_iteration.status_changed", { mode: "AUTO_ITERATION", status: "RUNNING" });
  assert.equal(entry.mode, "AUTO_ITERATION");
  assert.equal(entry.autoIterationStatus, "RUNNING");
  assert.equal(reasonOf(entry), "AUTO_ITERATING");
});

test("snapshot.facts", async (t) => {
  const { send } = await withWorkspace(t);
  const gitStats = { total: 3, additions: 10, deletions: 2, hasUncommitted: true };
  const entry = await send("snapshot.facts", { gitStats, branchName: "feature/facts", sessionSummaries: [session("s1"), session("s2")] });
  assert.deepEqual({ ...entry.gitStats, ...gitStats }, entry.gitStats);
  assert.equal(entry.branchName, "feature/facts");
  assert.deepEqual(entry.sessionSummaries.map((one) => one.sessionId).sort(), ["s1", "s2"]);
  const fewer = await send("snapshot.facts", { sessionSummaries: [session("s2")] });
  assert.deepEqual(fewer.sessionSummaries.map((one) => one.sessionId), ["s2"], "a whole list is a fenced absence");
});

test("source.synced removes what a new life of the source did not restate", async (t) => {
  const { server } = await started(t);
  const state = (id) => [id, { projectId: PROJECT, status: "READY", name: id, createdAt: CREATED_AT }];
  const first = new Producer("agents/two", "first");
  let answer = await server.post([first.event("workspace.state_changed", ...state("kept")), first.event("workspace.state_changed", ...state("gone"))]);
  assert.equal(answer.json.accepted, 2, answer.text);
  const second = new Producer("agents/two", "second");
  answer = await server.post([second.event("workspace.state_changed", ...state("kept")), second.event("source.synced", undefined, { projectId: PROJECT })]);
  assert.equal(answer.json.accepted, 2, answer.text);
  assert.deepEqual((await server.snapshot(PROJECT)).entries.map((entry) => entry.workspaceId), ["kept"]);
  answer = await server.post([first.event("workspace.updated", "kept", { name: "from a former life" })]);
  assert.equal(answer.json.stale, 1, answer.text);
});

test("a batch answers each of its events, and one bad event never spoils its neighbours", async (t) => {
  const { server, producer } = await withWorkspace(t);
  const good = producer.event("workspace.updated", "w1", { name: "Gamma" });
  const answer = await server.post([good, good, producer.event("ratchet.toggled", "w1", { enabled: "yes" }), producer.event("ratchet.toggled", "nobody", { enabled: true })]);
  assert.equal(answer.status, 200, answer.text);
  const { accepted, duplicates, stale, rejected } = answer.json;
  assert.deepEqual({ accepted, duplicates, stale }, { accepted: 1, duplicates: 1, stale: 0 });
  assert.deepEqual(rejected.map(({ index, code, path }) => ({ index, code, path })), [
    { index: 2, code: "invalid_argument", path: "$.data.enabled" },
    { index: 3, code: "not_found", path: rejected[1].path },
  ]);
  assert.equal((await server.entry("w1")).name, "Gamma");
});

test("a stream of newline-delimited events", async (t) => {
  const { server, producer } = await withWorkspace(t);
  const lines = ["One", "Two"].map((name) => JSON.stringify(producer.event("workspace.updated", "w1", { name }))).join("\n");
  const answer = await server.request("/api/events", { method: "POST", body: `${lines}\n`, headers: { "content-type": "application/x-ndjson" } });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.accepted, 2);
  assert.equal((await server.entry("w1")).name, "Two");
});

test("an event older than what its source said is stale and changes nothing", async (t) => {
  const { server, producer } = await withWorkspace(t);
  const older = producer.event("workspace.updated", "w1", { name: "Older" });
  const newer = producer.event("workspace.updated", "w1", { name: "Newer" });
  const answer = await server.post([newer, older]);
  assert.deepEqual([answer.json.accepted, answer.json.stale], [1, 1], answer.text);
  assert.equal((await server.entry("w1")).name, "Newer");
});
