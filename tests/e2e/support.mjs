// What every end-to-end suite needs: a git repository made by git itself, the real program started on it, plain HTTP
// with headers a browser would never send, and a WebSocket client that is not ours.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import WebSocket from "ws";

export const TOKEN = "end-to-end-token-of-32-characters";
const START_TIMEOUT_MS = 20_000;
const POLL_MS = 20;

export const binary = process.env.SNAPBOARD_BIN;
if (!binary) throw new Error("set SNAPBOARD_BIN to the program under test");

// ---- time ----------------------------------------------------------------------------------------------------------

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Asks until `probe` answers something truthy; fails with its last answer after `timeoutMs`. */
export async function eventually(what, probe, timeoutMs = 10_000) {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    let last;
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what} (last: ${last})`);
    await pause(POLL_MS);
  }
}

// ---- a place of its own --------------------------------------------------------------------------------------------

/** A folder that holds everything of one test: HOME, data, runtime files, repositories. Removed after the test. */
export class Sandbox {
  constructor(t) {
    this.root = realpathSync(mkdtempSync(path.join(os.tmpdir(), "sb-e2e-")));
    for (const name of ["home", "run"]) mkdirSync(this.path(name), { mode: 0o700 });
    this.env = {
      PATH: process.env.PATH,
      HOME: this.path("home"),
      XDG_RUNTIME_DIR: this.path("run"),
      TMUX_TMPDIR: this.path("run"),
      GIT_CONFIG_NOSYSTEM: "1",
      GIT_AUTHOR_NAME: "Ada",
      GIT_AUTHOR_EMAIL: "ada@example.org",
      GIT_COMMITTER_NAME: "Ada",
      GIT_COMMITTER_EMAIL: "ada@example.org",
      LC_ALL: "C.UTF-8",
      SNAPBOARD_TOKEN: TOKEN,
    };
    this.servers = [];
    t.after(async () => {
      for (const server of this.servers) await server.kill();
      rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
    });
  }

  path(...parts) {
    return path.join(this.root, ...parts);
  }

  git(cwd, ...args) {
    const done = spawnSync("git", args, { cwd, env: this.env, encoding: "utf8" });
    if (done.status !== 0) throw new Error(`git ${args.join(" ")}: ${done.stderr}`);
    return done.stdout.trim();
  }

  /** A repository with one commit on main. */
  repository(name = "repo") {
    const dir = this.path(name);
    mkdirSync(dir, { recursive: true });
    this.git(dir, "init", "-q", "-b", "main");
    writeFileSync(path.join(dir, "file.txt"), "one\ntwo\nthree\n");
    this.git(dir, "add", ".");
    this.git(dir, "commit", "-q", "-m", "first");
    return dir;
  }

  /** A linked worktree on a new branch of the same name; answers its path. */
  worktree(repo, name) {
    const dir = this.path(`wt-${name.replaceAll("/", "-")}`);
    this.git(repo, "worktree", "add", "-q", "-b", name, dir);
    return dir;
  }

  /** Starts `snapboard serve` in `repo` and waits until it is ready. */
  async serve(repo, ...flags) {
    const server = new Server(this, repo, flags);
    this.servers.push(server);
    await server.ready();
    return server;
  }
}

// ---- what it starts -----------------------------------------------------------------------------------------------

/** Every living process whose environment carries a run's mark and the folder of this test. */
export function supervised(sandbox) {
  const found = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const environ = readFileSync(`/proc/${pid}/environ`, "latin1");
      if (!environ.includes("\0SNAPBOARD_RUN=") && !environ.startsWith("SNAPBOARD_RUN=")) continue;
      if (!environ.includes(`HOME=${sandbox.path("home")}`)) continue;
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      if (state !== "Z") found.push({ pid: Number(pid), parent: Number(parent), cmd: readFileSync(`/proc/${pid}/cmdline`, "latin1") });
    } catch {
      // it ended while we looked
    }
  }
  return found;
}

// ---- the program ---------------------------------------------------------------------------------------------------

export class Server {
  constructor(sandbox, repo, flags) {
    this.sandbox = sandbox;
    this.startedAt = performance.now();
    const listen = flags.includes("--listen") ? [] : ["--listen", "127.0.0.1:0"];
    this.child = spawn(
      binary,
      ["serve", ...listen, "--data-dir", sandbox.path("data"), "--no-open", "--print-ready", ...flags],
      { cwd: repo, env: sandbox.env, stdio: ["ignore", "pipe", "pipe"] },
    );
    this.log = "";
    this.child.stderr.on("data", (chunk) => (this.log += chunk));
    this.exited = once(this.child, "exit").then(([code, signal]) => ({ code, signal }));
  }

  get pid() {
    return this.child.pid;
  }

  async ready() {
    const lines = createInterface({ input: this.child.stdout });
    let timer;
    const tooLate = new Promise((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not ready within ${START_TIMEOUT_MS} ms:\n${this.log}`)), START_TIMEOUT_MS);
    });
    const line = await Promise.race([
      once(lines, "line").then(([text]) => text),
      this.exited.then(({ code, signal }) => {
        throw new Error(`the server ended before it was ready (${code ?? signal}):\n${this.log}`);
      }),
      tooLate,
    ]).finally(() => clearTimeout(timer));
    this.readyAfterMs = performance.now() - this.startedAt;
    this.announced = JSON.parse(line);
    this.url = new URL(this.announced.url);
  }

  /** One request. `options`: method, headers (undefined removes a default), body, json. Answers {status, headers, text, json}. */
  async request(target, options = {}) {
    return httpRequest({ host: this.url.hostname, port: this.url.port }, target, options);
  }

  async get(target, options = {}) {
    return this.request(target, options);
  }

  /** Posts CloudEvents: one object, or an array as a batch. */
  async post(events, options = {}) {
    const type = Array.isArray(events) ? "application/cloudevents-batch+json" : "application/cloudevents+json";
    return this.request("/api/events", {
      method: "POST",
      body: JSON.stringify(events),
      ...options,
      headers: { "content-type": type, ...options.headers },
    });
  }

  async entry(id) {
    const answer = await this.get(`/api/workspaces/${encodeURIComponent(id)}`);
    if (answer.status !== 200) throw new Error(`workspace ${id}: ${answer.status} ${answer.text}`);
    return answer.json.entry;
  }

  /** The snapshot of the project served by default, or of `projectId`. */
  async snapshot(projectId) {
    const id = projectId ?? (await this.project()).id;
    const answer = await this.get(`/api/projects/${encodeURIComponent(id)}/snapshot`);
    if (answer.status !== 200) throw new Error(`snapshot of ${id}: ${answer.status} ${answer.text}`);
    return answer.json;
  }

  /** The first registered project that has a repository. */
  async project() {
    const answer = await this.get("/api/projects");
    return answer.json.find((project) => project.repoPath);
  }

  /** The value of one Prometheus sample without labels, or the sum over its labels. */
  async metric(name) {
    const { text } = await this.get("/metrics");
    const samples = text.split("\n").filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    if (samples.length === 0) throw new Error(`no metric ${name}`);
    return samples.reduce((sum, line) => sum + Number(line.split(" ").at(-1)), 0);
  }

  stream(projectId, { query = "", ...options } = {}) {
    const url = `ws://${this.url.host}/snapshots?projectId=${encodeURIComponent(projectId)}${query}`;
    return Stream.open(url, options);
  }

  /** Waits until git has looked at every worktree and nothing was spawned for a while. */
  async settled(quietMs = 1_000) {
    let last = -1;
    let since = Date.now();
    await eventually(
      "git is quiet",
      async () => {
        const now = await this.metric("snapboard_processes_spawned_total");
        if (now !== last) {
          last = now;
          since = Date.now();
        }
        const { entries } = await this.snapshot();
        const known = entries.every((entry) => entry.gitStats !== null || entry.problem !== null);
        return known && Date.now() - since >= quietMs;
      },
      60_000,
    );
  }

  /** Sends a signal and answers how it ended and how long that took. */
  async stop(signal = "SIGTERM") {
    const started = performance.now();
    this.child.kill(signal);
    const ended = await this.exited;
    return { ...ended, tookMs: performance.now() - started };
  }

  async kill() {
    if (this.child.exitCode === null && this.child.signalCode === null) await this.stop("SIGKILL");
  }
}

export function httpRequest(where, target, { method = "GET", headers = {}, body } = {}) {
  const all = { authorization: `Bearer ${TOKEN}`, ...headers };
  for (const [name, value] of Object.entries(all)) if (value === undefined) delete all[name];
  return new Promise((resolve, reject) => {
    let answered = false;
    const request = http.request({ ...where, path: target, method, headers: all, agent: false }, (response) => {
      answered = true;
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString("utf8");
        const isJson = /[/+]json/.test(response.headers["content-type"] ?? "");
        resolve({ status: response.statusCode, headers: response.headers, text, json: isJson && text ? JSON.parse(text) : undefined });
      });
    });
    // A server that refuses a large body answers first and then closes: the broken pipe is not the answer.
    request.on("error", (error) => (answered ? undefined : reject(error)));
    request.end(body);
  });
}

// ---- the stream ----------------------------------------------------------------------------------------------------

/** Dialect 1 as npm `ws` sees it. Keeps every message and the entries as a consumer would hold them. */
export class Stream {
  static async open(url, { headers = {}, ...options } = {}) {
    const stream = new Stream();
    const all = { authorization: `Bearer ${TOKEN}`, ...headers };
    for (const [name, value] of Object.entries(all)) if (value === undefined) delete all[name];
    stream.socket = new WebSocket(url, { headers: all, perMessageDeflate: false, ...options });
    stream.messages = [];
    stream.entries = new Map();
    stream.socket.on("message", (data) => stream.#take(JSON.parse(data.toString("utf8"))));
    stream.closed = once(stream.socket, "close").then(([code, reason]) => ({ code, reason: reason.toString() }));
    stream.closed.catch(() => {});
    await new Promise((resolve, reject) => {
      stream.socket.once("open", resolve);
      stream.socket.once("unexpected-response", (_request, response) => {
        reject(Object.assign(new Error(`refused with ${response.statusCode}`), { status: response.statusCode, headers: response.headers }));
        response.destroy();
      });
      stream.socket.once("error", reject);
    });
    return stream;
  }

  #take(message) {
    this.messages.push(message);
    if (message.cursor) this.cursor = message.cursor;
    if (message.type === "snapshot_full") this.entries = new Map(message.entries.map((entry) => [entry.workspaceId, entry]));
    if (message.type === "snapshot_changed") this.entries.set(message.workspaceId, message.entry);
    if (message.type === "snapshot_removed") this.entries.delete(message.workspaceId);
  }

  /** Waits for a message that matches; `from` skips the ones before that index. */
  async message(what, matches, { from = 0, timeoutMs = 5_000 } = {}) {
    return eventually(`message: ${what}`, () => this.messages.slice(from).find(matches), timeoutMs);
  }

  async baseline() {
    return this.message("snapshot_full", (message) => message.type === "snapshot_full");
  }

  close() {
    this.socket.close();
    return this.closed;
  }
}

// ---- events --------------------------------------------------------------------------------------------------------

/** A producer with its own sequence. */
export class Producer {
  constructor(source, epoch) {
    this.source = source;
    this.epoch = epoch;
    this.sequence = 0;
  }

  event(type, subject, data = {}, extra = {}) {
    this.sequence += 1;
    return {
      specversion: "1.0",
      id: `${this.epoch ?? "life"}-${this.sequence}`,
      source: this.source,
      type,
      ...(subject === undefined ? {} : { subject }),
      sequence: String(this.sequence),
      ...(this.epoch === undefined ? {} : { sourceepoch: this.epoch }),
      data,
      ...extra,
    };
  }
}

/** A server with a repository on its board, and a producer whose events it takes. */
export async function servedWithProducer(t) {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const server = await sandbox.serve(repo);
  const producer = new Producer("agents/one");
  const send = async (type, subject, data) => {
    const answer = await server.post(producer.event(type, subject, data));
    assert.equal(answer.status, 200, answer.text);
  };
  return { sandbox, repo, server, producer, send };
}

/** A complete SessionSummary of the contract. */
export function session(id, overrides = {}) {
  return {
    sessionId: id,
    name: "Session",
    workflow: null,
    model: "a-model",
    provider: "CLAUDE",
    persistedStatus: "RUNNING",
    runtimePhase: "running",
    processState: "alive",
    activity: "WORKING",
    updatedAt: "2026-03-04T05:06:07.000Z",
    lastExit: null,
    errorMessage: null,
    ...overrides,
  };
}

export function readText(file) {
  return readFileSync(file, "utf8");
}
