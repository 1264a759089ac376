// Why a workspace shows its status and how it came there: the reads, and the commands that print them.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Producer, binary, eventually, servedWithProducer, session } from "./support.mjs";

const PROJECT = "external-project";

function run(sandbox, cwd, ...args) {
  return spawnSync(binary, args, { cwd, env: sandbox.env, encoding: "utf8", timeout: 30_000 });
}

async function started(t) {
  const told = await servedWithProducer(t);
  await told.send("workspace.state_changed", "w-alpha", { projectId: PROJECT, status: "READY", name: "Alpha", branchName: "feature/a" });
  return told;
}

const rowOf = (list, field) => list.find((one) => one.field === field);

test("explain names the rule that decided, and who said what", async (t) => {
  const { server, send } = await started(t);
  await send("session.changed", "w-alpha", session("s1"));
  const { status, json } = await server.get("/api/workspaces/w-alpha/explain");
  assert.equal(status, 200);
  const entry = await server.entry("w-alpha");
  const reason = rowOf(json.derived, "statusReason");
  assert.deepEqual(reason.value, entry.statusReason);
  assert.equal(reason.gives, "AGENT_WORKING");
  assert.ok(reason.tried.length > 5 && reason.tried.every((rule) => rule.gives !== "AGENT_WORKING"));
  assert.equal(rowOf(json.derived, "kanbanColumn").value, entry.kanbanColumn);
  const name = rowOf(json.facts, "name");
  assert.deepEqual(name.authority, { source: "agents/one", rank: "external" });
  assert.equal(name.setBy, "event:workspace.state_changed");
  assert.equal(name.stamp.sequence, "1");
  assert.ok(name.ageMs >= 0 && Date.parse(name.observedAt) <= Date.now());
  assert.equal(rowOf(json.facts, "sessionSummaries").element, "s1");
  const unknown = json.facts.filter((fact) => fact.freshness === "unknown").map((fact) => fact.field);
  for (const field of entry.unknownFields) {
    assert.ok(unknown.includes(field) || json.facts.some((fact) => fact.field === field && fact.voided), `${field} is unknown in both`);
  }
});

test("facts of our own domains say so, and a new life of a producer makes its old facts stale", async (t) => {
  const { server } = await started(t);
  const main = (await server.snapshot()).entries[0];
  const own = (await server.get(`/api/workspaces/${main.workspaceId}/explain`)).json;
  assert.deepEqual(rowOf(own.facts, "branchName").authority, { source: "snapboard", rank: "own" });

  const first = new Producer("agents/two", "first");
  await server.post(first.event("workspace.state_changed", "w-beta", { projectId: PROJECT, status: "READY", name: "Beta" }));
  const freshness = async () => rowOf((await server.get("/api/workspaces/w-beta/explain")).json.facts, "name").freshness;
  assert.equal(await freshness(), "live");
  const second = new Producer("agents/two", "second");
  await server.post(second.event("workspace.updated", "w-beta", { branchName: "b" }));
  assert.equal(await freshness(), "stale");
  await server.post(second.event("workspace.updated", "w-beta", { name: "Beta" }));
  assert.equal(await freshness(), "live");
});

test("history tells the latest transitions, newest first, before and after", async (t) => {
  const { server, send } = await started(t);
  assert.deepEqual((await server.get("/api/workspaces/w-alpha/history")).json.transitions, []);
  await send("workspace.updated", "w-alpha", { name: "Beta" });
  await send("workspace.updated", "w-alpha", { name: "Beta" });
  await send("session.changed", "w-alpha", session("s1"));
  const { json } = await server.get("/api/workspaces/w-alpha/history");
  assert.equal(json.complete, true);
  assert.equal(json.transitions.length, 2, "what changed nothing is no transition");
  const [latest, earlier] = json.transitions;
  assert.equal(latest.revision, (await server.entry("w-alpha")).version);
  assert.equal(latest.source, "event:session.changed");
  assert.equal(rowOf(latest.changes, "statusReason").before.code, "NO_SESSION_STARTED");
  assert.equal(rowOf(latest.changes, "statusReason").after.code, "AGENT_WORKING");
  assert.deepEqual(earlier.changes, [{ field: "name", before: "Alpha", after: "Beta" }]);

  await send("workspace.removed", "w-alpha", {});
  assert.equal((await server.get("/api/workspaces/w-alpha/history")).status, 404);
  await send("workspace.state_changed", "w-alpha", { projectId: PROJECT, status: "READY" });
  assert.deepEqual((await server.get("/api/workspaces/w-alpha/history")).json.transitions, [], "a new life begins without a past");
});

test("the commands print both readably, without colours, and as JSON", async (t) => {
  const { sandbox, repo, send } = await started(t);
  await send("session.changed", "w-alpha", session("s1"));
  const explained = run(sandbox, repo, "explain", "w-alpha");
  assert.equal(explained.status, 0, explained.stderr);
  const lines = explained.stdout.split("\n");
  const decided = lines.findIndex((line) => /^ +decided +an agent is working +-> AGENT_WORKING$/.test(line));
  const tried = lines.findIndex((line) => /^ +not +status is ARCHIVING +-> ARCHIVING$/.test(line));
  assert.ok(decided >= 0 && tried > decided, explained.stdout);
  assert.match(explained.stdout, /name +Alpha +\d+ s +live +agents\/one +event:workspace.state_changed/);
  assert.match(explained.stdout, /Nobody reported: .*prState/);
  assert.ok(!explained.stdout.includes("\u001b"));
  assert.equal(JSON.parse(run(sandbox, repo, "explain", "w-alpha", "--json").stdout).workspaceId, "w-alpha");

  const told = run(sandbox, repo, "history", "w-alpha");
  assert.equal(told.status, 0, told.stderr);
  assert.match(told.stdout, /isWorking +false +-> +true/);
  assert.equal(JSON.parse(run(sandbox, repo, "history", "w-alpha", "--json").stdout).transitions.length, 1);
});

test("a workspace is named by id, its beginning, name, branch or a path in it", async (t) => {
  const { sandbox, repo, server, send } = await started(t);
  const worktree = sandbox.worktree(repo, "feature/tree");
  const adopted = await eventually("the worktree is adopted", async () => (await server.snapshot()).entries.find((entry) => entry.worktreePath === worktree));
  const idOf = (cwd, ...args) => {
    const done = run(sandbox, cwd, "explain", "--json", ...args);
    assert.equal(done.status, 0, done.stderr);
    return JSON.parse(done.stdout).workspaceId;
  };
  for (const text of ["w-alpha", "w-al", "Alpha", "feature/a"]) assert.equal(idOf(repo, text), "w-alpha");
  assert.equal(idOf(repo, "feature/tree"), adopted.workspaceId);
  assert.equal(idOf(worktree, "."), adopted.workspaceId);
  assert.equal(idOf(repo, worktree), adopted.workspaceId);

  await send("workspace.state_changed", "w-also", { projectId: PROJECT, status: "READY", name: "Alpha" });
  for (const text of ["Alpha", "w-al"]) {
    const ambiguous = run(sandbox, repo, "explain", text);
    assert.equal(ambiguous.status, 1);
    assert.ok(ambiguous.stderr.includes("w-alpha") && ambiguous.stderr.includes("w-also"), ambiguous.stderr);
  }
  const unknown = run(sandbox, repo, "history", "nothing-like-it");
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, /nothing-like-it/);
  await server.stop();
  assert.equal(run(sandbox, repo, "explain", "w-alpha").status, 3);
});
