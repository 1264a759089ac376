// Starting, a second start, the tools beside the server, and stopping.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { Producer, Sandbox, binary, eventually, httpRequest, TOKEN } from "./support.mjs";

const STOP_LIMIT_MS = 5_000;

function run(sandbox, cwd, ...args) {
  return spawnSync(binary, args, { cwd, env: sandbox.env, encoding: "utf8", timeout: 20_000 });
}

/** A server whose data lies where tools look for it when they are not told. */
async function servedFromUsualData(t) {
  const sandbox = new Sandbox(t);
  sandbox.env.XDG_DATA_HOME = sandbox.root;
  symlinkSync(sandbox.path("data"), sandbox.path("snapboard"));
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  return { sandbox, repo, server };
}

test("a second serve hands its repository to the running server and exits 0", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository("one"));
  const other = sandbox.repository("two");
  sandbox.worktree(other, "feature");
  const second = run(sandbox, other, "serve", "--data-dir", sandbox.path("data"), "--no-open");
  assert.equal(second.status, 0, second.stderr);
  assert.ok(`${second.stdout}${second.stderr}`.includes(server.url.host), "it says where the board is");
  assert.equal(second.stderr, "");
  const deaf = run(sandbox, other, "serve", "--data-dir", sandbox.path("data"), "--no-open", "--max-workspaces", "3");
  assert.equal(deaf.status, 0, deaf.stderr);
  assert.match(deaf.stderr, /ignored: --max-workspaces\n/);
  const project = await eventually("the second repository is there", async () => (await server.get("/api/projects")).json.find((one) => one.repoPath === other));
  const { entries } = await server.snapshot(project.id);
  assert.equal(entries.length, 2);
});

test("a second serve outside of every repository says where the board is, and adds nothing where told not to", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository("one"));
  const again = (cwd, ...flags) => run(sandbox, cwd, "serve", "--data-dir", sandbox.path("data"), "--no-open", ...flags);
  for (const done of [again(sandbox.root), again(sandbox.root, "--no-adopt"), again(sandbox.repository("two"), "--no-adopt")]) {
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, new RegExp(`^snapboard already runs: ${server.url.origin}/`));
    assert.equal(done.stderr, "");
  }
  assert.equal((await server.get("/api/projects")).json.length, 1);
  assert.equal(again(sandbox.root, sandbox.path("run")).status, 2, "a folder that was named");
  assert.ok(again(sandbox.path("two")).stdout.includes(`; ${sandbox.path("two")} is on its board: `));
  assert.equal((await server.get("/api/projects")).json.length, 2);
});

test("the socket needs no token, the discovery file is private", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository(), "--socket", sandbox.path("run", "board.sock"));
  const answer = await httpRequest({ socketPath: server.announced.socket }, "/api/projects", { headers: { authorization: undefined, host: "localhost" } });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(statSync(server.announced.socket).mode & 0o777, 0o600);
  assert.equal(statSync(sandbox.path("run", "snapboard", "server.json")).mode & 0o777, 0o600);
});

test("status, list and emit talk to the running server", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  const producer = new Producer("agents/one");
  await server.post(producer.event("workspace.state_changed", "w1", { projectId: "external", status: "READY", name: "Alpha" }));

  const status = run(sandbox, repo, "status", "--json");
  assert.equal(status.status, 0, status.stderr);
  JSON.parse(status.stdout);
  assert.equal(run(sandbox, repo, "status").status, 0);

  const list = run(sandbox, repo, "list", "--json");
  assert.equal(list.status, 0, list.stderr);
  assert.ok(list.stdout.includes(repo) || list.stdout.includes('"branchName":"main"'), list.stdout);
  assert.ok(run(sandbox, repo, "list").stdout.includes("main"));

  const help = run(sandbox, repo, "--help");
  assert.equal(help.status, 0);
  assert.equal(run(sandbox, repo, "--version").status, 0);
  assert.equal(run(sandbox, repo, "serve", "--no-such-flag").status, 2);

  await server.stop();
  assert.equal(run(sandbox, repo, "status").status, 3, "server not reachable");
});

test("SIGTERM finishes cleanly and tells its clients", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const stream = await server.stream((await server.project()).id);
  await stream.baseline();
  const { code, signal, tookMs } = await server.stop("SIGTERM");
  assert.equal(signal, null);
  assert.equal(code, 0, server.log);
  assert.ok(tookMs < STOP_LIMIT_MS, `took ${tookMs} ms`);
  assert.equal((await stream.closed).code, 1001);
});

test("SIGINT twice means now", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  server.child.kill("SIGINT");
  const { tookMs } = await server.stop("SIGINT");
  assert.ok(tookMs < STOP_LIMIT_MS, `took ${tookMs} ms`);
});

test("the token is never logged", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository(), "--log-format", "json");
  await server.get(`/?token=${TOKEN}`, { headers: { authorization: undefined } });
  await server.get("/api/projects", { headers: { authorization: `Bearer ${TOKEN}x` } });
  await server.stop();
  const logged = server.log.split("\n").filter((line) => line.includes(TOKEN) && !line.includes("/?token="));
  assert.deepEqual(logged, []);
});

test("a server whose socket was removed is named, with what to do, by whatever would ask it", async (t) => {
  const { sandbox, repo, server } = await servedFromUsualData(t);
  const restart = new RegExp(`process ${server.pid} serves .*its socket .*api\\.sock is gone.*kill ${server.pid}`);
  rmSync(sandbox.path("run", "snapboard"), { recursive: true });
  const status = run(sandbox, repo, "status");
  assert.equal(status.status, 3);
  assert.match(status.stderr, restart);
  const doctor = run(sandbox, repo, "doctor");
  assert.equal(doctor.status, 1);
  assert.match(doctor.stdout, new RegExp(`^bad +server .*process ${server.pid} `, "m"));
  assert.ok(!/does not run|No server runs/.test(doctor.stdout), doctor.stdout);
  const second = run(sandbox, repo, "serve", "--no-open");
  assert.equal(second.status, 1);
  assert.match(second.stderr, restart);

  await server.kill();
  assert.match(run(sandbox, repo, "doctor").stdout, /^note +server +does not run/m, "a dead one is none");
});

test("tools and hooks of another runtime directory find the server by its data directory", async (t) => {
  const { sandbox, repo, server } = await servedFromUsualData(t);
  sandbox.env.XDG_RUNTIME_DIR = sandbox.path("home"); // as after su, or from cron
  assert.equal(run(sandbox, repo, "status").status, 0);
  const input = JSON.stringify({ session_id: "s1", hook_event_name: "SessionStart", cwd: repo });
  assert.equal(spawnSync(binary, ["hook", "claude"], { env: sandbox.env, input }).status, 0);
  await eventually("the hook is on the board", async () => (await server.snapshot()).entries[0].sessionSummaries.length === 1);
  assert.ok(!existsSync(sandbox.path("home", "snapboard", "hooks.spool")), "and nothing waits for another server");
  assert.match(run(sandbox, repo, "doctor").stdout, /^note +discovery file .*another XDG_RUNTIME_DIR/m);

  await server.kill();
  assert.equal(run(sandbox, repo, "status").status, 3);
});

test("a second server beside the first leaves it the hooks that found it gone", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const first = await sandbox.serve(repo);
  const beside = new Sandbox(t);
  beside.env.XDG_RUNTIME_DIR = sandbox.path("run");
  const second = await beside.serve(beside.repository(), "--socket", sandbox.path("run", "second.sock"));
  await first.kill();
  const hook = (name) => {
    const input = JSON.stringify({ session_id: "s1", hook_event_name: name, cwd: repo });
    assert.equal(spawnSync(binary, ["hook", "claude"], { env: sandbox.env, input }).status, 0);
  };
  hook("SessionStart");
  hook("UserPromptSubmit");
  const spool = sandbox.path("run", "snapboard", "hooks.spool");
  await assert.rejects(eventually("the other one takes them", () => !existsSync(spool) || /taken from the spool/.test(second.log), 1_000));
  const next = await sandbox.serve(repo);
  await eventually("the hooks reach the board they were meant for", async () =>
    (await next.snapshot()).entries[0].sessionSummaries.length === 1);
});

test("a second server beside the first leaves the tools to the first, before and after its own end", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const first = await sandbox.serve(repo);
  const found = () => JSON.parse(readFileSync(sandbox.path("run", "snapboard", "server.json"), "utf8")).pid;
  const beside = Object.create(sandbox, { path: { value: (...parts) => sandbox.path(parts[0] === "data" ? "data-2" : parts[0], ...parts.slice(1)) } });
  const second = await beside.serve(repo, "--socket", sandbox.path("run", "second.sock"));
  assert.equal(found(), first.pid);
  assert.match(second.log, /another server is what local tools find/);
  assert.equal(run(sandbox, repo, "status", "--socket", sandbox.path("run", "second.sock")).status, 0);
  await second.stop();
  assert.equal(found(), first.pid);
  assert.equal(run(sandbox, repo, "status").status, 0);

  await first.kill();
  const third = await beside.serve(repo, "--socket", sandbox.path("run", "second.sock"));
  assert.equal(found(), third.pid, "what a dead one left is taken over");
});

test("a terminal that closes ends the server in order", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const { code, signal } = await server.stop("SIGHUP");
  assert.deepEqual({ code, signal }, { code: 0, signal: null }, server.log);
  assert.ok(!existsSync(server.announced.socket));
  assert.ok(!existsSync(sandbox.path("data", "server.json")));
});

test("a command there is none of is named, with the one that was likely meant", (t) => {
  const sandbox = new Sandbox(t);
  for (const [words, said] of [
    [["lst"], /no such command: lst; did you mean list\?/],
    [["workspace", "remov", "x"], /no such command: remov; did you mean remove\?/],
    [["nonsense"], /no such command: nonsense /],
  ]) {
    const done = run(sandbox, sandbox.root, ...words);
    assert.equal(done.status, 2);
    assert.match(done.stderr, said);
  }
});
