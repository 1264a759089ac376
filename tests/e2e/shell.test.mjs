// `snapboard shell` as a user sits in it: on a real terminal, with a real shell, with and without a server.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Sandbox, binary, eventually } from "./support.mjs";

const PATIENT_MS = 30_000;
const bridge = path.join(import.meta.dirname, "terminal_bridge.py");

/** A terminal with a program on it. */
class Terminal {
  constructor(t, sandbox, cwd, ...argv) {
    this.screen = "";
    this.child = spawn("python3", [bridge, "24", "80", ...argv], {
      cwd,
      env: { ...sandbox.env, SHELL: "/bin/bash", TERM: "xterm", PS1: "> ", ENV: "" },
    });
    this.child.stdout.setEncoding("utf8").on("data", (text) => (this.screen += text));
    this.told = {};
    let rest = "";
    this.child.stderr.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop();
      for (const line of lines) Object.assign(this.told, JSON.parse(line));
    });
    this.closed = once(this.child, "close");
    t.after(() => this.child.kill("SIGKILL"));
  }

  order(order) {
    this.child.stdin.write(JSON.stringify(order) + "\n");
  }
  type(text) {
    this.order({ type: text });
  }
  /** Waits until the screen shows `text`, and answers all of it; begins anew then. */
  async shows(text) {
    await eventually(`the screen shows ${JSON.stringify(text)}: ${this.screen}`, () => this.screen.includes(text), PATIENT_MS);
    const seen = this.screen;
    this.screen = "";
    return seen;
  }
  /** The exit code, and whether the modes of the terminal came back. */
  async exit() {
    await this.closed;
    return this.told;
  }
}

function bash(sandbox) {
  writeFileSync(path.join(sandbox.path("home"), ".bashrc"), "PS1='ready> '\nunset PROMPT_COMMAND\n");
}

async function board(t) {
  const sandbox = new Sandbox(t);
  bash(sandbox);
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  const id = (await server.snapshot()).entries[0].workspaceId;
  const terminals = async () => (await server.entry(id)).terminals;
  const becomes = (state) =>
    eventually(`the terminal is ${state}`, async () => (await terminals()).find((one) => one.state === state), PATIENT_MS);
  return { sandbox, repo, server, id, terminals, becomes };
}

async function shellIn(t, sandbox, repo, workspace = ".") {
  const terminal = new Terminal(t, sandbox, repo, binary, "shell", workspace);
  await terminal.shows("ready> ");
  return terminal;
}

test("a shell is on the card: idle at its prompt, busy with a command, closed after its end, with its exit code", async (t) => {
  const { sandbox, repo, server, id, becomes } = await board(t);
  const terminal = await shellIn(t, sandbox, repo, path.basename(repo));
  const idle = await becomes("idle");
  assert.match(idle.id, /^shell-/);
  assert.equal((await server.entry(id)).lastActivityAt >= idle.lastActivityAt, true);
  terminal.type("pwd; echo $SNAPBOARD_WORKSPACE; sleep 1000\r");
  const shown = await terminal.shows(id);
  assert.ok(shown.includes(repo), shown);
  const busy = await becomes("busy");
  assert.equal(busy.title, "sleep");
  assert.equal(busy.id, idle.id);
  terminal.type("\u0003");
  await terminal.shows("^C");
  await becomes("idle");
  terminal.type("exit 43\r");
  assert.deepEqual(await terminal.exit(), { pid: terminal.told.pid, exit: 43, modes_restored: true });
  await becomes("closed");
});

test("size, interrupt, job control and paste are those of the user's terminal", async (t) => {
  const { sandbox, repo, terminals, becomes } = await board(t);
  const terminal = await shellIn(t, sandbox, repo);
  terminal.type("stty size\r");
  await terminal.shows("24 80\r\n");
  terminal.order({ resize: [40, 100] });
  terminal.type("stty size\r");
  await eventually("the new size", () => {
    if (terminal.screen.includes("40 100\r\n")) return true;
    terminal.type("stty size\r");
    return false;
  }, PATIENT_MS);
  // Before it is executed, a key that is a signal may be lost in the shell that starts it.
  const sleeps = () => eventually("it sleeps", async () => (await terminals()).find((one) => one.title === "sleep"), PATIENT_MS);
  terminal.type("sleep 1000\r");
  await sleeps();
  terminal.type("\u001a");
  await terminal.shows("Stopped");
  await becomes("idle");
  terminal.type("fg\r");
  await sleeps();
  terminal.type("\u0003");
  await becomes("idle");
  terminal.type("echo alive-$((40+2))\r");
  await terminal.shows("alive-42");
  const text = "x".repeat(3000);
  terminal.type(`cat >paste.txt\r${`${text}\r`.repeat(20)}\u0004`);
  terminal.type("wc -c paste.txt\r");
  await terminal.shows(`${20 * (text.length + 1)} paste.txt`);
  terminal.type("exit\r");
  assert.equal((await terminal.exit()).exit, 0);
});

test("kill -9 of the wrapper closes the terminal on the card and ends its shell", async (t) => {
  const { sandbox, repo, becomes } = await board(t);
  const terminal = await shellIn(t, sandbox, repo);
  terminal.type("echo pid=$$.\r");
  const pid = (await terminal.shows("ready> ")).match(/pid=(\d+)\./)?.[1];
  assert.ok(pid);
  await becomes("idle");
  process.kill(terminal.told.pid, "SIGKILL");
  await becomes("closed");
  assert.equal((await terminal.exit()).exit, -9);
  const gone = () => {
    try {
      return readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1].startsWith("Z");
    } catch {
      return true;
    }
  };
  await eventually("the shell ended", gone, PATIENT_MS);
});

test("a window that is closed ends the shell and closes the terminal on the card", async (t) => {
  const { sandbox, repo, becomes } = await board(t);
  const terminal = await shellIn(t, sandbox, repo);
  await becomes("idle");
  terminal.order({ hangup: true });
  assert.equal((await terminal.exit()).exit, 128 + 1);
  await becomes("closed");
});

test("without a server it is just a shell, and the next server hears of it", async (t) => {
  const sandbox = new Sandbox(t);
  bash(sandbox);
  const repo = sandbox.repository();
  const worktree = sandbox.worktree(repo, "side");
  const terminal = await shellIn(t, sandbox, repo, "side");
  terminal.type("pwd\r");
  assert.ok((await terminal.shows(worktree)).includes(worktree));
  const server = await sandbox.serve(repo);
  const entry = async () => (await server.snapshot()).entries.find((one) => one.worktreePath === worktree);
  const known = await eventually("it is on the card", async () => (await entry()).terminals[0], PATIENT_MS);
  assert.equal(known.state, "idle");
  await server.stop("SIGKILL");
  terminal.type("sleep 1000\r");
  await terminal.shows("sleep 1000");
  const next = await sandbox.serve(repo);
  const now = async () => (await next.snapshot()).entries.find((one) => one.worktreePath === worktree).terminals[0];
  await eventually("what it did meanwhile is heard", async () => (await now()).state === "busy", PATIENT_MS);
  assert.equal((await now()).id, known.id);
});

test("a program that speaks OSC 7501 is answered, passed on, and a session on the card", async (t) => {
  const { sandbox, repo, server, id } = await board(t);
  const agent = sandbox.path("agent.py");
  writeFileSync(
    agent,
    `import os, sys, termios, tty
modes = termios.tcgetattr(0)
tty.setraw(0)
os.write(1, b"\\x1b]7501;?\\x1b\\\\")
answer = b""
while not answer.endswith(b"\\x1b\\\\"): answer += os.read(0, 64)
termios.tcsetattr(0, termios.TCSANOW, modes)
print("answered", answer == b"\\x1b]7501;?\\x1b\\\\", flush=True)
for line in sys.stdin:
    os.write(1, b"\\x1b]7501;" + line.strip().encode() + b":app=robot\\x1b\\\\")
`,
  );
  const terminal = await shellIn(t, sandbox, repo);
  terminal.type(`python3 ${agent}\r`);
  const shown = await terminal.shows("answered True");
  assert.ok(!shown.includes("7501;?"), "the terminal outside is not asked as well");
  const session = async () => (await server.entry(id)).sessionSummaries.find((one) => one.name === "robot");
  terminal.type("state=working\r");
  await terminal.shows("\u001b]7501;state=working:app=robot\u001b\\");
  await eventually("it works", async () => (await session())?.activity === "WORKING", PATIENT_MS);
  terminal.type("state=blocked:kind=question\r");
  await eventually("it waits", async () => (await server.entry(id)).pendingRequestType === "user_question", PATIENT_MS);
  terminal.type("state=idle\r");
  await eventually("it is idle", async () => (await server.entry(id)).pendingRequestType === null, PATIENT_MS);
  assert.equal((await session()).activity, "IDLE");
  terminal.type("\u0004");
  await eventually("it ended, and that was no crash", async () => (await session()).processState === "stopped", PATIENT_MS);
  assert.notEqual((await session()).persistedStatus, "FAILED");
});

test("a text that holds status sequences is shown and makes no session", async (t) => {
  const { sandbox, repo, server, id, becomes } = await board(t);
  const terminal = await shellIn(t, sandbox, repo);
  writeFileSync(sandbox.path("text"), "\u001b]7501;state=blocked:kind=permission:app=evil\u001b\\shown\n");
  terminal.type(`cat ${sandbox.path("text")}\r`);
  await terminal.shows("app=evil\u001b\\shown");
  terminal.type("sleep 1000\r"); // not before: whoever is in the foreground when the text is read has said it
  await becomes("busy");
  assert.deepEqual((await server.entry(id)).sessionSummaries, []);
});

test("a pane of tmux that stands in a workspace is a terminal of it, until it ends", async (t) => {
  const { sandbox, repo, becomes } = await board(t);
  const tmux = (...args) => spawnSync("tmux", ["-f", "/dev/null", ...args], { env: { ...sandbox.env, SHELL: "/bin/sh" } });
  t.after(() => tmux("kill-server"));
  assert.equal(tmux("new-session", "-d", "-s", "work", "-c", repo, "exec sh").status, 0);
  const pane = await becomes("idle");
  assert.match(pane.id, /^tmux-/);
  tmux("send-keys", "-t", "work", "sleep 1000", "Enter");
  assert.equal((await becomes("busy")).title, "sleep");
  tmux("kill-server");
  await becomes("closed");
});

test("what is no workspace, and what is no terminal, is refused in words", async (t) => {
  const { sandbox, repo } = await board(t);
  mkdirSync(sandbox.path("elsewhere"));
  const lost = new Terminal(t, sandbox, sandbox.path("elsewhere"), binary, "shell", ".");
  assert.equal((await lost.exit()).exit, 1);
  assert.match(lost.screen, /no workspace of the board holds /);
  const piped = spawn(binary, ["shell", "."], { cwd: repo, env: sandbox.env, stdio: ["pipe", "pipe", "pipe"] });
  const [code] = await once(piped, "exit");
  assert.equal(code, 2);
});
