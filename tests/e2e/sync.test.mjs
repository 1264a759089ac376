// Dialect 2 over `/sync`, read by npm `ws`, by the rules of the protocol and nothing else.
import assert from "node:assert/strict";
import http from "node:http";
import { test } from "node:test";
import { Producer, Sandbox, Stream, TOKEN, eventually, session } from "./support.mjs";

const PROJECT = "sync-demo";

/** A strict reader: whatever the protocol does not allow is an error of the test. */
class Reader {
  static async open(server, hello, options) {
    const reader = new Reader();
    reader.entries = new Map();
    reader.viewSeq = 1;
    reader.revision = hello.cursor ? undefined : 0;
    reader.stream = await Stream.open(`ws://${server.url.host}/sync`, options);
    reader.stream.socket.on("message", (data) => reader.take(JSON.parse(data.toString())));
    reader.stream.socket.send(JSON.stringify({ type: "hello", protocol: 2, patch: true, heartbeatMs: 500, ...hello }));
    return reader;
  }

  get messages() {
    return this.stream.messages;
  }

  take(message) {
    if (message.type === "welcome") {
      if (message.mode === "resume") this.revision = this.resumed?.revision ?? this.revision;
    } else if (message.type === "mark") {
      assert.ok(this.revision === undefined || message.revision >= this.revision, "a mark goes back");
      this.revision = message.revision;
      this.cursor = message.cursor;
    } else if (message.type === "batch") {
      if (message.viewSeq !== this.viewSeq) return;
      if (message.reset && !this.staging) this.staging = new Map();
      else if (this.revision !== undefined) assert.equal(message.from, this.revision, "a gap");
      const target = this.staging ?? this.entries;
      for (const op of message.ops) {
        if (op.op === "put") target.set(op.id, op.entry);
        if (op.op === "del") target.delete(op.id);
        if (op.op === "patch") {
          assert.ok(target.has(op.id), "a patch of something unknown");
          target.set(op.id, { ...target.get(op.id), ...op.set });
        }
      }
      this.revision = message.to;
      if (!message.complete) return;
      if (this.staging) [this.entries, this.staging] = [this.staging, undefined];
      this.cursor = message.cursor;
      this.applied = (this.applied ?? 0) + 1;
    }
  }

  shows(what, probe) {
    return eventually(what, () => probe(this.entries));
  }
}

async function started(t) {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const producer = new Producer("agents/sync");
  const say = async (type, id, data) => {
    const answer = await server.post(producer.event(type, id, data));
    assert.equal(answer.status, 200, answer.text);
  };
  await say("workspace.state_changed", "w1", { projectId: PROJECT, status: "READY", name: "Alpha" });
  await say("workspace.state_changed", "w2", { projectId: PROJECT, status: "READY", name: "Beta" });
  return { sandbox, server, say };
}

const view = { projectId: PROJECT, shape: "full" };

test("a reader gets a baseline, then patches of what changed and nothing else", async (t) => {
  const { server, say } = await started(t);
  const reader = await Reader.open(server, { view });
  await reader.shows("the baseline", (entries) => entries.size === 2);
  const [welcome] = reader.messages;
  assert.equal(welcome.type, "welcome");
  assert.equal(welcome.mode, "reset");
  assert.equal(welcome.reason, "initial");
  assert.equal(welcome.heartbeatMs, 500);

  await say("workspace.updated", "w1", { name: "Gamma" });
  await reader.shows("the rename", (entries) => entries.get("w1").name === "Gamma");
  const patch = reader.messages.findLast((message) => message.type === "batch");
  assert.deepEqual(patch.ops.map(({ op, id, set }) => ({ op, id, set })), [{ op: "patch", id: "w1", set: { name: "Gamma" } }]);
  assert.ok(JSON.stringify(patch).length < 300, `${JSON.stringify(patch).length} bytes for one field`);

  const mark = await reader.stream.message("a heartbeat", (message) => message.type === "mark");
  assert.ok(mark.sources.some((source) => source.name === "git"));
  await say("workspace.removed", "w2");
  await reader.shows("the removal", (entries) => !entries.has("w2"));
  const { entries } = await server.snapshot(PROJECT);
  assert.equal(entries.length, 1);
  for (const [key, value] of Object.entries(reader.entries.get("w1"))) assert.deepEqual(value, entries[0][key], key);
});

test("a reader that was cut off goes on from its cursor, also over another transport", async (t) => {
  const { server, say } = await started(t);
  const first = await Reader.open(server, { view });
  await first.shows("the baseline", (entries) => entries.size === 2);
  const { cursor, revision, entries } = first;
  first.stream.socket.terminate();
  await say("workspace.updated", "w2", { name: "Delta" });

  const again = await Reader.open(server, { view, cursor });
  again.entries = entries;
  again.resumed = { revision };
  await again.shows("what was missed", (held) => held.get("w2").name === "Delta");
  assert.equal(again.messages[0].mode, "resume");
  assert.ok(!again.messages.some((message) => message.reset), "nothing is sent twice");

  const dialect1 = await server.stream(PROJECT, { query: `&cursor=${encodeURIComponent(again.cursor)}` });
  await say("workspace.updated", "w1", { name: "Epsilon" });
  await dialect1.message("the change", (message) => message.type === "snapshot_changed" && message.entry.name === "Epsilon");
  assert.ok(!dialect1.messages.some((message) => message.type === "snapshot_full"), "one cursor space over all transports");

  const fresh = await Reader.open(server, { view, cursor: "nonsense" });
  await fresh.shows("a baseline", (held) => held.size === 2);
  assert.equal(fresh.messages[0].mode, "reset");
});

test("a long poll answers one batch from its cursor and knows when it cannot", async (t) => {
  const { server, say } = await started(t);
  const target = `/api/projects/${PROJECT}/changes`;
  const poll = async (query = "") => server.get(`${target}?${query}`);
  const first = await poll();
  assert.equal(first.status, 200);
  assert.equal(first.headers["cache-control"], "no-store");
  assert.ok(first.json.reset && first.json.complete);
  assert.deepEqual(first.json.ops.map((op) => op.id).sort(), ["w1", "w2"]);
  const cursor = encodeURIComponent(first.json.cursor);

  const nothing = await poll(`cursor=${cursor}`);
  assert.deepEqual([nothing.status, nothing.json.ops, nothing.json.from], [200, [], first.json.to]);
  const waiting = poll(`cursor=${cursor}&waitMs=20000`);
  await say("workspace.updated", "w1", { name: "Zeta" });
  const changed = await waiting;
  assert.deepEqual(changed.json.ops.map(({ op, id, set }) => ({ op, id, set })), [{ op: "patch", id: "w1", set: { name: "Zeta" } }]);

  assert.equal((await poll("cursor=nonsense")).status, 400);
  assert.equal((await poll("waitMs=soon")).status, 400);
  assert.equal((await poll(`view=${encodeURIComponent('{"projectId":"another"}')}`)).status, 400);
  assert.equal((await server.get("/api/projects/none/changes")).status, 404);
  const sidebar = await poll(`cursor=${cursor}&view=${encodeURIComponent(JSON.stringify({ projectId: PROJECT, shape: "sidebar" }))}`);
  assert.deepEqual([sidebar.status, sidebar.json.reason, sidebar.headers["cache-control"]], [410, "view", "no-store"]);

  const reader = await Reader.open(server, { view, cursor: changed.json.cursor });
  await eventually("a welcome", () => reader.messages[0]?.mode === "resume");
});

/** Server-sent events as a browser reads them: the id and the parsed data of each. */
async function events(t, server, query, headers = {}, project = PROJECT) {
  const read = { list: [] };
  await new Promise((resolve, reject) => {
    const options = { host: server.url.hostname, port: server.url.port, path: `/api/projects/${project}/changes?${query}` };
    const request = http.get({ ...options, headers: { authorization: `Bearer ${TOKEN}`, accept: "text/event-stream", ...headers } }, (response) => {
      read.status = response.statusCode;
      read.headers = response.headers;
      let text = "";
      response.on("data", (chunk) => {
        text += chunk;
        for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) {
          const fields = Object.fromEntries(text.slice(0, end).split("\n").map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]));
          read.list.push({ id: fields.id, data: JSON.parse(fields.data) });
        }
      });
      response.on("close", () => (read.closed = true));
      resolve();
    });
    request.on("error", reject);
    t.after(() => request.destroy());
    read.cut = () => request.destroy();
  });
  return read;
}

test("an event stream goes on from the id of its last event", async (t) => {
  const { server, say } = await started(t);
  const first = await events(t, server, "");
  assert.equal(first.headers["content-type"], "text/event-stream");
  const baseline = await eventually("a baseline", () => first.list.find(({ data }) => data.type === "batch" && data.complete));
  assert.equal(baseline.id, baseline.data.cursor);
  await say("workspace.updated", "w1", { name: "Eta" });
  const patch = await eventually("a patch", () => first.list.find(({ data }) => data.ops?.[0]?.set?.name === "Eta"));
  first.cut();
  await say("workspace.updated", "w1", { name: "Theta" });

  const again = await events(t, server, "", { "last-event-id": patch.id });
  const missed = await eventually("what was missed", () => again.list.find(({ data }) => data.type === "batch"));
  assert.deepEqual(missed.data.ops.map(({ op, set }) => ({ op, set })), [{ op: "patch", set: { name: "Theta" } }]);
  assert.equal(again.list[0].data.mode, "resume");
  assert.equal((await events(t, server, `view=${encodeURIComponent(JSON.stringify({ ...view, shape: "list" }))}`, { "last-event-id": patch.id })).status, 410);

  await server.stop();
  await eventually("the end", () => again.closed);
  assert.equal(again.list.at(-1).data.code, "restart");
});

const asked = (of) => `view=${encodeURIComponent(JSON.stringify(of))}`;

test("every transport shows the same of a view, and goes on from the cursor of the others", async (t) => {
  const { server, say } = await started(t);
  await say("workspace.state_changed", "x1", { projectId: "another", status: "READY", name: "Elsewhere" });
  await say("session.changed", "w2", session("s1"));
  await say("workspace.state_changed", "w3", { projectId: PROJECT, status: "ARCHIVING", name: "Going" });
  const views = [];
  for (const projectId of [PROJECT, "*"]) {
    for (const shape of ["full", "sidebar", "kanban", "list"]) views.push({ projectId, shape });
    views.push({ projectId, shape: "list", where: { kanbanColumn: ["WORKING"] } });
    views.push({ projectId, where: { status: ["ARCHIVING"] } });
    views.push({ projectId, where: { needsUser: false, statusReasonCode: "AGENT_WORKING" } });
  }
  const visible = (entries) => Object.fromEntries(entries.map((entry) => [entry.workspaceId, entry]));
  // The repository of the server is in the view of all projects, and git may still be at it.
  await server.settled();
  for (const of of views) {
    const what = JSON.stringify(of);
    const path = `/api/projects/${of.projectId}`;
    const reader = await Reader.open(server, { view: of });
    await eventually(`a baseline of ${what}`, () => reader.applied);
    const read = (await server.get(`${path}/snapshot?${asked(of)}`)).json;
    assert.equal(read.projectId, of.projectId);
    assert.deepEqual(visible(read.entries), Object.fromEntries(reader.entries), what);
    const order = [...read.entries].sort((a, b) => b.createdAt.localeCompare(a.createdAt) || (a.workspaceId < b.workspaceId ? -1 : 1));
    assert.deepEqual(read.entries, order, what);
    const polled = (await server.get(`${path}/changes?${asked(of)}`)).json;
    assert.deepEqual(visible(polled.ops.map((op) => op.entry)), visible(read.entries), what);
    const stream = await events(t, server, asked(of), {}, of.projectId);
    const first = await eventually(`a batch of ${what}`, () => stream.list.find(({ data }) => data.type === "batch"));
    assert.deepEqual(visible(first.data.ops.map((op) => op.entry)), visible(read.entries), what);
    for (const cursor of [read.cursor, reader.cursor, polled.cursor, first.id]) {
      const next = await server.get(`${path}/changes?${asked(of)}&cursor=${encodeURIComponent(cursor)}`);
      assert.deepEqual([next.status, next.json.ops], [200, []], what);
    }
    reader.stream.socket.terminate();
    stream.cut();
  }
  const [all, one, working, hidden] = await Promise.all(
    ["/api/projects/*/snapshot", `/api/projects/${PROJECT}/snapshot`, `/api/projects/*/snapshot?${asked(views.at(-3))}`, `/api/projects/*/snapshot?${asked(views.at(-2))}`].map(
      async (target) => (await server.get(target)).json.entries.map((entry) => entry.workspaceId).sort(),
    ),
  );
  assert.ok(["w1", "w2", "x1"].every((id) => all.includes(id)) && !all.includes("w3"), `${all}`);
  assert.deepEqual([one, working, hidden], [["w1", "w2"], ["w2"], ["w3"]]);
});

test("all projects are polled as one, and a view has its own ETag", async (t) => {
  const { server, say } = await started(t);
  await server.settled();
  const { cursor } = (await server.get("/api/projects/*/changes")).json;
  const waiting = server.get(`/api/projects/*/changes?waitMs=20000&cursor=${encodeURIComponent(cursor)}`);
  await say("workspace.state_changed", "x1", { projectId: "another", status: "READY", name: "Elsewhere" });
  assert.deepEqual((await waiting).json.ops.map(({ op, id }) => [op, id]), [["put", "x1"]]);

  const sidebar = { projectId: PROJECT, shape: "sidebar" };
  const target = `/api/projects/${PROJECT}/snapshot`;
  const [whole, part] = [await server.get(target), await server.get(`${target}?${asked(sidebar)}`)];
  assert.notEqual(whole.headers.etag, part.headers.etag);
  const again = () => server.get(`${target}?${asked(sidebar)}`, { headers: { "if-none-match": part.headers.etag } });
  assert.equal((await again()).status, 304);
  await say("workspace.updated", "x1", { name: "Of another project" });
  assert.equal((await again()).status, 304);
  await say("workspace.updated", "w1", { name: "Iota" });
  assert.equal((await again()).status, 200);

  for (const wrong of [{ projectId: "*" }, { projectId: PROJECT, shape: "wide" }, { projectId: PROJECT, where: { colour: "red" } }, { shape: "list" }]) {
    for (const read of ["snapshot", "changes"]) {
      const answer = await server.get(`/api/projects/${PROJECT}/${read}?${asked(wrong)}`);
      assert.deepEqual([answer.status, answer.json.code, answer.json.path.startsWith("$.")], [400, "invalid_argument", true], answer.text);
    }
  }
  assert.equal((await server.get(`/api/projects/*/snapshot?${asked(sidebar)}`)).status, 400);
});

test("a filtered view is changed in place", async (t) => {
  const { server, say } = await started(t);
  const filtered = { projectId: PROJECT, shape: "kanban", where: { kanbanColumn: ["WORKING"] } };
  const reader = await Reader.open(server, { view: filtered });
  await eventually("a complete view", () => reader.applied === 1);
  assert.equal(reader.entries.size, 0);
  await say("session.changed", "w1", session("s1"));
  await reader.shows("who works", (entries) => entries.has("w1"));
  reader.viewSeq = 2;
  reader.stream.socket.send(JSON.stringify({ type: "view", viewSeq: 2, view }));
  await reader.shows("all of them", (entries) => entries.size === 2);
});

test("a broken hello, no hello, a wrong token and a restart each end with their reason", async (t) => {
  const { server } = await started(t);
  const broken = await Stream.open(`ws://${server.url.host}/sync`);
  broken.socket.send("{}");
  assert.equal((await broken.message("bye", (message) => message.type === "bye")).code, "protocol");
  assert.equal((await broken.closed).code, 1002);
  const guessed = await Stream.open(`ws://${server.url.host}/sync`, { headers: { authorization: "Bearer guessed" } });
  assert.equal((await guessed.closed).code, 4401);
  const nowhere = await Stream.open(`ws://${server.url.host}/sync`);
  nowhere.socket.send(JSON.stringify({ type: "hello", protocol: 2, view: { projectId: "none" } }));
  assert.equal((await nowhere.closed).code, 4404);

  const reader = await Reader.open(server, { view });
  await reader.shows("the baseline", (entries) => entries.size === 2);
  await server.stop();
  const bye = await reader.stream.message("bye", (message) => message.type === "bye");
  assert.equal(bye.code, "restart");
  assert.equal((await reader.stream.closed).code, 1001);
  assert.ok(bye.retryAfterMs > 0);
});
