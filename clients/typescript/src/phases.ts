/**
 * Where a connection stands:
 *   stopped     nobody listens
 *   connecting  one socket is being opened, none is in use
 *   live        one socket is in use
 *   checking    one socket is in use, another is being opened to replace it if it proves better
 *   waiting     nothing is open, a timer runs
 */
export type Phase = "stopped" | "connecting" | "live" | "checking" | "waiting";

/**
 * What can happen: `opened`, `failed` and `overdue` concern the socket being opened, `lost` the one in use. `retry` is
 * the timer. `wake`: the page or the network came back, or the machine slept. `resync`: our state cannot be continued.
 */
export type Happening = "start" | "stop" | "opened" | "failed" | "overdue" | "lost" | "retry" | "wake" | "resync";

/** What to do about it. `hangUp` drops both sockets and the timer, without a word back. */
export type Action = "dial" | "promote" | "hangUp" | "dropCurrent" | "forgetCursor" | "waitLonger" | "waitAfresh";

export interface Step {
  readonly to: Phase;
  readonly actions: readonly Action[];
}

const step = (to: Phase, ...actions: Action[]): Step => ({ to, actions });

/** Total: every happening has an answer in every phase. */
export const steps: Readonly<Record<Phase, Readonly<Record<Happening, Step>>>> = {
  stopped: {
    start: step("connecting", "waitAfresh", "dial"),
    stop: step("stopped"),
    opened: step("stopped", "hangUp"),
    failed: step("stopped"),
    overdue: step("stopped"),
    lost: step("stopped"),
    retry: step("stopped"),
    wake: step("stopped"),
    resync: step("stopped", "forgetCursor"),
  },
  connecting: {
    start: step("connecting"),
    stop: step("stopped", "hangUp"),
    opened: step("live", "promote"),
    failed: step("waiting", "hangUp", "waitLonger"),
    overdue: step("waiting", "hangUp", "waitLonger"),
    lost: step("connecting"),
    retry: step("connecting"),
    wake: step("connecting"),
    resync: step("waiting", "hangUp", "forgetCursor", "waitLonger"),
  },
  live: {
    start: step("live"),
    stop: step("stopped", "hangUp"),
    opened: step("live"),
    failed: step("live"),
    overdue: step("live"),
    lost: step("waiting", "hangUp", "waitLonger"),
    retry: step("live"),
    wake: step("checking", "dial"),
    resync: step("waiting", "hangUp", "forgetCursor", "waitLonger"),
  },
  checking: {
    start: step("checking"),
    stop: step("stopped", "hangUp"),
    opened: step("live", "promote"),
    failed: step("waiting", "hangUp", "waitLonger"),
    overdue: step("waiting", "hangUp", "waitLonger"),
    lost: step("connecting", "dropCurrent"),
    retry: step("checking"),
    wake: step("checking"),
    resync: step("waiting", "hangUp", "forgetCursor", "waitLonger"),
  },
  waiting: {
    start: step("waiting"),
    stop: step("stopped", "hangUp"),
    opened: step("waiting", "hangUp", "waitLonger"),
    failed: step("waiting"),
    overdue: step("waiting"),
    lost: step("waiting"),
    retry: step("connecting", "dial"),
    wake: step("connecting", "hangUp", "waitAfresh", "dial"),
    resync: step("waiting", "forgetCursor"),
  },
};
