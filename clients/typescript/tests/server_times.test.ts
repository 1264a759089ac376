import { expect, test } from "vitest";
import { awayMs, heartbeatMs, retryAfterMs } from "../src/server_times.ts";

test.each([
  [null, null, null],
  [Number.NaN, null, null],
  [Number.NEGATIVE_INFINITY, null, null],
  [-1, null, null],
  [0, null, null],
  [0.001, 250, 313],
  [250, 250, 313],
  [1_000, 1_000, 1_250],
  [24_000, 24_000, 30_000],
  [25_000, 24_000, 30_000],
  [3_600_000, 24_000, 30_000],
  [3e9, 24_000, 30_000],
  [Number.POSITIVE_INFINITY, 24_000, 30_000],
])("asked to stay away for %d ms it stays for %s to %s", (askedMs, least, most) => {
  expect([awayMs(askedMs, 0), awayMs(askedMs, 1)]).toEqual([least, most]);
});

test.each([
  [null, 5_000],
  [Number.NaN, 5_000],
  [-1, 5_000],
  [0, 5_000],
  [1, 500],
  [500, 500],
  [15_000, 15_000],
  [30_000, 30_000],
  [30_001, 30_000],
  [2e9, 30_000],
  [Number.POSITIVE_INFINITY, 30_000],
])("of a server that granted %d ms it expects a word every %d", (grantedMs, ms) => {
  expect(heartbeatMs(grantedMs, 5_000)).toBe(ms);
});

test.each([
  [undefined, null],
  ["", null],
  ["0", null],
  ["-5", null],
  ["soon", null],
  ["Fri, 21 Aug 2026 10:00:00 GMT", null],
  ["1", 1_000],
  ["0.5", 500],
  ["3600", 30_000],
  ["1e300", 30_000],
  ["Infinity", 30_000],
])("Retry-After: %s is %s ms", (value, ms) => {
  expect(retryAfterMs(new Headers(value === undefined ? {} : { "retry-after": value }))).toBe(ms);
});
