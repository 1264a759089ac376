// The commands beside a running server, as a person or a script uses them.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Producer, Sandbox, binary, eventually, servedWithProducer, session } from "./support.mjs";

const PROJECT = "external-project";

function run(sandbox, cwd, ...args) {
  return spawnSync(binary, args, { cwd, env: sandbox.env, encoding: "utf8", timeout: 30_000 });
}

/** A command that runs on: its lines, and how it ends. */
function start(t, sandbox, ...args) {
  const child = spawn(binary, args, { cwd: sandbox.root, env: sandbox.env, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  const started = { child, lines: [], errors: "" };
  createInterface({ input: child.stdout }).on("line", (line) => started.lines.push(line));
  child.stderr.on("data", (chunk) => (started.errors += chunk));
  started.closed = once(child, "close").then(([code]) => code);
  return started;
}

async function started(t) {
  const told = await servedWithProducer(t);
  await told.send("workspace.state_changed", "w1", { projectId: PROJECT, status: "READY", name: "Alpha" });
  return told;
}

test("wait returns at once when the condition holds, and names what it knows otherwise", async (t) => {
  const { sandbox, repo } = await started(t);
  for (const until of ["no-session-started", "NO_SESSION_STARTED", "waiting", "needs-user"]) {
    const done = run(sandbox, repo, "wait", "Alpha", "--until", until);
    assert.equal(done.status, 0, done.stderr);
    assert.match(done.stdout, /w1 .*NO_SESSION_STARTED/);
  }
  const json = run(sandbox, repo, "wait", "w1", "--until", "needs-user", "--json");
  assert.equal(JSON.parse(json.stdout).workspaceId, "w1");
  const nonsense = run(sandbox, repo, "wait", "w1", "--until", "happiness");
  assert.equal(nonsense.status, 2);
  assert.match(nonsense.stderr, /AGENT_WORKING/);
  assert.equal(run(sandbox, repo, "wait", "--until", "needs-user").status, 2, "a workspace or --any");
  assert.equal(run(sandbox, repo, "wait", "w1", "--any", "--until", "needs-user").status, 2);
  assert.equal(run(sandbox, repo, "wait", "nobody", "--until", "needs-user").status, 1);
});

test("wait is woken by the change it waits for, of one workspace or of any", async (t) => {
  const { sandbox, send } = await started(t);
  const one = start(t, sandbox, "wait", "w1", "--until", "agent-working", "--timeout", "60");
  const any = start(t, sandbox, "wait", "--any", "--until", "AGENT_WORKING", "--timeout", "60", "--json");
  // Whether the change comes before or after they look must not matter.
  await send("session.changed", "w1", session("s1"));
  assert.equal(await one.closed, 0, one.errors);
  assert.equal(await any.closed, 0, any.errors);
  assert.equal(JSON.parse(any.lines[0]).workspaceId, "w1");
});

test("wait ends with 124 when time is over, 1 when the workspace goes, 3 when no server runs, and sits out a restart", async (t) => {
  const { sandbox, repo, server, send } = await started(t);
  await send("workspace.state_changed", "w2", { projectId: PROJECT, status: "READY", name: "Beta" });
  assert.equal(run(sandbox, sandbox.root, "wait", "w1", "--until", "merged", "--timeout", "0.3").status, 124);
  const gone = start(t, sandbox, "wait", "w2", "--until", "merged");
  // Whether it looks before or after the removal must not matter.
  await send("workspace.removed", "w2", {});
  assert.equal(await gone.closed, 1, gone.errors);

  const before = await server.metric("snapboard_http_requests_total");
  const left = start(t, sandbox, "wait", "w1", "--until", "agent-working");
  const short = start(t, sandbox, "wait", "w1", "--until", "merged", "--timeout", "5");
  // Each asks for the projects, for both snapshots, and then waits at the server.
  let own = 0;
  await eventually("both wait", async () => (await server.metric("snapboard_http_requests_total")) - before - ++own >= 2 * 4);
  await server.stop();
  await eventually("it says so", () => left.errors.includes("the server went away"));
  assert.equal(run(sandbox, repo, "wait", "w1", "--until", "merged").status, 3);
  assert.equal(await short.closed, 124, short.errors);
  assert.equal(left.child.exitCode, null);
  const next = await sandbox.serve(repo);
  const told = await next.post(new Producer("agents/one", "life-2").event("session.changed", "w1", session("s1")));
  assert.equal(told.status, 200, told.text);
  assert.equal(await left.closed, 0, left.errors);
  assert.equal(left.errors.split("\n").length, 2, "said once");
});

test("watch --json tells the board, then each change as one line", async (t) => {
  const { sandbox, repo, send, server } = await started(t);
  const watch = start(t, sandbox, "watch", "--json");
  const line = (what, matches) => eventually(what, () => watch.lines.map((text) => JSON.parse(text)).find(matches));
  const first = await line("the board", (one) => one.op === "put" && one.id === "w1");
  assert.equal(first.entry.name, "Alpha");
  await send("session.changed", "w1", session("s1"));
  await line("a change", (one) => one.op === "put" && one.id === "w1" && one.entry.statusReason.code === "AGENT_WORKING");
  await send("workspace.removed", "w1", {});
  await line("a removal", (one) => one.op === "del" && one.id === "w1");
  await server.stop();
  await eventually("it says so", () => watch.errors.includes("the server went away"));
  const next = await sandbox.serve(repo);
  const made = new Producer("agents/one", "life-2").event("workspace.state_changed", "w9", { projectId: PROJECT, status: "READY", name: "Iota" });
  assert.equal((await next.post(made)).status, 200);
  await line("what the next server tells", (one) => one.op === "put" && one.id === "w9");
});

test("watch without a terminal prints one line per change and no escape sequences", async (t) => {
  const { sandbox, send } = await started(t);
  const watch = start(t, sandbox, "watch");
  await eventually("the board", () => watch.lines.some((line) => line.includes("NO_SESSION_STARTED")));
  await send("session.changed", "w1", session("s1"));
  await eventually("a change", () => watch.lines.some((line) => line.startsWith("w1  Alpha  Agent working")));
  assert.ok(!watch.lines.join("").includes("\u001b"));
});

test("project add, list and remove", async (t) => {
  const { sandbox, repo, server } = await started(t);
  const other = sandbox.repository("other");
  assert.equal(run(sandbox, other, "project", "add").status, 0);
  const again = run(sandbox, repo, "project", "add", other);
  assert.equal(again.status, 0);
  assert.match(again.stdout, /already/);
  const list = run(sandbox, repo, "project", "list");
  assert.match(list.stdout, new RegExp(`other +1 .*${other}`));
  assert.ok(JSON.parse(run(sandbox, repo, "project", "list", "--json").stdout).some((one) => one.repoPath === other));
  const removed = run(sandbox, repo, "project", "remove", other);
  assert.equal(removed.status, 0, removed.stderr);
  assert.ok(!(await server.get("/api/projects")).json.some((one) => one.repoPath === other));
  assert.equal(run(sandbox, repo, "project", "remove", "other").status, 1, "it is gone");
  assert.equal(run(sandbox, repo, "project", "add", sandbox.path("home")).status, 1, "no repository");
});

test("doctor says what is wrong and what to do", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const look = () => {
    const done = run(sandbox, repo, "doctor", "--json", "--data-dir", sandbox.path("data"));
    const found = JSON.parse(done.stdout);
    return { status: done.status, of: (what) => found.find((one) => one.what === what) };
  };
  let seen = look();
  assert.equal(seen.status, 0, "a server that does not run is not broken");
  assert.equal(seen.of("git").grade, "ok");
  assert.match(seen.of("server").advice, /snapboard serve/);

  const server = await sandbox.serve(repo);
  seen = look();
  assert.equal(seen.status, 0);
  for (const what of ["data directory", "discovery file", "socket", "server"]) assert.equal(seen.of(what).grade, "ok", what);
  assert.ok(seen.of("source git"));

  chmodSync(server.announced.socket, 0o666);
  seen = look();
  assert.equal(seen.status, 1);
  assert.match(seen.of("socket").advice, /chmod 600/);

  await server.kill();
  seen = look();
  assert.equal(seen.of("discovery file").grade, "note", "it speaks of a server that is gone");
  rmSync(sandbox.path("data"), { recursive: true });
  writeFileSync(sandbox.path("data"), "");
  seen = look();
  assert.equal(seen.status, 1);
  assert.equal(seen.of("data directory").grade, "bad");
  const text = run(sandbox, repo, "doctor", "--data-dir", sandbox.path("data"));
  assert.match(text.stdout, /^bad +data directory .*--data-dir/m);
});

test("completions know every command", async (t) => {
  const sandbox = new Sandbox(t);
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = run(sandbox, sandbox.root, "completions", shell);
    assert.equal(script.status, 0);
    for (const word of ["explain", "history", "wait", "project", "until"]) assert.ok(script.stdout.includes(word), `${shell} ${word}`);
  }
  const script = run(sandbox, sandbox.root, "completions", "bash").stdout;
  const asked = spawnSync("bash", ["-c", `${script}\nCOMP_WORDS=(snapboard his); COMP_CWORD=1; _snapboard; echo "\${COMPREPLY[@]}"`], { encoding: "utf8" });
  assert.equal(asked.stdout.trim(), "history", asked.stderr);
  assert.equal(run(sandbox, sandbox.root, "completions", "csh").status, 2);
});

test("list, explain and doctor say why a workspace is broken, in full where there is room", async (t) => {
  const { sandbox, repo, server } = await started(t);
  const lost = sandbox.worktree(repo, "lost");
  const entryOf = async () => (await server.snapshot()).entries.find((one) => one.worktreePath === lost);
  await eventually("it is on the board", entryOf);
  assert.ok(!run(sandbox, repo, "list").stdout.includes("!"));
  rmSync(lost, { recursive: true });
  const broken = await eventually("its folder is missed", async () => {
    const entry = await entryOf();
    return entry?.problem && entry;
  });
  assert.equal(broken.problem.code, "worktree_missing");
  const list = run(sandbox, repo, "list").stdout;
  assert.match(list, /^repo +wt-lost +lost +.* ! /m);
  assert.ok(list.includes(`\n\n! wt-lost (worktree_missing): ${broken.problem.message}\n`), list);
  const explained = run(sandbox, repo, "explain", "lost").stdout;
  assert.equal(explained.split("\n")[1], `Problem: ${broken.problem.message} (worktree_missing)`);
  const doctor = run(sandbox, repo, "doctor");
  assert.equal(doctor.status, 0, "the server is well");
  assert.match(doctor.stdout, /^note +workspace wt-lost +worktree_missing: .*snapboard explain [0-9a-z]/m);
});

test("a default branch that is not there is told by list, project list and doctor until it is", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  assert.equal(run(sandbox, repo, "project", "add", "--default-branch", "a..b").status, 1);
  const added = run(sandbox, repo, "project", "add", "--default-branch", "trunk");
  assert.equal(added.status, 0, added.stderr);
  const sentence = "There is no branch trunk, here or at origin, to compare workspaces with.";
  assert.ok(added.stdout.endsWith(`\n! ${sentence}\n`), added.stdout);
  const said = () => ({
    list: run(sandbox, repo, "list").stdout,
    projects: run(sandbox, repo, "project", "list").stdout,
    doctor: run(sandbox, repo, "doctor").stdout,
  });
  let seen = said();
  assert.ok(seen.list.endsWith(`\n\n! project repo (default_branch_missing): ${sentence}\n`), seen.list);
  assert.ok(seen.projects.endsWith(`\n\n! repo (default_branch_missing): ${sentence}\n`), seen.projects);
  assert.match(seen.doctor, /^note +project repo +default_branch_missing: There is no branch trunk.*snapboard project add PATH --default-branch/m);
  const entry = (await server.snapshot()).entries[0];
  assert.equal(entry.problem, null, "the project works on");

  await server.settled();
  sandbox.git(repo, "branch", "trunk");
  await eventually("it is there", async () => (await server.project()).problem === null);
  seen = said();
  for (const text of Object.values(seen)) assert.ok(!text.includes("trunk"), text);
  sandbox.git(repo, "branch", "-D", "trunk");
  await eventually("it is gone", async () => (await server.project()).problem?.code === "default_branch_missing");
  assert.equal(run(sandbox, repo, "project", "add", "--default-branch", "main").status, 0);
  assert.equal((await server.project()).problem, null);
});

test("emit takes a workspace as the other commands do, and says what was wrong where", async (t) => {
  const { sandbox, repo, server, send } = await started(t);
  await send("workspace.state_changed", "task-71", { projectId: PROJECT, status: "READY", name: "Beta", branchName: "fix/beta" });
  const emit = (...args) => run(sandbox, repo, "emit", ...args);
  const pending = (id, ...where) => emit("session.pending_request_changed", ...where, "sessionId=s", `requestId=${id}`, "pending=true");
  for (const [n, name] of ["Beta", "fix/beta", "task-71", "task-"].entries()) {
    const done = pending(`r${n}`, "-w", name);
    assert.equal(done.status, 0, `${name}: ${done.stderr}`);
    assert.match(done.stdout, /^accepted: revision \d+\n$/);
  }
  assert.equal((await server.entry("task-71")).pendingRequests.length, 4);
  const [main] = (await server.snapshot()).entries;
  assert.equal(pending("r", "-w", repo).status, 0, "a path in it");
  assert.equal((await server.entry(main.workspaceId)).pendingRequests.length, 1);

  for (const [args, code, says] of [
    [["session.removed", "-w", "nobody", "sessionId=s"], 1, /^snapboard: no workspace of the board has the id, name or branch nobody; snapboard list shows all, and .*\n$/],
    [["session.removed", "-w", " ", "sessionId=s"], 2, /^snapboard: the workspace is empty\n$/],
    [["session.removed", "-w", "", "sessionId=s"], 2, /^snapboard: the workspace is empty\n$/],
    [["session.removed", "sessionId=s"], 1, /^snapboard: subject: /],
    [["session.removed", "-w", "Beta", "sessionId=7"], 1, /^snapboard: data\.sessionId: /],
    [["no.such.type", "-w", "Beta"], 1, /^snapboard: type: /],
    [["workspace.removed", "-w", "task-"], 1, /^snapboard: no workspace of the board has the id, name or branch task-; /],
  ]) {
    const done = emit(...args);
    assert.equal(done.status, code, `${args.join(" ")}: ${done.stdout}${done.stderr}`);
    assert.match(done.stderr, says);
    assert.equal(done.stdout, "");
  }
  // What may be new is named by its id alone, whatever else is called so.
  assert.equal(emit("workspace.state_changed", "-w", "task-7", `projectId=${PROJECT}`, "status=READY").status, 0);
  assert.equal(emit("workspace.state_changed", "-w", "fix/beta", `projectId=${PROJECT}`, "status=READY", "name=Gamma").status, 0);
  assert.equal((await server.entry("fix/beta")).name, "Gamma");
  assert.equal((await server.entry("task-71")).name, "Beta");
  assert.equal(emit("workspace.removed", "-w", "Beta").status, 0, "by its whole name");
  assert.equal((await server.get("/api/workspaces/task-71")).status, 404);

  assert.match(emit("workspace.updated", "-w", "w1", "name=A", "--id", "one").stdout, /^accepted/);
  assert.match(emit("workspace.updated", "-w", "w1", "name=B", "--id", "one").stdout, /^a repeat/);
  assert.match(emit("workspace.updated", "-w", "w1", "name=C", "--sequence", "9").stdout, /^accepted/);
  assert.match(emit("workspace.updated", "-w", "w1", "name=D", "--sequence", "8").stdout, /^stale/);
  assert.equal(JSON.parse(emit("workspace.updated", "-w", "w1", "name=E", "--json").stdout).accepted, 1);
  assert.equal(JSON.parse(emit("workspace.updated", "-w", "w1", "name=7", "--json").stderr).path, "$.data.name");
});
