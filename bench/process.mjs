// What a short process costs, as the measurements of ./dev bench compare it. SB_BENCH_BIN names the folder of the
// programs that measure.
import { execFileSync } from "node:child_process";

export const bench = process.env.SB_BENCH_BIN;
export const LINKS_CURL = `${bench}/links_curl`; // does nothing else
export const LINKS_CURL_MS = 4.7; // what it took on the machine the limits of processes were set on

/** What `command` costs, started so many times with the file `input` to read: `{medianMicros, leastMicros, peakKib}`. */
export function processCost(times, input, command, options = {}) {
  // Before everybody else, as far as we may.
  const text = execFileSync("nice", ["-n", "-20", `${bench}/child_cost`, String(times), input, ...command], { ...options, encoding: "utf8" });
  return JSON.parse(text);
}
