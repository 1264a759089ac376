// `snapboard integrate`: what it shows, what it writes, and that the hooks it wrote reach the board.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, lstatSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Sandbox, binary, eventually } from "./support.mjs";

const fixtures = new URL("../../src/domains/session/tests/fixtures/", import.meta.url);

function integrate(sandbox, cwd, ...args) {
  const done = spawnSync(binary, ["integrate", ...args], { cwd, env: sandbox.env, input: "", encoding: "utf8" });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

test("nothing is written before it was shown and agreed to", (t) => {
  const sandbox = new Sandbox(t);
  const file = sandbox.path("home", ".claude", "settings.json");
  const shown = integrate(sandbox, sandbox.root, "claude");
  assert.equal(shown.code, 0);
  assert.match(shown.out, /^\+\+\+ .*\.claude\/settings\.json$/m);
  assert.match(shown.out, /^\+ +"args": \["hook", "claude"\]/m);
  assert.match(shown.out, /--yes writes it/);
  assert.ok(!existsSync(file));

  assert.equal(integrate(sandbox, sandbox.root, "claude", "--yes").code, 0);
  assert.match(integrate(sandbox, sandbox.root, "claude", "--yes").out, /as it should be/);
  assert.equal(integrate(sandbox, sandbox.root, "claude", "--remove", "--yes").code, 0);
  assert.ok(!existsSync(file), "nothing but ours was in it");
});

test("a linked file with settings of the user stays a link, keeps its rights and its other settings", (t) => {
  const sandbox = new Sandbox(t);
  const real = sandbox.path("dotfiles.json");
  const theirs = '{\n  "model": "opus",\n  "hooks": {\n    "Stop": [{ "hooks": [{ "type": "command", "command": "say" }] }]\n  }\n}\n';
  writeFileSync(real, theirs, { mode: 0o600 });
  mkdirSync(sandbox.path("home", ".claude"));
  const link = sandbox.path("home", ".claude", "settings.json");
  symlinkSync(real, link);
  assert.equal(integrate(sandbox, sandbox.root, "claude", "--user", "--yes").code, 0);
  assert.ok(lstatSync(link).isSymbolicLink());
  assert.equal(statSync(real).mode & 0o777, 0o600);
  const made = JSON.parse(readFileSync(real, "utf8"));
  assert.equal(made.model, "opus");
  assert.equal(made.hooks.Stop.length, 2);
  assert.equal(integrate(sandbox, sandbox.root, "claude", "--remove", "--yes").code, 0);
  assert.equal(readFileSync(real, "utf8"), theirs);
});

test("what was there before comes back to the byte, also a file with nothing in it", (t) => {
  const sandbox = new Sandbox(t);
  for (const [agent, ...file] of [["claude", ".claude", "settings.json"], ["cursor", ".cursor", "hooks.json"]]) {
    const settings = sandbox.path("home", ...file);
    mkdirSync(path.dirname(settings));
    for (const theirs of ["", "{}", "{ }\n", '{"hooks": {"stop": [], "Stop": [ ]}}', '{"version": 1}', '{ "hooks": {},\n  "theme": "dark" }\n']) {
      writeFileSync(settings, theirs, { mode: 0o640 });
      assert.match(integrate(sandbox, sandbox.root, agent, "--remove", "--yes").out, /holds nothing of ours/);
      assert.equal(readFileSync(settings, "utf8"), theirs);
      assert.equal(integrate(sandbox, sandbox.root, agent, "--yes").code, 0);
      assert.match(readFileSync(settings, "utf8"), /hook/);
      assert.equal(integrate(sandbox, sandbox.root, agent, "--remove", "--yes").code, 0);
      assert.equal(readFileSync(settings, "utf8"), theirs, agent);
      assert.equal(statSync(settings).mode & 0o777, 0o640);
    }
  }
});

test("a file of the user that was empty stays when it was given settings meanwhile, or lost them again", (t) => {
  const sandbox = new Sandbox(t);
  const settings = sandbox.path("home", ".claude", "settings.json");
  mkdirSync(path.dirname(settings));
  writeFileSync(settings, "{}");
  assert.equal(integrate(sandbox, sandbox.root, "claude", "--yes").code, 0);
  writeFileSync(settings, JSON.stringify({ ...JSON.parse(readFileSync(settings, "utf8")), model: "opus" }));
  assert.equal(integrate(sandbox, sandbox.root, "claude", "--remove", "--yes").code, 0);
  assert.deepEqual(JSON.parse(readFileSync(settings, "utf8")), { model: "opus" });
  // What was kept of the first time says nothing about a second.
  writeFileSync(settings, '{"model": "sonnet"}');
  assert.equal(integrate(sandbox, sandbox.root, "claude", "--yes").code, 0);
  assert.equal(integrate(sandbox, sandbox.root, "claude", "--remove", "--yes").code, 0);
  assert.equal(readFileSync(settings, "utf8"), '{"model": "sonnet"}');
});

test("a link stays one, also where it leads to nothing", (t) => {
  const sandbox = new Sandbox(t);
  const settings = sandbox.path("home", ".claude", "settings.json");
  mkdirSync(path.dirname(settings));
  mkdirSync(sandbox.path("dotfiles"));
  symlinkSync("../../dotfiles/claude.json", settings); // a chain: relative, then absolute
  symlinkSync(sandbox.path("real.json"), sandbox.path("dotfiles", "claude.json"));
  for (const theirs of [undefined, "{}\n"]) {
    if (theirs !== undefined) writeFileSync(sandbox.path("real.json"), theirs);
    assert.equal(integrate(sandbox, sandbox.root, "claude", "--yes").code, 0);
    assert.match(readFileSync(sandbox.path("real.json"), "utf8"), /"hook", "claude"/);
    assert.equal(integrate(sandbox, sandbox.root, "claude", "--remove", "--yes").code, 0);
    assert.ok(lstatSync(settings).isSymbolicLink());
    assert.ok(lstatSync(sandbox.path("dotfiles", "claude.json")).isSymbolicLink());
    assert.equal(existsSync(sandbox.path("real.json")), theirs !== undefined, "as before");
    if (theirs !== undefined) assert.equal(readFileSync(sandbox.path("real.json"), "utf8"), theirs);
  }
});

test("what cannot be read is left alone", (t) => {
  const sandbox = new Sandbox(t);
  mkdirSync(sandbox.path("home", ".gemini"));
  const file = sandbox.path("home", ".gemini", "settings.json");
  writeFileSync(file, "{ // mine\n}");
  const refused = integrate(sandbox, sandbox.root, "gemini", "--yes");
  assert.equal(refused.code, 1);
  assert.match(refused.err, /settings\.json/);
  assert.equal(readFileSync(file, "utf8"), "{ // mine\n}");
  assert.equal(integrate(sandbox, sandbox.root, "nobody", "--yes").code, 1);
});

test("the hooks it wrote into a project move the card", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  for (const [agent, file, event, payload, code] of [
    ["claude", ".claude/settings.local.json", "PermissionRequest", "claude-permission-request", "NEEDS_PERMISSION"],
    ["codex", ".codex/hooks.json", "PermissionRequest", "codex-hook-permission-request", "NEEDS_PERMISSION"],
  ]) {
    assert.equal(integrate(sandbox, repo, agent, "--project", "--yes").code, 0);
    const [handler] = JSON.parse(readFileSync(path.join(repo, file), "utf8")).hooks[event].flatMap((group) => group.hooks);
    const hook = { ...JSON.parse(readFileSync(new URL(`${payload}.json`, fixtures), "utf8")), cwd: repo };
    // As the agents run it: words as they are, a line through the shell.
    const [program, args] = handler.args ? [handler.command, handler.args] : ["/bin/sh", ["-c", handler.command]];
    const done = spawnSync(program, args, { cwd: repo, env: sandbox.env, input: JSON.stringify(hook), encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
    const entry = await eventually(code, async () =>
      (await server.snapshot()).entries.find((one) => one.sessionSummaries.some((s) => s.sessionId.startsWith(`${agent}:`) || s.sessionId.includes(agent))),
    );
    assert.equal(entry.statusReason.code, code);
  }
});
