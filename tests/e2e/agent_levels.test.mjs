// What no hook tells, approvals and interrupts above all, read where Codex and OpenCode keep it: the daemon behind the
// Codex terminals (WebSocket on a Unix socket), and the HTTP server in an OpenCode process. Both are played here in
// their documented shapes, on real sockets.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync } from "node:fs";
import http from "node:http";
import path from "node:path";
import { test } from "node:test";
import { WebSocketServer } from "ws";
import { Sandbox, binary, eventually } from "./support.mjs";

const fixtures = new URL("../../src/domains/session/tests/fixtures/", import.meta.url);
const fixture = (name) => JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), "utf8"));
const SHOWN_WITHIN_MS = 1_000;
const PATIENCE_MS = 15_000;

async function board(t) {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const hook = (agent, payload) => {
    const env = { ...sandbox.env, CLAUDE_PID: String(process.pid) };
    const done = spawnSync(binary, ["hook", agent], { input: JSON.stringify(payload), cwd: repo, env, encoding: "utf8" });
    assert.equal(done.status, 0);
    assert.equal(done.stdout + done.stderr, "");
  };
  const serve = async () => {
    const server = await sandbox.serve(repo);
    return (code, withinMs = PATIENCE_MS) =>
      eventually(code, async () => (await server.snapshot()).entries.find((entry) => entry.statusReason.code === code), withinMs);
  };
  return { sandbox, repo, hook, serve };
}

test("Codex: an approval and an interrupt show through the daemon", async (t) => {
  const { sandbox, repo, hook, serve } = await board(t);
  const answer = fixture("codex-thread-read-result");
  const session = fixture("codex-hook-permission-request").session_id;
  answer.result.thread.id = session;
  let status = { type: "idle" };
  const asked = [];

  const control = path.join(sandbox.env.HOME, ".codex", "app-server-control");
  mkdirSync(control, { recursive: true });
  const upgrades = http.createServer();
  const daemon = new WebSocketServer({ server: upgrades });
  daemon.on("connection", (socket) =>
    socket.on("message", (data) => {
      const message = JSON.parse(data);
      asked.push(message.method);
      if (message.method === "initialize") {
        socket.send(JSON.stringify({ method: "thread/status/changed", params: { threadId: "another", status: { type: "idle" } } }));
        socket.send(JSON.stringify({ id: message.id, result: { userAgent: "codex/0.169.0" } }));
      }
      if (message.method === "thread/read") {
        assert.deepEqual(message.params, { threadId: session, includeTurns: false });
        answer.result.thread.status = status;
        socket.send(JSON.stringify({ ...answer, id: message.id }));
      }
    }),
  );
  upgrades.listen(path.join(control, "app-server-control.sock"));
  await once(upgrades, "listening");
  t.after(() => (daemon.close(), upgrades.close()));

  const shows = await serve();
  const said = (name) => hook("codex", { ...fixture("codex-hook-permission-request"), cwd: repo, hook_event_name: name });
  status = { type: "active", activeFlags: [] };
  said("UserPromptSubmit");
  await shows("AGENT_WORKING");
  status = { type: "active", activeFlags: ["waitingOnApproval"] };
  said("PermissionRequest");
  await shows("NEEDS_PERMISSION");
  status = { type: "active", activeFlags: [] }; // approved: no hook
  await shows("AGENT_WORKING", SHOWN_WITHIN_MS);
  status = { type: "idle" }; // Esc
  await shows("READY_FOR_NEXT_PROMPT", SHOWN_WITHIN_MS);
  assert.deepEqual([...new Set(asked)].sort(), ["initialize", "initialized", "thread/read"], "it only reads");
});

test("OpenCode: a permission that was answered and a turn that ended show through its server", async (t) => {
  const { repo, hook, serve } = await board(t);
  const busy = fixture("opencode-session-status");
  const permission = fixture("opencode-permission-asked");
  const session = busy.properties.sessionID;
  permission.properties.sessionID = session;
  let answers = { "/session/status": {}, "/permission": [], "/question": [] };
  const server = http.createServer((request, response) => {
    const body = answers[new URL(request.url, "http://x").pathname];
    response.writeHead(body ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(body ?? {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());

  const shows = await serve();
  answers = { ...answers, "/session/status": { [session]: { type: "busy" } } };
  hook("opencode", { ...busy, directory: repo });
  await shows("AGENT_WORKING");
  answers = { ...answers, "/permission": [permission.properties] };
  hook("opencode", { ...permission, directory: repo });
  await shows("NEEDS_PERMISSION");
  answers = { ...answers, "/permission": [] };
  await shows("AGENT_WORKING", SHOWN_WITHIN_MS);
  answers = { ...answers, "/session/status": {} };
  await shows("READY_FOR_NEXT_PROMPT", SHOWN_WITHIN_MS);
});
