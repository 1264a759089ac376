// The server beside what the machine can do at most (bench/limit.cc), in one run: each figure is the median of the
// ratios of rounds in which one follows the other. The server parses, merges, derives, writes its journal and sends; the
// limit only sends. SNAPBOARD_BIN names the server, SB_BENCH_BIN the folder of the limit; SB_BENCH_ROUNDS and
// SB_BENCH_SECONDS the size.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { Producer, Sandbox, TOKEN, binary, eventually } from "../tests/e2e/support.mjs";
import { LINKS_CURL, LINKS_CURL_MS, bench, processCost } from "./process.mjs";
import { median, row } from "./table.mjs";

const ROUNDS = Number(process.env.SB_BENCH_ROUNDS ?? 3);
const SECONDS = Number(process.env.SB_BENCH_SECONDS ?? 3);
const WORKSPACES = 100; // more than updates are under way: none overtakes another
const MANY = 10_000;
const HANDSHAKES = 40_000; // wanted per second
const LIMIT_HANDSHAKES = 52_700; // of the limit where that was wanted
const SHORT_PROCESSES = 30; // of which the median counts
const SERVER_CORE = 0;
const LOAD_CORE = 1;
const RECORDED = "recorded"; // a name no event of the load has
const generator = path.join(path.dirname(binary), "snapboard-load");

/** The server on one core, the load on another, both before everybody else, as far as we may. */
function pin(pid, core) {
  if (os.availableParallelism() < 2) return;
  try {
    execFileSync("taskset", ["-a", "-c", "-p", String(core), String(pid)], { stdio: "ignore" });
    execFileSync("renice", ["-n", "-20", "-p", String(pid)], { stdio: "ignore" });
  } catch {
    // not ours to decide: the ratios remain comparable
  }
}

async function load({ host, port, pid }, ...flags) {
  const child = spawn(
    generator,
    ["--host", host, "--port", port, "--pid", pid, "--json", ...flags].map(String),
    { env: { SNAPBOARD_TOKEN: TOKEN }, stdio: ["ignore", "pipe", "inherit"] },
  );
  pin(child.pid, LOAD_CORE);
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  await once(child, "close");
  const report = JSON.parse(text);
  if (!report.right) throw new Error(`not right: ${JSON.stringify({ ...report, phases: undefined })}`);
  return report;
}

async function serve(t, workspaces) {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository(), "--coalesce-ms", "0", "--max-workspaces", String(workspaces + 10));
  pin(server.pid, SERVER_CORE);
  const where = { host: server.url.hostname, port: server.url.port, pid: server.pid };
  await load(where, "--workspaces", workspaces, "--seconds", 0);
  return { sandbox, server, where };
}

/** A limit program that says what `server` said. `how`: each or joined. */
async function limit(t, { sandbox, server }, how) {
  const stream = await server.stream("load");
  const full = await stream.baseline();
  await server.post(new Producer(`recorder-${how}`).event("workspace.updated", "load-0", { name: `${RECORDED}-${how}` }));
  const changed = await stream.message("the change", ({ entry }) => entry?.name === `${RECORDED}-${how}`);
  await stream.close();
  const files = [sandbox.path("full.json"), sandbox.path("changed.json")];
  [full, changed].forEach((message, i) => writeFileSync(files[i], JSON.stringify(message)));
  const child = spawn(`${bench}/limit`, [how, ...files, "load-0", `${RECORDED}-${how}`], { stdio: ["ignore", "pipe", "inherit"] });
  t.after(() => child.kill("SIGKILL"));
  const [port] = await once(createInterface({ input: child.stdout }), "line");
  pin(child.pid, SERVER_CORE);
  return { host: "127.0.0.1", port, pid: child.pid };
}

/** Reports of the server and of the limit, round for round. */
async function sideBySide(server, limited, ...flags) {
  const rounds = [];
  for (let n = 0; n < ROUNDS; n += 1) {
    rounds.push({ ours: await load(server, ...flags), theirs: await load(limited, "--unchecked", ...flags) });
  }
  return {
    ratio: (figure) => median(rounds.map(({ ours, theirs }) => figure(ours) / figure(theirs))),
    ours: (figure) => median(rounds.map(({ ours }) => figure(ours))),
  };
}

test("deliveries", async (t) => {
  const ours = await serve(t, WORKSPACES);
  const limits = { each: await limit(t, ours, "each"), joined: await limit(t, ours, "joined") };
  for (const subscribers of [100, 1_000, 5_000]) {
    for (const [window, how, least, most] of [[1, "each", 0.95, 1.08], [16, "joined", 0.9, 1.15], [64, "joined", 0.85, 1.15]]) {
      const { ratio } = await sideBySide(ours.where, limits[how], "--dialect1", subscribers, "--workspaces", WORKSPACES,
        "--entries-there", "--window", window, "--warm-up", 0.5, "--seconds", SECONDS);
      const name = `${subscribers} subscribers, ${window} under way`;
      row(`deliveries per second, ${name}, of the limit`, { measured: ratio(({ phases }) => phases[0].deliveriesPerSecond), target: least, least: true });
      row(`CPU per delivery, ${name}, of the limit`, { measured: ratio(({ phases }) => phases[0].cpuMicrosPerDelivery), target: most });
    }
  }
});

test("connections", async (t) => {
  const ours = await serve(t, 1);
  const connections = await load(ours.where, "--dialect1", 5_000, "--workspaces", 1, "--entries-there", "--seconds", 0);
  row("bytes of each of 5,000 idle connections", { measured: connections.bytesPerConnection, target: 1_024 });
  const handshakes = await sideBySide(ours.where, await limit(t, ours, "each"), "--handshakes", SECONDS, "--workspaces", 1, "--entries-there", "--seconds", 0);
  const perSecond = ({ handshakesPerSecond }) => handshakesPerSecond;
  row("handshakes per second", { measured: handshakes.ours(perSecond), target: HANDSHAKES, least: true });
  row("handshakes per second, of the limit", { measured: handshakes.ratio(perSecond), target: Number((HANDSHAKES / LIMIT_HANDSHAKES).toFixed(2)), least: true });
});

test("baselines", async (t) => {
  const ours = await serve(t, MANY);
  const gather = await limit(t, ours, "each");
  const { ratio } = await sideBySide(ours.where, gather, "--baseline-readers", 1, "--workspaces", MANY, "--entries-there",
    "--rate", 0, "--seconds", SECONDS);
  row(`baseline of ${MANY} entries, of a gather of the same bytes`, { measured: ratio(({ baselineMicros }) => baselineMicros.p50), target: 1.5 });
  const { phases } = await load(ours.where, "--baseline-readers", 1, "--workspaces", MANY, "--entries-there", "--sync", 50,
    "--rate", 100, "--warm-up", 0.5, "--seconds", SECONDS * 2);
  row("ms from event to the last of 50, p99, beside such baselines", { measured: phases[0].toLastMicros.p99 / 1e3, target: 2.5 });
});

for (const [workspaces, goal] of [[500, 15], [MANY, 50]]) {
  test(`start with ${workspaces} workspaces`, async (t) => {
    const ours = await serve(t, workspaces);
    const flags = ["--coalesce-ms", "0", "--max-workspaces", String(workspaces + 10), "--listen", ours.server.url.host];
    let server = ours.server;
    const took = [];
    const ofShort = [];
    pin(process.pid, SERVER_CORE); // what it starts stays there from its first instruction
    for (let n = 0; n < ROUNDS; n += 1) {
      await server.stop();
      const reader = load(ours.where, "--baseline-readers", 1, "--workspaces", workspaces, "--entries-there", "--rate", 0, "--seconds", 2);
      await pause(500); // it asks every millisecond until there is a server
      const starting = ours.sandbox.serve(ours.sandbox.path("repo"), ...flags);
      const began = Number(process.hrtime.bigint()); // it is the server by now: what a fork of Node.js takes is not its own
      server = await starting;
      const ms = ((await reader).firstBaselineAtNanos - began) / 1e6;
      took.push(ms);
      ofShort.push(ms / (processCost(SHORT_PROCESSES, "/dev/null", [LINKS_CURL]).medianMicros / 1e3));
      await eventually("all are there", async () => (await server.snapshot("load")).entries.length === workspaces);
    }
    const name = `from start to the first baseline of ${workspaces} entries`;
    row(`ms ${name}`, { measured: median(took), target: goal });
    row(`${name}, of a process that links libcurl`, { measured: median(ofShort), target: Number((goal / LINKS_CURL_MS).toFixed(1)) });
  });
}
