// The workspace commands against the real program: worktrees that really appear, set-up scripts that really run, and
// nothing lost, whatever is asked for.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Producer, Sandbox, binary, eventually } from "./support.mjs";

const PATIENT_MS = 60_000;

function run(sandbox, cwd, ...args) {
  return spawnSync(binary, args, { cwd, env: sandbox.env, encoding: "utf8", timeout: PATIENT_MS });
}

/** A repository whose set-up script is `setup`, and its server. */
async function started(t, { setup, flags = [] } = {}) {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  if (setup) {
    writeFileSync(path.join(repo, "factory-factory.json"), JSON.stringify({ scripts: { setup } }));
    sandbox.git(repo, "add", ".");
    sandbox.git(repo, "commit", "-q", "-m", "set-up");
  }
  const server = await sandbox.serve(repo, ...flags);
  const project = await server.project();
  return { sandbox, repo, server, project };
}

function command(server, method, target, body) {
  return server.request(target, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
  });
}

async function create(server, project, body) {
  const answer = await command(server, "POST", `/api/projects/${project.id}/workspaces`, body);
  assert.equal(answer.status, 201, answer.text);
  return answer.json;
}

const settled = (server, id) =>
  eventually(
    "its set-up ended",
    async () => {
      const entry = await server.entry(id);
      return !["NEW", "PROVISIONING"].includes(entry.status) && entry;
    },
    PATIENT_MS,
  );

test("a workspace is one card from its first moment, and its branch comes with READY", async (t) => {
  const { server, project, repo } = await started(t, { setup: "echo setting up; echo done > made.txt" });
  const stream = await server.stream(project.id);
  await stream.baseline();
  const made = await create(server, project, { name: "Fix the login" });
  assert.equal(made.status, "NEW");
  assert.equal(made.branchName, "fix-the-login");
  assert.equal(made.worktreePath, `${repo}.worktrees/fix-the-login`);
  const read = await server.get(`/api/projects/${project.id}/snapshot?minRevision=${made.revision}&epoch=${made.epoch}&waitMs=0`);
  assert.equal(read.json.entries.filter((entry) => entry.name === "Fix the login").length, 1, "the answer includes its effect");

  const ready = await stream.message("READY", (m) => m.workspaceId === made.workspaceId && m.entry?.status === "READY", {
    timeoutMs: PATIENT_MS,
  });
  assert.equal(ready.entry.branchName, "fix-the-login");
  assert.equal(readFileSync(path.join(made.worktreePath, "made.txt"), "utf8"), "done\n");
  const output = await server.get(`/api/workspaces/${made.workspaceId}/setup/output`);
  assert.deepEqual(output.json, { from: 0, next: 11, over: true, text: "setting up\n" });

  // Every message about the worktree spoke of that one card, and its life went one way.
  const told = stream.messages.filter((m) => m.type === "snapshot_changed" && m.entry.worktreePath === made.worktreePath);
  assert.ok(told.every((m) => m.workspaceId === made.workspaceId), JSON.stringify(told.map((m) => m.workspaceId)));
  const order = ["NEW", "PROVISIONING", "READY"];
  const steps = told.map((m) => order.indexOf(m.entry.status));
  assert.deepEqual(steps, [...steps].sort(), "never backwards");
  assert.ok(!stream.messages.some((m) => m.type === "snapshot_removed"));
  assert.ok(told.every((m) => m.entry.createdAt === told[0].entry.createdAt));
  await eventually("git sees what the script made", async () => (await server.entry(made.workspaceId)).gitStats?.untrackedFiles === 1, PATIENT_MS);
});

test("a failed set-up says why, and a retry makes it good", async (t) => {
  const { server, project } = await started(t, { setup: "test -f allowed || { echo not allowed; exit 7; }" });
  const made = await create(server, project, { name: "a", branchName: "feature/a" });
  const failed = await settled(server, made.workspaceId);
  assert.equal(failed.status, "FAILED");
  assert.equal(failed.problem.code, "setup_failed");
  assert.match(failed.problem.message, /exit code 7/);
  assert.match(failed.problem.message, /not allowed/);
  assert.equal(failed.statusReason.code, "SETUP_FAILED");
  writeFileSync(path.join(made.worktreePath, "allowed"), "");
  const again = await command(server, "POST", `/api/workspaces/${made.workspaceId}/retry`);
  assert.equal(again.status, 200, again.text);
  assert.equal(again.json.status, "PROVISIONING");
  const ready = await settled(server, made.workspaceId);
  assert.equal(ready.status, "READY");
  assert.equal(ready.problem, null);
  assert.equal((await command(server, "POST", `/api/workspaces/${made.workspaceId}/retry`)).status, 409);
});

test("an archive hides the card at once, and what would be lost is refused by name", async (t) => {
  const { server, project } = await started(t);
  const made = await create(server, project, { name: "a" });
  await settled(server, made.workspaceId);
  const stream = await server.stream(project.id);
  await stream.baseline();
  writeFileSync(path.join(made.worktreePath, "notes.txt"), "mine\n");
  const target = `/api/workspaces/${made.workspaceId}`;
  for (const [method, where, body] of [
    ["POST", `${target}/archive`, { removeWorktree: true }],
    ["DELETE", target, undefined],
  ]) {
    const refused = await command(server, method, where, body);
    assert.equal(refused.status, 409, refused.text);
    assert.equal(refused.json.code, "conflict");
    assert.match(refused.json.detail, /1 untracked file \(notes\.txt\)/);
  }
  assert.ok(existsSync(path.join(made.worktreePath, "notes.txt")));
  assert.ok(stream.entries.has(made.workspaceId), "a refusal changes nothing");

  const archived = await command(server, "POST", `${target}/archive`);
  assert.equal(archived.status, 200, archived.text);
  assert.equal((await server.get(target)).status, 404);
  await stream.message("removed", (m) => m.type === "snapshot_removed" && m.workspaceId === made.workspaceId);
  await command(server, "POST", `/api/projects/${project.id}/reconcile`);
  assert.equal(stream.messages.filter((m) => m.type === "snapshot_removed").length, 1, "told once");
  assert.ok(existsSync(path.join(made.worktreePath, "notes.txt")), "its files stay");
  assert.ok(!(await server.snapshot()).entries.some((entry) => entry.worktreePath === made.worktreePath), "nor is it adopted anew");

  const back = await command(server, "POST", `${target}/unarchive`);
  assert.equal(back.status, 200, back.text);
  assert.equal((await server.entry(back.json.workspaceId)).name, "a");
  const gone = await command(server, "DELETE", `/api/workspaces/${back.json.workspaceId}?force=true`);
  assert.equal(gone.status, 200, gone.text);
  assert.ok(!existsSync(made.worktreePath));
});

test("an archive ends the dev server of the workspace before its folder goes", async (t) => {
  const { sandbox, server, project } = await started(t);
  const made = await create(server, project, { name: "a" });
  await settled(server, made.workspaceId);
  const pidFile = sandbox.path("pid");
  const begun = run(sandbox, sandbox.root, "run", "a", "--", "sh", "-c", `echo $$ > ${pidFile}; exec sleep 1000`);
  assert.equal(begun.status, 0, begun.stderr);
  const pid = await eventually("it runs", () => existsSync(pidFile) && readFileSync(pidFile, "utf8").trim());
  const archived = await command(server, "POST", `/api/workspaces/${made.workspaceId}/archive`, { removeWorktree: true });
  assert.equal(archived.status, 200, archived.text);
  assert.ok(!existsSync(`/proc/${pid}`));
  assert.ok(!existsSync(made.worktreePath));
});

test("an archive git refuses brings the card back with its session and its auto-fix", async (t) => {
  const sandbox = new Sandbox(t);
  sandbox.env.SNAPBOARD_RATCHET_COMMAND = JSON.stringify(["true"]);
  const server = await sandbox.serve(sandbox.repository());
  const project = await server.project();
  const made = await create(server, project, { name: "a" });
  await settled(server, made.workspaceId);
  const target = `/api/workspaces/${made.workspaceId}`;
  assert.equal((await command(server, "POST", `${target}/ratchet`, { enabled: true })).status, 200);
  const agent = spawn("sleep", ["1000"], { stdio: "ignore" });
  t.after(() => agent.kill("SIGKILL"));
  const fixture = new URL("../../src/domains/session/tests/fixtures/claude-session-start.json", import.meta.url);
  const hook = spawnSync(binary, ["hook", "claude"], {
    input: JSON.stringify({ ...JSON.parse(readFileSync(fixture, "utf8")), cwd: made.worktreePath }),
    cwd: made.worktreePath,
    env: { ...sandbox.env, CLAUDE_PID: String(agent.pid), CLAUDE_PROJECT_DIR: made.worktreePath },
  });
  assert.equal(hook.status, 0);
  const before = await eventually("its session is shown", async () => {
    const entry = await server.entry(made.workspaceId);
    return entry.sessionSummaries.length === 1 && entry;
  });
  // Work that comes after the check: the dev server leaves a file when it is ended.
  const up = sandbox.path("up");
  const script = `trap 'echo work > late.txt; exit' TERM; echo > ${up}; while :; do sleep 0.1; done`;
  const begun = run(sandbox, sandbox.root, "run", "a", "--", "sh", "-c", script);
  assert.equal(begun.status, 0, begun.stderr);
  await eventually("it runs", () => existsSync(up));

  const refused = await command(server, "POST", `${target}/archive`, { removeWorktree: true });
  assert.equal(refused.status, 409, refused.text);
  assert.ok(existsSync(path.join(made.worktreePath, "late.txt")));
  const kept = async (when) => {
    const entry = await server.entry(made.workspaceId);
    assert.equal(entry.status, "READY", when);
    assert.equal(entry.ratchetEnabled, true, when);
    assert.equal(entry.runScriptStatus, "IDLE", when);
    assert.deepEqual(entry.sessionSummaries, before.sessionSummaries, when);
  };
  await kept("at once");
  const pass = await command(server, "POST", `/api/projects/${project.id}/reconcile`);
  assert.equal(pass.status, 200, pass.text);
  await kept("and as the rows have it");

  const forced = await command(server, "POST", `${target}/archive`, { removeWorktree: true, force: true });
  assert.equal(forced.status, 200, forced.text);
  assert.ok(!existsSync(made.worktreePath));
});

test("rename, and what events alone know of is not ours to change", async (t) => {
  const { server, project } = await started(t);
  const id = (await server.snapshot()).entries[0].workspaceId;
  const renamed = await command(server, "POST", `/api/workspaces/${id}/rename`, { name: "The trunk" });
  assert.equal(renamed.status, 200, renamed.text);
  assert.equal((await server.entry(id)).name, "The trunk");
  const padded = await command(server, "POST", `/api/workspaces/${id}/rename`, { name: "\t The  trunk \n" });
  assert.equal(padded.json.name, "The  trunk", "white space around a name is dropped");
  assert.equal((await server.entry(id)).name, "The  trunk");
  const blank = await command(server, "POST", `/api/workspaces/${id}/rename`, { name: " " });
  assert.equal(blank.status, 400);
  assert.equal(blank.json.path, "$.name");
  assert.equal((await command(server, "POST", `/api/workspaces/${id}/rename`, {})).json.path, "$.name");
  assert.equal((await command(server, "POST", "/api/workspaces/none/rename", { name: "x" })).status, 404);
  await server.post(new Producer("agents/one").event("workspace.state_changed", "w1", { projectId: "theirs", status: "READY", name: "w" }));
  for (const [method, rest, body] of [["POST", "/rename", { name: "x" }], ["POST", "/archive", {}], ["DELETE", "", undefined]]) {
    const refused = await command(server, method, `/api/workspaces/w1${rest}`, body);
    assert.equal(refused.status, 409, refused.text);
  }
  assert.equal((await command(server, "POST", "/api/projects/theirs/workspaces", { name: "x" })).status, 409);
  const bad = await command(server, "POST", `/api/projects/${project.id}/workspaces`, { name: "x", from: "no-such" });
  assert.equal(bad.status, 400);
  assert.equal(bad.json.path, "$.from");
});

test("kill -9 in the middle of a set-up leaves a failed card that a retry makes good", async (t) => {
  const { sandbox, repo, server, project } = await started(t, { setup: "echo begun; test -f go || exec sleep 1000" });
  const made = await create(server, project, { name: "a" });
  await eventually(
    "the script runs",
    async () => (await server.get(`/api/workspaces/${made.workspaceId}/setup/output`)).json.text === "begun\n",
    PATIENT_MS,
  );
  await server.stop("SIGKILL");
  const next = await sandbox.serve(repo);
  const first = (await next.snapshot()).entries.find((entry) => entry.workspaceId === made.workspaceId);
  assert.equal(first.status, "FAILED", "in the first baseline already");
  assert.match(first.problem.message, /server ended/);
  writeFileSync(path.join(made.worktreePath, "go"), "");
  assert.equal((await command(next, "POST", `/api/workspaces/${made.workspaceId}/retry`)).status, 200);
  assert.equal((await settled(next, made.workspaceId)).status, "READY");
});

test("kill -9 in the middle of an archive: the next server brings it to its end", async (t) => {
  const { sandbox, repo, server, project } = await started(t);
  const made = await create(server, project, { name: "a" });
  await settled(server, made.workspaceId);
  // Its dev server does not hear TERM, so that the archive takes the whole grace.
  const begun = run(sandbox, sandbox.root, "run", "a", "--", "sh", "-c", "trap '' TERM; echo up; while :; do sleep 1; done");
  assert.equal(begun.status, 0, begun.stderr);
  const stream = await server.stream(project.id);
  await stream.baseline();
  const archive = command(server, "POST", `/api/workspaces/${made.workspaceId}/archive`, { removeWorktree: true }).catch(() => {});
  await stream.message("hidden", (m) => m.type === "snapshot_removed");
  await server.stop("SIGKILL");
  await archive;
  const next = await sandbox.serve(repo);
  assert.ok(!(await next.snapshot()).entries.some((entry) => entry.workspaceId === made.workspaceId));
  await eventually("its worktree is gone", () => !existsSync(made.worktreePath), PATIENT_MS);
  await eventually("its branch too", () => sandbox.git(repo, "branch", "--format=%(refname:short)") === "main", PATIENT_MS);
});

test("a project that is removed takes its set-ups, its entries and its sockets with it", async (t) => {
  const { server, project, repo } = await started(t, { setup: "echo begun; exec sleep 1000" });
  const made = await create(server, project, { name: "a" });
  await eventually(
    "the script runs",
    async () => (await server.get(`/api/workspaces/${made.workspaceId}/setup/output`)).json.text === "begun\n",
    PATIENT_MS,
  );
  const stream = await server.stream(project.id);
  await stream.baseline();
  const removed = await command(server, "DELETE", `/api/projects/${project.id}`);
  assert.equal(removed.status, 200, removed.text);
  assert.equal((await stream.closed).code, 4404);
  assert.deepEqual((await server.get("/api/projects")).json, []);
  assert.equal((await server.get(`/api/workspaces/${made.workspaceId}`)).status, 404);
  assert.equal((await server.get(`/api/projects/${project.id}/snapshot`)).status, 404);
  assert.equal(await server.metric("snapboard_entries"), 0);
  assert.ok(existsSync(path.join(made.worktreePath, "file.txt")), "its files stay");
  // Nothing looks at the repository any more.
  await eventually("the set-up is ended", async () => {
    const before = await server.metric("snapboard_processes_spawned_total");
    writeFileSync(path.join(repo, "file.txt"), String(before));
    return before === (await server.metric("snapboard_processes_spawned_total"));
  });
  const again = await command(server, "POST", "/api/projects", { repoPath: repo });
  assert.equal(again.status, 201, again.text);
  assert.notEqual(again.json.project.id, project.id);
  assert.equal((await server.snapshot(again.json.project.id)).entries.length, 2, "worktrees are adopted again");
});

test("the command line makes, waits for, renames, archives and removes", async (t) => {
  const { sandbox, repo } = await started(t, { setup: "test ! -f fail || { echo broken; exit 1; }" });
  const made = run(sandbox, repo, "workspace", "new", " Alpha ", "--branch", "topic/alpha", "--wait");
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /Alpha is on the board\n {2}branch topic\/alpha\n.*repo\.worktrees\/alpha\nready\n/);
  const taken = run(sandbox, repo, "workspace", "new", "Beta", "--branch", "topic/alpha");
  assert.equal(taken.status, 1);
  assert.match(taken.stderr, /topic\/alpha/);
  const json = JSON.parse(run(sandbox, sandbox.root, "workspace", "new", "Gamma", "--from", "main", "--project", "repo", "--json").stdout);
  assert.equal(json.branchName, "gamma");
  writeFileSync(path.join(repo, "fail"), "");
  sandbox.git(repo, "add", ".");
  sandbox.git(repo, "commit", "-q", "-m", "break it");
  const broken = run(sandbox, repo, "workspace", "new", "Delta", "--wait");
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /exit code 1/);
  assert.match(broken.stderr, /broken/);
  assert.equal(run(sandbox, repo, "workspace", "rename", "Alpha", "  Omega ").stdout, "Alpha is now called Omega\n");
  for (const words of [["new", " "], ["rename", "Omega", ""]]) {
    const refused = run(sandbox, repo, "workspace", ...words);
    assert.equal(refused.status, 2, refused.stderr);
    assert.match(refused.stderr, /the name is empty/);
  }
  writeFileSync(path.join(`${repo}.worktrees`, "alpha", "notes.txt"), "mine\n");
  const refused = run(sandbox, repo, "workspace", "remove", "Omega");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /notes\.txt/);
  assert.equal(run(sandbox, repo, "workspace", "archive", "Omega", "--remove-worktree", "--force").status, 0);
  assert.ok(!existsSync(path.join(`${repo}.worktrees`, "alpha")));
  assert.equal(run(sandbox, repo, "workspace", "remove", "Omega").status, 1);
  assert.equal(run(sandbox, repo, "workspace", "new").status, 2);
  assert.equal(run(sandbox, repo, "workspace", "new", "x", "--socket", sandbox.path("none")).status, 3);
});

test("archived workspaces are listed, and come back by their name, branch, path or the beginning of their id", async (t) => {
  const { sandbox, repo, server, project } = await started(t);
  await server.post(new Producer("agents/one").event("workspace.state_changed", "w1", { projectId: "theirs", status: "READY", name: "w" }));
  const archive = async (name, branchName) => {
    const made = await create(server, project, { name, branchName });
    await settled(server, made.workspaceId);
    const done = run(sandbox, repo, "workspace", "archive", made.workspaceId);
    assert.equal(done.status, 0, done.stderr);
    return made;
  };
  const unarchive = (text, cwd = repo) => run(sandbox, cwd, "workspace", "unarchive", text);
  const archived = () => JSON.parse(run(sandbox, repo, "list", "--archived", "--json").stdout).flatMap((one) => one.workspaces.map((it) => it.name));

  const none = unarchive("Alpha");
  assert.equal(none.status, 1);
  assert.match(none.stderr, /no workspace is archived/);
  const alpha = await archive("Alpha", "topic/alpha");
  const beta = await archive("Beta");
  const list = run(sandbox, repo, "list", "--archived");
  assert.equal(list.status, 0, list.stderr);
  assert.match(list.stdout, new RegExp(`^PROJECT +NAME +BRANCH +ID +FOLDER\nrepo +Beta +beta +${beta.workspaceId} +${beta.worktreePath}\nrepo +Alpha +topic/alpha +${alpha.workspaceId} +${alpha.worktreePath}\n$`));
  assert.deepEqual(archived(), ["Beta", "Alpha"]);
  assert.ok(!run(sandbox, repo, "list").stdout.includes("Alpha"));
  const told = await server.get(`/api/projects/${project.id}/archived`);
  const { createdAt, ...rest } = told.json.workspaces[1];
  assert.deepEqual(rest, { workspaceId: alpha.workspaceId, name: "Alpha", branchName: "topic/alpha", worktreePath: alpha.worktreePath, problem: null });
  assert.ok(Date.parse(createdAt) > 0);
  assert.equal(told.json.complete, true);
  assert.deepEqual((await server.get("/api/projects/theirs/archived")).json, { projectId: "theirs", workspaces: [], complete: true });
  assert.equal((await server.get("/api/projects/nobody/archived")).status, 404);

  const unknown = unarchive("Gamma");
  assert.equal(unknown.status, 1);
  assert.match(unknown.stderr, new RegExp(`no archived workspace has the id, name or branch Gamma; these are archived:\n +${beta.workspaceId} +repo +Beta`));
  assert.equal(unarchive(alpha.workspaceId.slice(0, 3)).status, 1, "three characters are a slip");
  for (const text of ["Alpha", "topic/alpha", alpha.worktreePath]) {
    const back = unarchive(text);
    assert.equal(back.status, 0, back.stderr);
    assert.match(back.stdout, /^Alpha is on the board again\n/);
    const again = unarchive(text);
    assert.equal(again.status, 1);
    assert.match(again.stderr, /Alpha is on the board: it is not archived/);
    assert.equal(run(sandbox, repo, "workspace", "archive", "Alpha").status, 0);
  }
  const back = unarchive(".", alpha.worktreePath);
  assert.equal(back.status, 0, back.stderr);
  assert.equal(unarchive(beta.workspaceId.slice(0, 8)).status, 0);
  assert.deepEqual(archived(), []);

  for (let i = 0; i < 2; i += 1) await archive("Twin");
  const twins = unarchive("Twin");
  assert.equal(twins.status, 1);
  assert.match(twins.stderr, /Twin can mean 2 workspaces; say which by its id:\n.*repo {2}Twin {2}\(twin-2\)\n.*repo {2}Twin {2}\(twin\)/);
  assert.equal(run(sandbox, repo, "workspace", "remove", "Twin").status, 1, "nor is one of two removed");
  assert.equal(unarchive("twin-2").status, 0, "a branch is its own");
  assert.equal(run(sandbox, repo, "workspace", "archive", "Alpha").status, 0);
  writeFileSync(path.join(alpha.worktreePath, "notes.txt"), "mine\n");
  const refused = run(sandbox, repo, "workspace", "remove", "Alpha");
  assert.equal(refused.status, 1);
  assert.match(refused.stderr, /1 untracked file \(notes\.txt\); --force removes it all the same/);
  const removed = run(sandbox, repo, "workspace", "remove", "Alpha", "--force");
  assert.equal(removed.status, 0, removed.stderr);
  assert.ok(!existsSync(alpha.worktreePath));
  assert.deepEqual(archived(), ["Twin"]);
});

test("worktrees go where the operator says, and a set-up that hangs is ended", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const server = await sandbox.serve(
    repo, "--worktrees-dir", sandbox.path("elsewhere"), "--setup-script", "echo hanging; sleep 1000", "--setup-timeout", "1",
  );
  const made = await create(server, await server.project(), { name: "a" });
  assert.equal(made.worktreePath, sandbox.path("elsewhere", "repo", "a"));
  const failed = await settled(server, made.workspaceId);
  assert.match(failed.problem.message, /did not end within 1 s/);
  assert.match(failed.problem.message, /hanging/);
});

test("an empty text names no workspace, least of all one without a branch", async (t) => {
  const { sandbox, repo, server } = await started(t);
  const detached = sandbox.path("detached");
  sandbox.git(repo, "worktree", "add", "-q", "--detach", detached);
  await eventually("it is on the board", async () => (await server.snapshot()).entries.some((entry) => entry.worktreePath === detached));
  for (const text of ["", "  "]) {
    for (const words of [
      ["workspace", "remove", text, "--force"],
      ["workspace", "archive", text, "--remove-worktree", "--force"],
      ["workspace", "unarchive", text],
      ["project", "remove", text],
      ["explain", text],
    ]) {
      const refused = run(sandbox, repo, ...words);
      assert.equal(refused.status, 2, `${words.join(" ")}: ${refused.stderr}`);
      assert.match(refused.stderr, /is empty/);
    }
  }
  assert.ok(existsSync(detached));
  assert.equal((await server.snapshot()).entries.length, 2);
});

test("what ends a workspace takes it by its whole id, its name, its branch or a path that looks like one", async (t) => {
  const { sandbox, repo, server, project } = await started(t);
  const made = await create(server, project, { name: "Alpha", branchName: "topic/alpha" });
  await settled(server, made.workspaceId);
  const nested = path.join(made.worktreePath, "app", "nested");
  mkdirSync(nested, { recursive: true });
  const id = made.workspaceId;
  assert.equal(run(sandbox, repo, "explain", id.slice(0, 3)).status, 1, "three characters are a slip");
  assert.equal(run(sandbox, repo, "explain", id.slice(0, 8)).status, 0);
  assert.equal(run(sandbox, made.worktreePath, "explain", "app/nested").status, 0, "a path that exists");
  for (const text of [id.slice(0, 1), id.slice(0, 8), "app/nested"]) {
    const refused = run(sandbox, made.worktreePath, "workspace", "remove", text, "--force");
    assert.equal(refused.status, 1, text);
    assert.equal(run(sandbox, made.worktreePath, "workspace", "archive", text).status, 1, text);
  }
  assert.ok(existsSync(made.worktreePath));
  assert.equal(run(sandbox, made.worktreePath, "workspace", "remove", "./app/nested", "--force").status, 0);
  assert.ok(!existsSync(made.worktreePath));
});
