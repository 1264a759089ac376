// Auto-fix from outside: the real program, git, a server in GitHub's shape, and a script as the fixer.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { cards, checks, pullRequest, start } from "./github_server.mjs";
import { TOKEN, binary, eventually, supervised } from "./support.mjs";

const PATIENT_MS = 60_000;

/** A server whose one pull request fails its checks, with `script` as the fixer. */
async function failing(t, script) {
  const { github, sandbox, repo, oid } = await start(t, 1);
  sandbox.env.SNAPBOARD_RATCHET_COMMAND = JSON.stringify(["sh", "-c", script, "fixer", "told: $PROMPT"]);
  github.pulls.set("branch-0", pullRequest(7, "branch-0", oid, { statusCheckRollup: checks("FAILURE") }));
  const server = await sandbox.serve(repo);
  const card = async () => (await cards(server)).get("branch-0");
  await eventually("the pull request is known", async () => (await card())?.prCiStatus === "FAILURE", PATIENT_MS);
  const { workspaceId } = await card();
  const ratchet = (enabled) =>
    server.request(`/api/workspaces/${workspaceId}/ratchet`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ enabled }),
    });
  const pass = async () =>
    server.request(`/api/projects/${(await server.project()).id}/reconcile`, { method: "POST" });
  const becomes = (what, probe) =>
    eventually(
      what,
      async () => {
        const now = await card();
        return probe(now) && now;
      },
      PATIENT_MS,
    );
  return { github, sandbox, server, card, ratchet, pass, becomes, oid, workspaceId, worktree: sandbox.path("wt-branch-0") };
}

test("failing checks send a fixer into the worktree with its prompt, and a push begins anew", async (t) => {
  const script = 'mkfifo gate && printf "%s\\n%s\\n%s\\n" "$PWD" "$1" "$PROMPT" > told && read -r go < gate';
  const it = await failing(t, script);
  assert.equal((await it.card()).ratchetEnabled, false, "nobody asked for it");
  assert.equal(existsSync(`${it.worktree}/told`), false);
  const answer = await it.ratchet(true);
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.json.revision > 0);

  const fixing = await it.becomes("the fixer works", (now) => now.isWorking && now.ratchetDispatchOutcome === "RUNNING");
  assert.equal(fixing.ratchetState, "CI_FAILED");
  assert.equal(fixing.sessionSummaries.length, 1);
  assert.equal(fixing.sessionSummaries[0].name, "Auto-fix");
  await eventually("it was told", () => existsSync(`${it.worktree}/told`) && readFileSync(`${it.worktree}/told`, "utf8").endsWith("\n"));
  const [directory, word, prompt] = readFileSync(`${it.worktree}/told`, "utf8").split("\n").filter(Boolean);
  assert.equal(directory, it.worktree);
  assert.equal(word, `told: ${prompt}`);
  for (const part of ["#7", "https://github.com/acme/app/pull/7", "branch-0", "checks fail"]) assert.ok(prompt.includes(part), prompt);

  writeFileSync(`${it.worktree}/gate`, "go\n");
  const done = await it.becomes("it is done", (now) => now.ratchetDispatchOutcome === "COMPLETED");
  assert.equal(done.ratchetDispatchRetryCount, 0);
  const idle = await it.becomes("its session is over", (now) => !now.isWorking);
  assert.equal(idle.statusReason.code, "FIXING_CI_FAILURES");
  assert.equal(idle.sessionSummaries[0].lastExit?.unexpected ?? false, false);

  it.github.pulls.set("branch-0", pullRequest(7, "branch-0", it.oid, { statusCheckRollup: checks("SUCCESS") }));
  const refreshed = await it.server.request(`/api/workspaces/${it.workspaceId}/pr/refresh`, { method: "POST" });
  assert.equal(refreshed.status, 200, refreshed.text);
  const green = await it.becomes("the record is cleared", (now) => now.ratchetDispatchOutcome === null);
  assert.equal(green.ratchetState, "READY");
  assert.equal(green.statusReason.code, "READY_TO_MERGE");
});

test("a fixer that dies three times is stalled, and off clears it", async (t) => {
  const it = await failing(t, "echo x >> runs; echo tried; echo $SNAPBOARD_WORKSPACE >&2; exit 3");
  const snapboard = (...args) => spawnSync(binary, args, { env: it.sandbox.env, encoding: "utf8", cwd: it.sandbox.root });
  const output = async (query = "") => it.server.get(`/api/workspaces/${it.workspaceId}/fixer/output${query}`);
  assert.equal((await output()).status, 404, "none was sent");
  assert.match(snapboard("logs", it.worktree, "--fixer").stderr, /no fixer/);
  const on = snapboard("ratchet", it.worktree, "on");
  assert.equal(on.status, 0, on.stderr);
  assert.equal(on.stdout, "wt-branch-0: auto-fix is on\n");
  for (const deaths of [1, 2, 3]) {
    await it.becomes(`it died ${deaths} times`, (now) => now.ratchetDispatchRetryCount === deaths);
    assert.equal((await it.pass()).status, 200);
  }
  const stalled = await it.becomes("it is given up", (now) => now.ratchetDispatchStalled && !now.isWorking);
  assert.deepEqual([stalled.statusReason.code, stalled.kanbanColumn], ["RATCHET_STALLED", "WAITING"]);
  assert.equal(stalled.ratchetDispatchOutcome, "DIED");
  assert.equal(readFileSync(`${it.worktree}/runs`, "utf8"), "x\nx\nx\n");

  const said = `tried\n${it.workspaceId}\n`;
  const { status, json, headers } = await output("?from=0&waitMs=25000");
  assert.equal(status, 200);
  assert.deepEqual(json, { from: 0, next: said.length, over: true, text: said });
  assert.equal(headers["cache-control"], "no-store");
  assert.deepEqual((await output("?from=6")).json.text, said.slice(6));
  assert.equal((await output("?from=x")).status, 400);
  assert.equal((await it.server.get("/api/workspaces/nobody/fixer/output")).status, 404);
  for (const follow of [[], ["-f"]]) assert.equal(snapboard("logs", it.worktree, "--fixer", ...follow).stdout, said);

  assert.equal((await it.ratchet(false)).status, 200);
  const off = await it.card();
  assert.deepEqual(
    [off.ratchetEnabled, off.ratchetState, off.ratchetDispatchOutcome, off.ratchetDispatchRetryCount, off.ratchetDispatchStalled],
    [false, "IDLE", null, 0, false],
  );
});

test("off ends the fixer, and so does a server that is killed, which counts", async (t) => {
  const it = await failing(t, "(setsid sh -c 'trap \"\" HUP; sleep 1000; :' &); sleep 1000; :");
  await it.ratchet(true);
  await it.becomes("it works", (now) => now.ratchetDispatchOutcome === "RUNNING" && now.isWorking);
  await it.ratchet(false);
  await eventually("nothing of it is left", () => supervised(it.sandbox).length === 0, PATIENT_MS);
  await it.becomes("its session is over", (now) => !now.isWorking && now.ratchetDispatchOutcome === null);

  await it.ratchet(true);
  await it.becomes("another one works", (now) => now.ratchetDispatchOutcome === "RUNNING" && now.isWorking);
  await it.server.kill();
  await eventually("nothing outlived the server", () => supervised(it.sandbox).length === 0, PATIENT_MS);
  const next = await it.sandbox.serve(it.sandbox.path("repo"));
  const card = async () => (await cards(next)).get("branch-0");
  const after = await eventually(
    "a death counts and another one is sent",
    async () => {
      const now = await card();
      return now.ratchetDispatchOutcome === "RUNNING" && now;
    },
    PATIENT_MS,
  );
  assert.equal(after.ratchetDispatchRetryCount, 1);
  assert.equal((await next.stop()).code, 0);
  await eventually("nothing outlived the server", () => supervised(it.sandbox).length === 0, PATIENT_MS);
});

test("two quick toggles settle on the last one, and bad requests change nothing", async (t) => {
  const it = await failing(t, "sleep 1000; :");
  const answers = await Promise.all([it.ratchet(true), it.ratchet(false)]);
  assert.deepEqual(answers.map(({ status }) => status), [200, 200]);
  const last = answers[0].json.revision > answers[1].json.revision;
  assert.equal((await it.card()).ratchetEnabled, last, "the one that was applied last");
  const post = (target, body, type = "application/json") =>
    it.server.request(target, { method: "POST", headers: { "content-type": type }, body });
  const target = `/api/workspaces/${it.workspaceId}/ratchet`;
  assert.equal((await post(target, '{"enabled":"yes"}')).status, 400);
  assert.equal((await post(target, "{}")).status, 400);
  assert.equal((await post(target, '{"enabled":true}', "text/plain")).status, 415);
  assert.equal((await post("/api/workspaces/nobody/ratchet", '{"enabled":true}')).status, 404);
  assert.equal((await it.card()).ratchetEnabled, last);
});

test("without a command auto-fix is refused, with the variable to set, and can be switched off", async (t) => {
  const { sandbox, repo } = await start(t, 1);
  const server = await sandbox.serve(repo);
  const { workspaceId } = await eventually("the card is there", async () => (await cards(server)).get("branch-0"));
  const post = (enabled) =>
    server.request(`/api/workspaces/${workspaceId}/ratchet`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ enabled }),
    });
  const refused = await post(true);
  assert.equal(refused.status, 409);
  assert.match(refused.json.detail, /SNAPBOARD_RATCHET_COMMAND/);
  assert.equal((await post(false)).status, 200);
  const tool = (position) =>
    spawnSync(binary, ["ratchet", "branch-0", position, "--socket", server.announced.socket], { cwd: repo, env: sandbox.env, encoding: "utf8" });
  const told = tool("on");
  assert.notEqual(told.status, 0);
  assert.match(told.stderr, /SNAPBOARD_RATCHET_COMMAND/);
  assert.equal(tool("off").status, 0);
  assert.equal((await cards(server)).get("branch-0").ratchetEnabled, false);
});

test("the page switches with its cookie, and another page does not", async (t) => {
  const it = await failing(t, "sleep 1000; :");
  const exchanged = await it.server.get(`/?token=${TOKEN}`, { headers: { authorization: undefined } });
  const cookie = exchanged.headers["set-cookie"][0].split(";")[0];
  const post = (origin, site) =>
    it.server.request(`/api/workspaces/${it.workspaceId}/ratchet`, {
      method: "POST",
      headers: { authorization: undefined, cookie, origin, "sec-fetch-site": site, "content-type": "application/json" },
      body: '{"enabled":true}',
    });
  assert.equal((await post("https://evil.example", "cross-site")).status, 403);
  assert.equal((await it.card()).ratchetEnabled, false);
  const foreign = await it.server.get(`/api/workspaces/${it.workspaceId}/fixer/output`, {
    headers: { authorization: undefined },
  });
  assert.equal(foreign.status, 401, "its output needs the token");
  assert.equal((await post(it.server.url.origin, "same-origin")).status, 200);
  assert.equal((await it.card()).ratchetEnabled, true);
});
