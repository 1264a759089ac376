// A disk that takes nothing more: shown wherever somebody looks, refused in words, and nothing lost once there is room.
// The limit on the size of the server's files stands for it: to SQLite it is a write that fails, like any other.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { Producer, Sandbox, binary, eventually } from "./support.mjs";

function limit_files(server, bytes) {
  const done = spawnSync("prlimit", ["--pid", String(server.pid), `--fsize=${bytes}:`], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
}

const database = async (server) => (await server.get("/readyz")).json.sources.find(({ name }) => name === "database");

test("what cannot be written is refused, named and not lost", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  const run = (...args) => spawnSync(binary, args, { cwd: repo, env: sandbox.env, encoding: "utf8", timeout: 30_000 });
  const doctor = () => run("doctor", "--data-dir", sandbox.path("data"));
  const producer = new Producer("agents/one");
  const created = producer.event("workspace.state_changed", "w1", { projectId: "p", status: "READY", name: "One" });
  assert.equal((await server.post(created)).status, 200);
  assert.equal((await database(server)).state, "live");
  assert.match(doctor().stdout, /^ok +source database +live$/m);

  limit_files(server, 1);
  // A trial that reaches no disk tells nothing: neither a pass nor somebody's failing command makes it well.
  assert.equal(run("workspace", "rename", ".", "Other").status, 1);
  const { projectId } = (await server.snapshot()).entries[0];
  assert.equal((await server.request(`/api/projects/${projectId}/reconcile`, { method: "POST" })).status, 200);
  assert.equal((await database(server)).state, "degraded");

  const renamed = producer.event("workspace.updated", "w1", { name: "Two" });
  for (const again of [false, true]) {
    const refused = await server.post(renamed);
    assert.equal(refused.status, 503, again ? "a repeat is no more durable" : refused.text);
    assert.equal(refused.headers["retry-after"], "1");
    assert.equal(refused.json.code, "unavailable");
  }
  const { state, detail } = await database(server);
  assert.equal(state, "degraded");
  assert.match(detail, /cannot be written.*snapboard\.db/);
  const found = doctor();
  assert.equal(found.status, 1);
  assert.match(found.stdout, /^bad +source database +degraded: .*Make room on its disk/m);
  assert.match(run("emit", "workspace.updated", "-w", "w1", "name=Three").stderr, /^snapboard: .*could not be made durable/);
  const prompt = { session_id: "s1", hook_event_name: "UserPromptSubmit", cwd: repo };
  assert.equal(spawnSync(binary, ["hook", "claude"], { env: sandbox.env, input: JSON.stringify(prompt) }).status, 0);
  assert.equal((await server.get("/healthz")).status, 200);
  assert.equal((await server.snapshot()).entries.length, 1, "what is read goes on");

  limit_files(server, "unlimited");
  const taken = await server.post(renamed);
  assert.equal(taken.status, 200, taken.text);
  assert.equal(taken.json.duplicates, 1);
  assert.equal((await database(server)).state, "live");
  assert.equal(doctor().status, 0);
  // The hook found the server unable to keep it, and waited; nothing has to happen for it to be told.
  await eventually("the hook is told", async () =>
    (await server.snapshot()).entries[0].sessionSummaries.some(({ sessionId }) => sessionId.includes("s1")));

  await server.stop("SIGKILL");
  const next = await sandbox.serve(repo);
  assert.equal((await next.entry("w1")).name, "Three", "shown when it was refused, and written after all");
});
