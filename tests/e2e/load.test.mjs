// Many clients of every kind at once, by snapboard-load: cut, stalled, and with a server that restarts. It checks every
// message by itself and fails when a client does not show at the end what the server shows. SB_LOAD_CLIENTS and
// SB_LOAD_SECONDS give other sizes (./dev bench: 1,000 clients).
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { Producer, Sandbox, Stream, TOKEN, binary, eventually } from "./support.mjs";

const CLIENTS = Number(process.env.SB_LOAD_CLIENTS ?? 60);
const SECONDS = Number(process.env.SB_LOAD_SECONDS ?? 2);
const WORKSPACES = CLIENTS >= 1_000 ? 200 : 40;
const RATE = CLIENTS >= 1_000 ? 1_000 : 200;
const generator = path.join(path.dirname(binary), "snapboard-load");

/** Starts the generator; `report` resolves to {code, ...what it says}. */
function load(t, server, ...flags) {
  const { hostname, port } = server.url;
  const child = spawn(
    generator,
    ["--host", hostname, "--port", port, "--pid", server.pid, "--json", "--settle-seconds", "60", ...flags].map(String),
    { env: { SNAPBOARD_TOKEN: TOKEN }, stdio: ["ignore", "pipe", "inherit"] },
  );
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  const report = once(child, "close").then(([code]) => {
    assert.ok(text, `the generator ended with ${code} and said nothing`);
    return { code, ...JSON.parse(text) };
  });
  return report;
}

/** A fifth of the clients of each kind. */
function mixed() {
  const each = String(CLIENTS / 5);
  return ["--dialect1", each, "--sync", each, "--where", each, "--sse", each, "--poll", each, "--workspaces", WORKSPACES, "--mixed"];
}

function assertRight(report) {
  assert.deepEqual(report.examples, []);
  assert.equal(report.violations, 0);
  assert.equal(report.resets, 0, "nobody is reset who could be resumed");
  assert.equal(report.lost, 0, "what was confirmed is shown");
  assert.equal(report.equal, CLIENTS, "all show what the server shows");
  assert.equal(report.code, 0);
}

test(`${CLIENTS} clients of all kinds, cut at random bytes, end with the view of the server`, async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const report = await load(t, server, ...mixed(), "--rate", RATE, "--seconds", SECONDS, "--cut-every", SECONDS / 4);
  t.diagnostic(`${report.cuts} cuts, ${report.resumes} resumed, ${report.accepted} events, equal ${report.settleSeconds.toFixed(2)} s after the last`);
  assertRight(report);
  assert.ok(report.cuts > 0 && report.resumes > 0);
  assert.ok(report.phases[0].deliveries > 0);
});

test(`a server restarted under ${CLIENTS} clients has all of them back, and right`, async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const first = await sandbox.serve(repo);
  const report = load(t, first, ...mixed(), "--rate", RATE / 10, "--seconds", SECONDS + 2);
  await eventually("all clients are there", async () => (await first.metric("snapboard_websocket_connections")) >= (CLIENTS * 4) / 5);
  const connected = await first.metric("snapboard_revision");
  await eventually("events are sent", async () => (await first.metric("snapboard_revision")) > connected + 20);
  await first.stop();
  await sandbox.serve(repo, "--listen", first.url.host);
  const told = await report;
  t.diagnostic(`all back ${told.longestOutageSeconds.toFixed(2)} s after the first was lost`);
  assertRight(told);
  assert.ok(told.resetsOfNewEpoch > 0, "the new life of the server was noticed");
  assert.ok(told.longestOutageSeconds > 0, "the clients noticed as well");
});

test("stalled clients do not hold up the others, and get what they missed", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const stalled = Math.max(1, (100 * 2) / CLIENTS);
  const report = await load(t, server, ...mixed(), "--rate", RATE, "--seconds", SECONDS, "--stall-percent", CLIENTS >= 1_000 ? 1 : stalled);
  for (const phase of report.phases) {
    t.diagnostic(`${phase.name}: p99 ${(phase.toEachMicros.p99 / 1_000).toFixed(1)} ms, resident ${(phase.residentBytes / 2 ** 20).toFixed(1)} MiB`);
  }
  assertRight(report);
  assert.equal(report.phases.length, 2);
});

test("a CI change with all that derives from it is a small frame of dialect 2, and rest is heartbeats only", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const producer = new Producer("agents/frames");
  const say = async (type, data) => assert.equal((await server.post(producer.event(type, "w1", data))).status, 200);
  const pullRequest = (prCiStatus) => ({ prNumber: 7, prState: "OPEN", prCiStatus, prUrl: "https://example.org/pr/7" });
  await say("workspace.state_changed", { projectId: "frames", status: "READY", name: "Alpha" });
  await say("github.pr_snapshot_updated", pullRequest("PENDING"));
  const stream = await Stream.open(`ws://${server.url.host}/sync`);
  const sizes = [];
  stream.socket.on("message", (data) => sizes.push(data.length));
  stream.socket.send(JSON.stringify({ type: "hello", protocol: 2, patch: true, heartbeatMs: 500, view: { projectId: "frames" } }));
  await stream.message("the baseline", (message) => message.type === "batch");
  const from = stream.messages.length;
  await say("github.pr_snapshot_updated", pullRequest("FAILURE"));
  const change = await stream.message("the change", (message) => message.type === "batch", { from });
  const bytes = sizes[stream.messages.indexOf(change)];
  t.diagnostic(`${bytes} bytes: ${Object.keys(change.ops[0].set).join(" ")}`);
  assert.ok(bytes < 600, `${bytes} bytes`);
  const rest = stream.messages.length;
  await stream.message("two heartbeats", () => stream.messages.length >= rest + 2);
  assert.deepEqual([...new Set(stream.messages.slice(rest).map((message) => message.type))], ["mark"]);
});
