// What `snapboard hook` costs the agent that waits for it, with a server that answers and without one, when it is
// spooled. Part of ./dev bench; SNAPBOARD_BIN names the program, SB_BENCH_BIN the folder of what measures it.
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Sandbox, binary } from "../tests/e2e/support.mjs";
import { LINKS_CURL, LINKS_CURL_MS, processCost } from "./process.mjs";
import { median, row } from "./table.mjs";

const TIMES = 100;
const ROUNDS = 5;
const WALL_MAX_MS = 3;
const PEAK_MAX_MIB = 6;
const fixture = new URL("../src/domains/session/tests/fixtures/claude-user-prompt-submit.json", import.meta.url);

test("a hook", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const input = sandbox.path("hook.json");
  writeFileSync(input, JSON.stringify({ ...JSON.parse(readFileSync(fixture, "utf8")), cwd: repo }));
  const env = { ...sandbox.env, CLAUDE_PID: String(process.pid), CLAUDE_PROJECT_DIR: repo };
  const cost = (...command) => processCost(TIMES, input, command, { cwd: repo, env });
  /** In turns: a noisy machine is as noisy for one as for the other. */
  const measure = (how) => {
    const rounds = Array.from({ length: ROUNDS }, () => ({ nothing: cost("/bin/true"), curl: cost(LINKS_CURL), hook: cost(binary, "hook", "claude") }));
    const ms = (which) => median(rounds.map((round) => round[which].medianMicros)) / 1e3;
    t.diagnostic(`${how}: ${ms("nothing").toFixed(2)} ms a process that does nothing, ${ms("curl").toFixed(2)} ms one that links libcurl`);
    row(`ms of a hook, ${how}`, { measured: ms("hook"), target: WALL_MAX_MS });
    row(`hook of a process that links libcurl, ${how}`, { measured: median(rounds.map(({ hook, curl }) => hook.medianMicros / curl.medianMicros)), target: Number((WALL_MAX_MS / LINKS_CURL_MS).toFixed(2)) });
    row(`MiB of a hook at most, ${how}`, { measured: Math.max(...rounds.map(({ hook }) => hook.peakKib)) / 1024, target: PEAK_MAX_MIB });
  };
  measure("no server");
  const server = await sandbox.serve(repo);
  measure("with a server");
  await server.stop();
});
