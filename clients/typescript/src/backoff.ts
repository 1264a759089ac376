export interface BackoffOptions {
  readonly firstMs: number;
  readonly maxMs: number;
}

export const defaultBackoff: BackoffOptions = { firstMs: 1_000, maxMs: 30_000 };
export const jitter = 0.25; // share of the delay that is random, so that many pages do not return in step

/** Delay before the next attempt after `failures` in a row; never above the maximum. */
export function backoffMs(failures: number, random: number, options: BackoffOptions): number {
  const full = Math.min(options.firstMs * 2 ** Math.min(failures, 30), options.maxMs);
  return Math.round(full * (1 - jitter * random));
}
