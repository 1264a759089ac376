import { useSyncExternalStore } from "react";

// One timer for every age on the page. It runs only while somebody looks, and asks nobody.
const stepMs = 10_000;

let now = Date.now();
let timer: ReturnType<typeof setInterval> | undefined;
const listeners = new Set<() => void>();

function tick(): void {
  now = Date.now();
  for (const listener of listeners) listener();
}

function adjust(): void {
  const wanted = listeners.size > 0 && document.visibilityState === "visible";
  if (wanted && timer === undefined) {
    timer = setInterval(tick, stepMs);
    tick();
  } else if (!wanted && timer !== undefined) {
    clearInterval(timer);
    timer = undefined;
  }
}

function subscribe(listener: () => void): () => void {
  if (listeners.size === 0) {
    now = Date.now();
    document.addEventListener("visibilitychange", adjust);
  }
  listeners.add(listener);
  adjust();
  return () => {
    listeners.delete(listener);
    if (listeners.size === 0) document.removeEventListener("visibilitychange", adjust);
    adjust();
  };
}

/** The time, moving in steps of 10 s. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now);
}
