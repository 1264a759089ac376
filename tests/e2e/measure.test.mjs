// Idle costs nothing; starting and memory have their bounds. SB_IDLE_SECONDS is 60 in ./dev bench and shorter in tests:
// what must be zero is zero in any window.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";
import { Sandbox, readText } from "./support.mjs";

const IDLE_SECONDS = Number(process.env.SB_IDLE_SECONDS ?? 10);
const IDLE_WORKTREES = 50;
const CPU_SECONDS_MAX = 0.1;
const READY_GOAL_MS = 50;
const RSS_MAX_MIB = 20;

/** CPU seconds of a process so far, user and system. */
function cpuSeconds(pid) {
  const fields = readText(`/proc/${pid}/stat`).split(") ")[1].split(" ");
  const ticks = Number(spawnSync("getconf", ["CLK_TCK"], { encoding: "utf8" }).stdout);
  return (Number(fields[11]) + Number(fields[12])) / ticks;
}

function residentMib(pid) {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readText(`/proc/${pid}/status`))[1]) / 1024;
}

test(`${IDLE_WORKTREES} idle worktrees and a connected client cost nothing for ${IDLE_SECONDS} s`, async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  for (let n = 0; n < IDLE_WORKTREES - 1; n += 1) sandbox.worktree(repo, `idle-${n}`);
  const server = await sandbox.serve(repo);
  const stream = await server.stream((await server.project()).id);
  assert.equal((await stream.baseline()).entries.length, IDLE_WORKTREES);
  await server.settled(2_000);

  const messages = stream.messages.length;
  const spawned = await server.metric("snapboard_processes_spawned_total");
  const cpu = cpuSeconds(server.pid);
  await pause(IDLE_SECONDS * 1_000);
  const used = cpuSeconds(server.pid) - cpu;
  assert.equal(await server.metric("snapboard_processes_spawned_total"), spawned, "no process");
  assert.equal(stream.messages.length, messages, "no data frame");
  t.diagnostic(`CPU ${used.toFixed(2)} s in ${IDLE_SECONDS} s, resident ${residentMib(server.pid).toFixed(1)} MiB`);
  assert.ok(used < CPU_SECONDS_MAX, `used ${used} s of CPU`);
});

test("20 known worktrees: start to ready, and resident memory with one page", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  for (let n = 0; n < 19; n += 1) sandbox.worktree(repo, `known-${n}`);
  const first = await sandbox.serve(repo);
  await first.settled();
  await first.stop();

  const server = await sandbox.serve(repo);
  t.diagnostic(`start to ready: ${server.readyAfterMs.toFixed(0)} ms (goal ${READY_GOAL_MS})`);
  const stream = await server.stream((await server.project()).id);
  assert.equal((await stream.baseline()).entries.length, 20);
  const served = performance.now() - server.startedAt;
  t.diagnostic(`start to the first complete baseline held by a client: ${served.toFixed(0)} ms`);
  await server.settled();
  const resident = residentMib(server.pid);
  t.diagnostic(`resident: ${resident.toFixed(1)} MiB (limit ${RSS_MAX_MIB})`);
  assert.ok(resident < RSS_MAX_MIB, `${resident} MiB`);
});
