import { jitter } from "./backoff.ts";

// However a server misspeaks, its reader is back within half a minute, and never turns in a loop without rest.
const awayMinMs = 250; // the least a server that restarts asks for
const awayMaxMs = 30_000; // where the back-off ends (protocol, section 4)
const heartbeatMinMs = 500; // what a server grants at the least and at the most
const heartbeatMaxMs = 30_000;

/**
 * How long to stay away from a server that asks for `askedMs`: never less, as far as it can be followed, and not in step
 * with others.
 */
export function awayMs(askedMs: number | null, random: number): number | null {
  if (askedMs === null || !(askedMs > 0)) return null;
  const leastMs = Math.min(Math.max(askedMs, awayMinMs), awayMaxMs / (1 + jitter));
  return Math.round(leastMs * (1 + jitter * random));
}

/** How often a server that granted `grantedMs` is expected to speak; what we asked for when it granted no time at all. */
export function heartbeatMs(grantedMs: number | null, askedMs: number): number {
  const ms = grantedMs !== null && grantedMs > 0 ? grantedMs : askedMs;
  return Math.min(Math.max(ms, heartbeatMinMs), heartbeatMaxMs);
}

/** What the header Retry-After asks for; null when it is no number of seconds. */
export function retryAfterMs(headers: Headers): number | null {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return seconds > 0 ? Math.min(seconds * 1_000, awayMaxMs) : null;
}
