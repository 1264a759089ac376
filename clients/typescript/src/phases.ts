/**
 * Where a store stands:
 *   stopped     nobody listens
 *   connecting  one connection is being opened, none is in use
 *   live        one connection is in use
 *   checking    one is in use, another is being opened because the first may be dead
 *   climbing    one is in use, another is being opened over a better transport
 *   waiting     nothing is open, a timer runs
 */
export type Phase = "stopped" | "connecting" | "live" | "checking" | "climbing" | "waiting";

/**
 * What can happen. `opened`, `blocked` and `failed` concern the connection being opened: it shows the newest state; it is
 * none, and the next transport may do; it is none, and there is no other to try. `lost` concerns the one in use. `retry`
 * and `climb` are timers. `wake`: the page or the network came back, or the machine slept.
 */
export type Happening = "start" | "stop" | "opened" | "blocked" | "failed" | "lost" | "retry" | "climb" | "wake";

/**
 * What to do about it. `hangUp` drops both connections and the timers, `fromTop` and `stepDown` choose the transport that
 * `dial` opens.
 */
export type Action =
  | "dial"
  | "promote"
  | "hangUp"
  | "dropCurrent"
  | "dropCandidate"
  | "fromTop"
  | "stepDown"
  | "climbLater"
  | "waitLonger"
  | "waitAfresh";

export interface Step {
  readonly to: Phase;
  readonly actions: readonly Action[];
}

const step = (to: Phase, ...actions: Action[]): Step => ({ to, actions });

/** Total: every happening has an answer in every phase. */
export const steps: Readonly<Record<Phase, Readonly<Record<Happening, Step>>>> = {
  stopped: {
    start: step("connecting", "waitAfresh", "fromTop", "dial"),
    stop: step("stopped"),
    opened: step("stopped", "hangUp"),
    blocked: step("stopped"),
    failed: step("stopped"),
    lost: step("stopped"),
    retry: step("stopped"),
    climb: step("stopped"),
    wake: step("stopped"),
  },
  connecting: {
    start: step("connecting"),
    stop: step("stopped", "hangUp"),
    opened: step("live", "promote"),
    blocked: step("connecting", "dropCandidate", "stepDown", "dial"),
    failed: step("waiting", "hangUp", "fromTop", "waitLonger"),
    lost: step("connecting"),
    retry: step("connecting"),
    climb: step("connecting"),
    wake: step("connecting"),
  },
  live: {
    start: step("live"),
    stop: step("stopped", "hangUp"),
    opened: step("live"),
    blocked: step("live"),
    failed: step("live"),
    lost: step("waiting", "hangUp", "waitLonger"),
    retry: step("live"),
    climb: step("climbing", "fromTop", "dial"),
    wake: step("checking", "dial"),
  },
  checking: {
    start: step("checking"),
    stop: step("stopped", "hangUp"),
    opened: step("live", "promote"),
    blocked: step("checking", "dropCandidate", "stepDown", "dial"),
    failed: step("waiting", "hangUp", "fromTop", "waitLonger"),
    lost: step("connecting", "dropCurrent"),
    retry: step("checking"),
    climb: step("checking"),
    wake: step("checking"),
  },
  climbing: {
    start: step("climbing"),
    stop: step("stopped", "hangUp"),
    opened: step("live", "promote"),
    blocked: step("climbing", "dropCandidate", "stepDown", "dial"),
    failed: step("live", "dropCandidate", "climbLater"),
    lost: step("connecting", "dropCurrent"),
    retry: step("climbing"),
    climb: step("climbing"),
    wake: step("climbing"),
  },
  waiting: {
    start: step("waiting"),
    stop: step("stopped", "hangUp"),
    opened: step("waiting"),
    blocked: step("waiting"),
    failed: step("waiting"),
    lost: step("waiting"),
    retry: step("connecting", "dial"),
    climb: step("waiting"),
    wake: step("connecting", "hangUp", "waitAfresh", "fromTop", "dial"),
  },
};
