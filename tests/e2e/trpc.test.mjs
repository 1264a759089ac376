// The reads of an existing front end, with the real client of tRPC and superjson from npm.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } from "@trpc/client";
import superjson from "superjson";
import { Producer, Sandbox, TOKEN } from "./support.mjs";

const PROJECT = "legacy";

/** A server with three workspaces: one failed, one that worked and has a pull request, one never used. */
async function started(t) {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const producer = new Producer("agents/one");
  const post = async (type, id, data) => {
    const answer = await server.post(producer.event(type, id, data));
    assert.equal(answer.status, 200, answer.text);
  };
  const make = (id, createdAt, more) => post("workspace.state_changed", id, { projectId: PROJECT, name: id.toUpperCase(), status: "READY", createdAt, ...more });
  await make("a", "2026-11-20T10:00:00.000Z", { hasHadSessions: true, branchName: "feature/a" });
  await make("b", "2026-11-21T10:00:00.000Z", { status: "FAILED" });
  await make("c", "2026-11-22T10:00:00.000Z", {});
  await post("github.pr_snapshot_updated", "a", { prNumber: 7, prState: "MERGED", prCiStatus: "SUCCESS", hasMergeConflict: false, prUrl: "https://github.com/acme/app/pull/7" });
  return { server };
}

const links = {
  "single calls": httpLink,
  "batched calls": httpBatchLink,
  "streamed batches": httpBatchStreamLink,
};

function client(server, link = httpBatchLink, path = "/trpc", options = {}) {
  return createTRPCClient({
    links: [link({ url: `http://${server.url.host}${path}`, transformer: superjson, headers: { authorization: `Bearer ${TOKEN}` }, ...options })],
  });
}

for (const [name, link] of Object.entries(links)) {
  test(`the three procedures answer what the entries say: ${name}`, async (t) => {
    const { server } = await started(t);
    const { workspace } = client(server, link, name === "single calls" ? "/api/trpc" : "/trpc");
    const [list, kanban, summary] = await Promise.all([
      workspace.listForProject.query({ projectId: PROJECT }),
      workspace.listWithKanbanState.query({ projectId: PROJECT }),
      workspace.getProjectSummaryState.query({ projectId: PROJECT }),
    ]);
    const { entries } = await server.snapshot(PROJECT);
    const entryOf = new Map(entries.map((entry) => [entry.workspaceId, entry]));

    assert.deepEqual(list.workspaces.map(({ id }) => id), ["c", "b", "a"], "newest first");
    assert.equal(list.reviewCount, 0);
    for (const row of list.workspaces) {
      const entry = entryOf.get(row.id);
      assert.ok(row.createdAt instanceof Date);
      assert.equal(row.createdAt.toISOString(), entry.createdAt);
      for (const field of ["projectId", "name", "status", "branchName", "prUrl", "prNumber", "prState", "prCiStatus", "ratchetEnabled", "ratchetState",
        "runScriptStatus", "sessionSummaries", "pendingRequestType", "gitStats", "lastActivityAt", "isWorking", "kanbanColumn", "sidebarStatus",
        "ratchetButtonAnimated", "flowPhase", "ciObservation", "statusReason", "mode", "autoIterationStatus"]) {
        assert.deepEqual(row[field], entry[field], `${row.id}.${field}`);
      }
      for (const field of ["initErrorMessage", "autoIterationConfig", "autoIterationProgress", "githubIssueNumber", "githubIssueUrl", "linearIssueId",
        "linearIssueIdentifier", "linearIssueUrl", "creationSource"]) {
        assert.ok(field in row, field);
      }
    }
    assert.deepEqual(kanban.map(({ id }) => id), entries.filter(({ kanbanColumn }) => kanbanColumn).map(({ workspaceId }) => workspaceId));
    assert.ok(kanban.every((row) => row.isArchived === false && row.createdAt instanceof Date));
    assert.equal(kanban.find(({ id }) => id === "a").kanbanColumn, "DONE");
    assert.deepEqual(summary.workspaces.map(({ id }) => id), ["c", "b", "a"]);
    const [, , a] = summary.workspaces;
    assert.equal(a.cachedKanbanColumn, "DONE");
    assert.ok(a.stateComputedAt instanceof Date && a.createdAt instanceof Date);
    assert.deepEqual(a.sidebarStatus, entryOf.get("a").sidebarStatus);
  });

  test(`what cannot be answered is an error of tRPC, and the others are answered: ${name}`, async (t) => {
    const { server } = await started(t);
    const { workspace } = client(server, link);
    const asked = await Promise.allSettled([
      workspace.explode.query({ projectId: PROJECT }),
      workspace.listForProject.query({}),
      workspace.listForProject.query(),
      workspace.listForProject.query({ projectId: "nobody" }),
      workspace.listWithKanbanState.query({ projectId: PROJECT, kanbanColumn: "DANCING" }),
      workspace.listWithKanbanState.query({ projectId: PROJECT, kanbanColumn: "DONE", status: "READY", limit: 1 }),
    ]);
    assert.deepEqual(
      asked.map(({ value, reason }) => reason?.data?.code ?? value.map(({ id }) => id)),
      ["NOT_FOUND", "BAD_REQUEST", "BAD_REQUEST", "NOT_FOUND", "BAD_REQUEST", ["a"]],
    );
    assert.match(asked[0].reason.message, /workspace\.explode/);
    assert.equal(asked[0].reason.data.path, "workspace.explode");
    assert.match(asked[1].reason.message, /\$\.projectId/);
    assert.match(asked[4].reason.message, /\$\.kanbanColumn/);
  });
}

test("a client without superjson gets plain JSON", async (t) => {
  const { server } = await started(t);
  const { workspace } = client(server, httpBatchLink, "/trpc", { transformer: undefined });
  const { workspaces } = await workspace.listForProject.query({ projectId: PROJECT });
  assert.equal(workspaces[2].createdAt, "2026-11-20T10:00:00.000Z");
});

test("pages of the board follow each other", async (t) => {
  const { server } = await started(t);
  const { workspace } = client(server);
  const all = await workspace.listWithKanbanState.query({ projectId: PROJECT });
  const pages = await Promise.all([0, 1].map((offset) => workspace.listWithKanbanState.query({ projectId: PROJECT, offset, limit: 1 })));
  assert.deepEqual(pages.flat().map(({ id }) => id), all.slice(0, 2).map(({ id }) => id));
});

test("the envelope, its status and its access are those of HTTP", async (t) => {
  const { server } = await started(t);
  const get = (path, headers) => server.request(path, { headers });
  const input = encodeURIComponent(JSON.stringify({ json: { projectId: PROJECT } }));
  assert.equal((await get(`/trpc/workspace.listForProject?input=${input}`, { authorization: undefined })).status, 401);
  assert.equal((await get(`/trpc/workspace.listForProject?input=${input}`)).headers["cache-control"], "no-store");
  assert.equal((await get("/trpc/workspace.listForProject?input=%7B")).status, 400);
  const mixed = encodeURIComponent(JSON.stringify({ 0: { json: { projectId: PROJECT } } }));
  const batch = await get(`/trpc/workspace.listForProject,workspace.nothing?batch=1&input=${mixed}`);
  assert.equal(batch.status, 207);
  assert.deepEqual(batch.json.map((one) => Object.keys(one)[0]), ["result", "error"]);
  const many = Array.from({ length: 51 }, () => "a.b").join(",");
  assert.equal((await get(`/trpc/${many}?batch=1&input=%7B%7D`)).status, 413);
  assert.equal((await server.request(`/trpc/workspace.listForProject`, { method: "POST", body: "{}" })).status, 405);
});
