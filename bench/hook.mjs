// What `snapboard hook` costs the agent that waits for it, with a server that answers and without one, when it is
// spooled. Part of ./dev bench; SNAPBOARD_BIN names the program, SB_CHILD_COST_BIN what measures it.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { Sandbox, binary } from "../tests/e2e/support.mjs";
import { row } from "./table.mjs";

const TIMES = 300;
const WALL_MAX_MS = 3;
const PEAK_MAX_MIB = 6;
const fixture = new URL("../src/domains/session/tests/fixtures/claude-user-prompt-submit.json", import.meta.url);

test("a hook", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const input = sandbox.path("hook.json");
  writeFileSync(input, JSON.stringify({ ...JSON.parse(readFileSync(fixture, "utf8")), cwd: repo }));
  const env = { ...sandbox.env, CLAUDE_PID: String(process.pid), CLAUDE_PROJECT_DIR: repo };
  const cost = (...command) =>
    // Before everybody else, as far as we may.
    JSON.parse(execFileSync("nice", ["-n", "-20", process.env.SB_CHILD_COST_BIN, String(TIMES), input, ...command], { cwd: repo, env, encoding: "utf8" }));
  const measure = (how) => {
    const { medianMicros, leastMicros, peakKib } = cost(binary, "hook", "claude");
    row(`ms of a hook, median of ${TIMES}, ${how}`, { measured: medianMicros / 1e3, target: WALL_MAX_MS });
    row(`ms of a hook, the quickest, ${how}`, { measured: leastMicros / 1e3, target: WALL_MAX_MS });
    row(`MiB of a hook at most, ${how}`, { measured: peakKib / 1024, target: PEAK_MAX_MIB });
  };
  const { medianMicros, leastMicros } = cost("/bin/true");
  t.diagnostic(`a process that does nothing: median ${(medianMicros / 1e3).toFixed(2)} ms, the quickest ${(leastMicros / 1e3).toFixed(2)} ms`);
  measure("no server");
  const server = await sandbox.serve(repo);
  measure("with a server");
  await server.stop();
});
