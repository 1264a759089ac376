// A dev server under `snapboard run`: its state and port on the board, its output, and nothing of it left behind,
// whoever dies first.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Sandbox, binary, eventually, supervised } from "./support.mjs";

const PATIENT_MS = 60_000;

function snapboard(sandbox, ...args) {
  return spawnSync(binary, args, { env: sandbox.env, encoding: "utf8", cwd: sandbox.root });
}

/** A dev server behind a shell, with a helper in a session of its own; prints its port. */
function devServer(sandbox) {
  const file = sandbox.path("dev.mjs");
  writeFileSync(
    file,
    `import { createServer } from "node:http";
     const server = createServer((_q, r) => r.end("ok"));
     server.listen(0, "127.0.0.1", () => console.log("listening on " + server.address().port));`,
  );
  return ["sh", "-c", `(setsid sh -c 'trap "" HUP; sleep 1000; :' &); '${process.execPath}' '${file}'; :`];
}

async function runningServer(t) {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  const id = (await server.snapshot()).entries[0].workspaceId;
  const started = snapboard(sandbox, "run", repo, "--", ...devServer(sandbox));
  assert.equal(started.status, 0, started.stderr);
  assert.match(started.stdout, /RUNNING/);
  const entry = await eventually(
    "its port is on the board",
    async () => {
      const now = await server.entry(id);
      return now.runScriptPort !== null && now;
    },
    PATIENT_MS,
  );
  assert.equal(entry.runScriptStatus, "RUNNING");
  assert.ok(supervised(sandbox).length >= 4, JSON.stringify(supervised(sandbox)));
  return { sandbox, repo, server, id, port: entry.runScriptPort };
}

const nothingLeft = (sandbox) => eventually("nothing is left", () => supervised(sandbox).length === 0, PATIENT_MS);

test("a dev server is RUNNING with its port, and a stop leaves nothing behind", async (t) => {
  const { sandbox, repo, server, id, port } = await runningServer(t);
  const logs = snapboard(sandbox, "logs", repo);
  assert.equal(logs.stdout, `listening on ${port}\n`);
  assert.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
  const again = snapboard(sandbox, "run", repo, "--", "true");
  assert.equal(again.status, 1);
  assert.match(again.stderr, /RUNNING/);
  const stopped = snapboard(sandbox, "run", repo, "--stop");
  assert.match(stopped.stdout, /IDLE/, stopped.stderr);
  assert.deepEqual(supervised(sandbox), []);
  const entry = await server.entry(id);
  assert.equal(entry.runScriptStatus, "IDLE");
  assert.equal(entry.runScriptPort, null);
});

test("what has ended is stopped already, however it ended", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  const id = (await server.snapshot()).entries[0].workspaceId;
  snapboard(sandbox, "run", repo, "--", "false");
  await eventually("it failed", async () => (await server.entry(id)).runScriptStatus === "FAILED", PATIENT_MS);
  const stopped = snapboard(sandbox, "run", repo, "--stop");
  assert.equal(stopped.status, 0, stopped.stdout + stopped.stderr);
});

test("a command ends as COMPLETED or FAILED, and its output can be followed to its end", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  const id = (await server.snapshot()).entries[0].workspaceId;
  assert.equal((await server.entry(id)).runScriptStatus, "IDLE");
  assert.ok(!(await server.entry(id)).unknownFields.includes("runScriptStatus"));
  for (const [script, status] of [
    ["echo fine; umask", "COMPLETED"],
    ["echo bad; exit 4", "FAILED"],
  ]) {
    snapboard(sandbox, "run", repo, "--", "sh", "-c", script);
    await eventually(status, async () => (await server.entry(id)).runScriptStatus === status, PATIENT_MS);
    const logs = snapboard(sandbox, "logs", "-f", repo);
    assert.equal(logs.stdout, status === "COMPLETED" ? "fine\n0022\n" : "bad\n");
  }
  writeFileSync(path.join(repo, "factory-factory.json"), JSON.stringify({ scripts: { run: "echo configured" } }));
  assert.equal(snapboard(sandbox, "run", repo).status, 0);
  await eventually("configured", async () => snapboard(sandbox, "logs", "-f", repo).stdout === "configured\n", PATIENT_MS);
  const refused = await server.request(`/api/workspaces/${id}/run-script`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ action: "start", command: ["true"] }),
  });
  assert.equal(refused.status, 403, "a command over the network");
});

test("kill -9 of the server leaves nothing behind, and the next one says FAILED", async (t) => {
  const { sandbox, repo, server, id } = await runningServer(t);
  await server.stop("SIGKILL");
  await nothingLeft(sandbox);
  const next = await sandbox.serve(repo);
  const entry = await next.entry(id);
  assert.equal(entry.runScriptStatus, "FAILED");
  assert.equal(entry.runScriptPort, null);
  await eventually("it can be started again", () => snapboard(sandbox, "run", repo, "--", "true").status === 0, PATIENT_MS);
});

test("kill -9 of the supervisor leaves nothing behind, and the card says FAILED", async (t) => {
  const { sandbox, server, id } = await runningServer(t);
  const supervisor = supervised(sandbox).find(({ parent }) => parent === server.pid);
  assert.match(supervisor.cmd, /__supervise/);
  process.kill(supervisor.pid, "SIGKILL");
  await eventually("FAILED", async () => (await server.entry(id)).runScriptStatus === "FAILED", PATIENT_MS);
  assert.deepEqual(supervised(sandbox), []);
});

test("kill -9 of server and supervisor in the same instant is mended by the next start", async (t) => {
  const { sandbox, repo, server } = await runningServer(t);
  const supervisor = supervised(sandbox).find(({ parent }) => parent === server.pid);
  process.kill(supervisor.pid, "SIGSTOP");
  await server.stop("SIGKILL");
  process.kill(supervisor.pid, "SIGKILL");
  assert.ok(supervised(sandbox).length >= 3);
  await sandbox.serve(repo);
  await nothingLeft(sandbox);
});

test("a stop of the server ends what it runs, and the next one says IDLE", async (t) => {
  const { sandbox, repo, server, id } = await runningServer(t);
  await server.stop("SIGTERM");
  await nothingLeft(sandbox);
  const next = await sandbox.serve(repo);
  assert.equal((await next.entry(id)).runScriptStatus, "IDLE");
});

test("the removal of a project ends what runs in it", async (t) => {
  const { sandbox, server } = await runningServer(t);
  const project = await server.project();
  assert.equal((await server.request(`/api/projects/${project.id}`, { method: "DELETE" })).status, 200);
  await nothingLeft(sandbox);
});
