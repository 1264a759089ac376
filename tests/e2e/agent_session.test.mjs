// A scripted Claude Code session: the documented hook payloads in their documented order, each sent by the real
// `snapboard hook`, with a real process as the agent and the status file the agent would keep.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Sandbox, binary, eventually } from "./support.mjs";

const fixtures = new URL("../../src/domains/session/tests/fixtures/", import.meta.url);
const SESSION = "5b0a3f0e-8f4d-4c5e-9a53-0f0f6c2a1d11";
const SHOWN_WITHIN_MS = 1_000; // an interrupt or an approval, which no hook tells
const CRASH_WITHIN_MS = 2_000;
const PATIENCE_MS = 15_000; // for what the promise sets no time

/** Claude Code as the board sees it: a process, its hooks, its status file. */
class Agent {
  constructor(t, sandbox, worktree) {
    this.sandbox = sandbox;
    this.worktree = worktree;
    this.version = 0;
    this.process = spawn("sleep", ["1000"], { stdio: "ignore" });
    this.sessions = path.join(sandbox.env.HOME, ".claude", "sessions");
    mkdirSync(this.sessions, { recursive: true });
    t.after(() => this.process.kill("SIGKILL"));
  }

  /** One documented payload, moved into our worktree, through the real shim. */
  hook(name, changes = {}) {
    const payload = { ...JSON.parse(readFileSync(new URL(`${name}.json`, fixtures), "utf8")), cwd: this.worktree, ...changes };
    const done = spawnSync(binary, ["hook", "claude"], {
      input: JSON.stringify(payload),
      cwd: this.worktree,
      env: { ...this.sandbox.env, CLAUDE_PID: String(this.process.pid), CLAUDE_PROJECT_DIR: this.worktree },
      encoding: "utf8",
    });
    assert.equal(done.status, 0, "a hook never fails its agent");
    assert.equal(done.stdout + done.stderr, "", "what a hook prints, the agent's model reads");
  }

  status(status, waitingFor) {
    this.version += 1;
    const file = path.join(this.sessions, `${this.process.pid}.json`);
    const text = { pid: this.process.pid, sessionId: SESSION, cwd: this.worktree, status, waitingFor, statusUpdatedAt: this.version };
    writeFileSync(`${file}.new`, JSON.stringify(text));
    renameSync(`${file}.new`, file);
  }
}

async function board(t) {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const worktree = sandbox.worktree(repo, "auth");
  const agent = new Agent(t, sandbox, worktree);
  const server = await sandbox.serve(repo);
  const card = async () => (await server.snapshot()).entries.find((entry) => entry.worktreePath === worktree);
  const shows = (code, withinMs = PATIENCE_MS) =>
    eventually(
      code,
      async () => {
        const entry = await card();
        return entry?.statusReason.code === code ? entry : undefined;
      },
      withinMs,
    );
  return { sandbox, repo, agent, server, card, shows };
}

test("a session walks its card from the start to the crash", async (t) => {
  const { agent, shows } = await board(t);
  await shows("NO_SESSION_STARTED");
  agent.hook("claude-session-start");
  await shows("STARTING_SESSION");
  agent.hook("claude-user-prompt-submit");
  await shows("AGENT_WORKING");
  agent.hook("claude-pre-tool-use");
  agent.hook("claude-permission-request");
  const asked = await shows("NEEDS_PERMISSION");
  assert.equal(asked.pendingRequests.length, 1);
  assert.equal(asked.pendingRequests[0].requestId, "toolu_01AAAA", "named by the tool it is about");
  agent.hook("claude-post-tool-use");
  const working = await shows("AGENT_WORKING");
  assert.deepEqual(working.pendingRequests, []);
  agent.hook("claude-permission-request-plan");
  await shows("NEEDS_PLAN_APPROVAL");
  agent.hook("claude-permission-request-question");
  await shows("NEEDS_ANSWER");
  agent.hook("claude-stop");
  await shows("READY_FOR_NEXT_PROMPT");
  agent.hook("claude-user-prompt-submit");
  await shows("AGENT_WORKING");
  agent.process.kill("SIGKILL");
  const crashed = await shows("SESSION_ERROR", CRASH_WITHIN_MS);
  assert.equal(crashed.sessionSummaries[0].lastExit.unexpected, true);
  assert.equal(crashed.sessionSummaries[0].processState, "stopped");
});

test("an approval and an interrupt, which send no hook, show through the status file", async (t) => {
  const { agent, shows } = await board(t);
  agent.status("idle");
  agent.hook("claude-session-start");
  await shows("READY_FOR_NEXT_PROMPT");
  agent.hook("claude-user-prompt-submit");
  agent.status("busy");
  agent.hook("claude-pre-tool-use");
  agent.hook("claude-permission-request");
  agent.status("waiting", "permission prompt");
  await shows("NEEDS_PERMISSION");
  agent.status("busy");
  await shows("AGENT_WORKING", SHOWN_WITHIN_MS);
  agent.status("idle");
  await shows("READY_FOR_NEXT_PROMPT", SHOWN_WITHIN_MS);
});

test("hooks that find no server are told to the next one", async (t) => {
  const { sandbox, repo, agent, server, shows } = await board(t);
  agent.hook("claude-session-start");
  await shows("STARTING_SESSION");
  await server.stop();
  agent.hook("claude-user-prompt-submit");
  agent.hook("claude-permission-request-question");
  const next = await sandbox.serve(repo);
  const entry = await eventually("the question", async () =>
    (await next.snapshot()).entries.find((one) => one.statusReason.code === "NEEDS_ANSWER"),
  );
  assert.equal(entry.pendingRequests.length, 1);
  await next.stop();
  agent.process.kill("SIGKILL");
  await eventually("the agent is gone", () => agent.process.signalCode !== null);
  const last = await sandbox.serve(repo);
  const states = (await last.snapshot()).entries.map((one) => one.statusReason.code);
  assert.ok(states.includes("SESSION_ERROR"), "who died meanwhile has ended before anything is shown");
});

test("megabytes of input and output arrive small and still tell two requests apart", async (t) => {
  const { agent, shows } = await board(t);
  const content = 'é😀"\\\n\u0001'.repeat(100_000);
  const write = (text) => ({ tool_name: "Write", tool_input: { file_path: "/x", content: text } });
  agent.hook("claude-user-prompt-submit", { prompt: content });
  agent.hook("claude-pre-tool-use", { ...write(content), tool_use_id: "toolu_first" });
  agent.hook("claude-pre-tool-use", { ...write(`${content}!`), tool_use_id: "toolu_second" });
  agent.hook("claude-permission-request", write(content));
  const asked = await shows("NEEDS_PERMISSION");
  assert.equal(asked.pendingRequests[0].requestId, "toolu_first");
  agent.hook("claude-post-tool-use", { ...write(content), tool_use_id: "toolu_first", tool_response: { stdout: content } });
  await shows("AGENT_WORKING");
});

test("what is no hook, or has no server, harms nobody", async (t) => {
  const sandbox = new Sandbox(t);
  for (const [args, input] of [
    [["hook"], "{}"],
    [["hook", "claude"], ""],
    [["hook", "claude"], "not json\nat all"],
    [["hook", "../../etc"], "{}"],
    [["hook", "claude", "--socket", "/nowhere"], '{"session_id":"s"}'],
  ]) {
    const done = spawnSync(binary, args, { input, env: sandbox.env, encoding: "utf8" });
    assert.equal(done.status, 0);
    assert.equal(done.stdout + done.stderr, "");
  }
});
