// Every kind of bad input is refused with a reason a program can read, and nothing else changes.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import net from "node:net";
import { test } from "node:test";
import { Producer, Sandbox, Stream, TOKEN } from "./support.mjs";

const PROJECT = "external";
const BODY_TOO_LARGE_BYTES = 2 * 1024 * 1024;

async function started(t) {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const producer = new Producer("agents/one");
  const posted = await server.post(producer.event("workspace.state_changed", "w1", { projectId: PROJECT, status: "READY", name: "Alpha" }));
  assert.equal(posted.status, 200, posted.text);
  return { server, producer };
}

const toggled = (over = {}) => ({ specversion: "1.0", id: "x1", source: "agents/one", type: "ratchet.toggled", subject: "w1", data: { enabled: true }, ...over });

const raw = (body, headers = {}) => (server) => server.request("/api/events", { method: "POST", body, headers: { "content-type": "application/cloudevents+json", ...headers } });
const event = (over) => raw(JSON.stringify(toggled(over)));

const cases = [
  ["broken JSON", raw('{"specversion":"1.0",'), 400, "invalid_argument"],
  ["a wrong type", event({ data: { enabled: "yes" } }), 400, "invalid_argument", "$.data.enabled"],
  ["an unknown enum value", event({ type: "run_script.status_changed", data: { runScriptStatus: "DANCING" } }), 400, "invalid_argument", "$.data.runScriptStatus"],
  ["an unknown event type", event({ type: "workspace.exploded" }), 400, "invalid_argument", "$.type"],
  ["a missing member", event({ data: {} }), 400, "invalid_argument", "$.data.enabled"],
  ["a missing envelope member", event({ id: undefined }), 400, "invalid_argument", "$.id"],
  ["an identifier of 257 bytes", event({ id: "x".repeat(257) }), 400, "invalid_argument", "$.id"],
  ["a project with the id of all projects", event({ type: "workspace.state_changed", subject: "w2", data: { projectId: "*", status: "READY" } }), 400, "invalid_argument", "$.data.projectId"],
  ["a body of 2 MiB", event({ data: { enabled: true, padding: "x".repeat(BODY_TOO_LARGE_BYTES) } }), 413, "limit_exceeded"],
  ["a wrong content type", raw(JSON.stringify(toggled()), { "content-type": "text/plain" }), 415, "unsupported"],
  ["no token", raw(JSON.stringify(toggled()), { authorization: undefined }), 401, "unauthorized"],
  ["a wrong token", raw(JSON.stringify(toggled()), { authorization: "Bearer guessed" }), 401, "unauthorized"],
  ["a foreign Origin", raw(JSON.stringify(toggled()), { origin: "https://evil.example" }), 403, "forbidden"],
  ["a foreign Host", raw(JSON.stringify(toggled()), { host: "evil.example" }), 403, "forbidden"],
  ["a forwarded client", raw(JSON.stringify(toggled()), { "x-forwarded-for": "10.0.0.1" }), 403, "forbidden"],
  ["an unknown workspace", event({ subject: "nobody" }), 400, "not_found"],
];

test("bad input is refused with problem+json and changes nothing", async (t) => {
  const { server } = await started(t);
  await server.settled(); // what git says of our own worktree counts revisions too
  const before = await server.snapshot(PROJECT);
  const { revision } = before;
  for (const [name, send, status, code, path] of cases) {
    await t.test(name, async () => {
      const answer = await send(server);
      assert.equal(answer.status, status, answer.text);
      assert.match(answer.headers["content-type"], /^application\/problem\+json/);
      assert.equal(answer.json.status, status);
      assert.equal(answer.json.code, code);
      assert.ok(answer.json.title && answer.json.detail && answer.json.type, answer.text);
      if (path) assert.equal(answer.json.path, path);
      const after = await server.snapshot(PROJECT);
      assert.deepEqual(after.entries, before.entries);
      assert.equal(after.revision, revision, "not even a revision");
    });
  }
});

test("reads are refused like events", async (t) => {
  const { server } = await started(t);
  for (const [name, target, headers, status, code] of [
    ["no token", "/api/projects", { authorization: undefined }, 401, "unauthorized"],
    ["metrics without a token", "/metrics", { authorization: undefined }, 401, "unauthorized"],
    ["a foreign Host", "/api/projects", { host: "evil.example:80" }, 403, "forbidden"],
    ["a foreign Host on the page", "/", { host: "evil.example" }, 403, "forbidden"],
    ["an unknown project", "/api/projects/none/snapshot", {}, 404, "not_found"],
    ["an unknown workspace", "/api/workspaces/none", {}, 404, "not_found"],
    ["an unknown route", "/api/none", {}, 404, "not_found"],
  ]) {
    await t.test(name, async () => {
      const answer = await server.get(target, { headers });
      assert.equal(answer.status, status, answer.text);
      assert.equal(answer.json?.code, code);
    });
  }
  assert.equal((await server.get("/healthz", { headers: { authorization: undefined } })).status, 200);
  assert.equal((await server.get("/readyz", { headers: { authorization: undefined } })).status, 200);
});

test("S-54: upgrades are refused in the order of the contract", async (t) => {
  const { server } = await started(t);
  const url = `ws://${server.url.host}/snapshots?projectId=${PROJECT}`;
  for (const [name, target, headers, status] of [
    ["no Origin and no token", url, { authorization: undefined }, 400],
    ["a foreign Origin", url, { origin: "https://evil.example" }, 400],
    ["a foreign Host", url, { host: "evil.example" }, 403],
    ["a forwarded client", url, { forwarded: "for=10.0.0.1" }, 403],
    ["no project", `ws://${server.url.host}/snapshots`, {}, 400],
  ]) {
    await t.test(name, async () => {
      await assert.rejects(Stream.open(target, { headers }), (error) => {
        assert.equal(error.status, status, error.message);
        return true;
      });
    });
  }
  // What a script in a browser can tell apart is a close code, so these two are accepted first.
  const guessed = await Stream.open(url, { headers: { authorization: "Bearer guessed" } });
  assert.equal((await guessed.closed).code, 4401);
  assert.equal(guessed.messages.length, 0);
  const unknown = await Stream.open(`ws://${server.url.host}/snapshots?projectId=none`);
  assert.equal((await unknown.closed).code, 4404);
});

test("a browser gets its token once and keeps a cookie", async (t) => {
  const { server } = await started(t);
  const page = await server.get(`/?token=${TOKEN}`, { headers: { authorization: undefined } });
  assert.ok([200, 302, 303].includes(page.status), String(page.status));
  const cookie = page.headers["set-cookie"]?.[0] ?? "";
  assert.match(cookie, /HttpOnly/i);
  assert.match(cookie, /SameSite=Strict/i);
  const read = await server.get("/api/projects", { headers: { authorization: undefined, cookie: cookie.split(";")[0] } });
  assert.equal(read.status, 200, read.text);
});

test("S-86: too large a message on the stream closes it with 1009", async (t) => {
  const { server } = await started(t);
  const stream = await server.stream(PROJECT);
  await stream.baseline();
  stream.socket.send("x".repeat(65 * 1024));
  assert.equal((await stream.closed).code, 1009);
});

test("bytes that are not HTTP end their own connection only", async (t) => {
  const { server } = await started(t);
  for (const bytes of ["\0\0\0\0", "GET\r\n\r\n", `GET / HTTP/1.1\r\nHost: ${"x".repeat(20_000)}\r\n\r\n`]) {
    await new Promise((resolve) => {
      const socket = net.connect(server.url.port, server.url.hostname, () => socket.write(bytes));
      socket.on("error", () => {});
      socket.on("data", () => {});
      socket.on("close", resolve);
      socket.end();
    });
  }
  assert.equal((await server.get("/healthz")).status, 200);
});

test("what is no hook is refused with its reason, and a hook is taken", async (t) => {
  const { server } = await started(t);
  const post = (agent, body, headers = {}) =>
    server.request(`/hooks/${agent}`, { method: "POST", body, headers: { "content-type": "application/json", ...headers } });
  const hook = JSON.stringify({ session_id: "s", cwd: "/nowhere", hook_event_name: "Stop" });
  for (const [what, status, answer] of [
    ["an agent nobody knows", 404, post("nobody", hook)],
    ["no JSON", 400, post("claude", "{")],
    ["no object", 400, post("claude", "[]")],
    ["no session", 400, post("claude", "{}")],
    ["another type of content", 415, post("claude", hook, { "content-type": "text/plain" })],
    ["too much", 413, post("claude", JSON.stringify({ session_id: "s", x: "x".repeat(1_100_000) }))],
    ["no token", 401, post("claude", hook, { authorization: undefined })],
  ]) {
    const { status: got, headers, text } = await answer;
    assert.equal(got, status, `${what}: ${text}`);
    assert.equal(headers["content-type"], "application/problem+json", what);
  }
  assert.equal((await post("claude", hook)).status, 204);
  assert.equal((await post("claude-code", hook)).status, 204, "also by its other name");
});

test("documented messages of other protocols are refused with the place, as events and as hooks, and change nothing", async (t) => {
  const { server } = await started(t);
  await server.settled();
  const before = await server.snapshot(PROJECT);
  const folder = new URL("fixtures/", import.meta.url);
  const names = readdirSync(folder);
  assert.equal(names.length, 8);
  for (const name of names) {
    const body = readFileSync(new URL(name, folder), "utf8");
    for (const [url, type] of [["/api/events", "application/cloudevents+json"], ["/hooks/claude", "application/json"]]) {
      const answer = await server.request(url, { method: "POST", body, headers: { "content-type": type } });
      assert.equal(answer.status, 400, `${name} ${url}: ${answer.text}`);
      assert.equal(answer.json.code, "invalid_argument", answer.text);
      assert.match(answer.json.path ?? answer.json.detail, /\$|session_id/, `${name} ${url}: ${answer.text}`);
    }
  }
  const sound = await raw(readFileSync(new URL("cloudevent-agent-permission.json", folder), "utf8"))(server);
  assert.equal(sound.json.path, "$.type", "a sound CloudEvent of a type that is none of ours");
  const after = await server.snapshot(PROJECT);
  assert.deepEqual(after.entries, before.entries);
  assert.equal(after.revision, before.revision);
});
