/** What the store listens to besides its socket. Replaceable, so that tests need no browser. */
export interface Signals {
  /** Whether the network is said to be there. */
  isOnline(): boolean;
  /**
   * `wake`: the page is visible again, was restored, or the machine slept. `network`: it came back or went.
   * Returns how to stop listening.
   */
  listen(onWake: () => void, onNetwork: () => void): () => void;
}

const tickMs = 15_000;
const sleptMs = 90_000; // a tick this late means that the machine slept, not that the page was throttled

/** The signals of a browser page; in other places only the sleep detection. */
export function pageSignals(now: () => number = Date.now): Signals {
  return {
    isOnline: () => typeof navigator === "undefined" || navigator.onLine !== false,
    listen(onWake, onNetwork) {
      const onVisible = () => {
        if (document.visibilityState === "visible") onWake();
      };
      let last = now();
      const timer = setInterval(() => {
        const gap = now() - last;
        last = now();
        if (gap > sleptMs) onWake();
      }, tickMs);
      if (typeof window !== "undefined") {
        document.addEventListener("visibilitychange", onVisible);
        window.addEventListener("pageshow", onVisible);
        window.addEventListener("online", onNetwork);
        window.addEventListener("offline", onNetwork);
      }
      return () => {
        clearInterval(timer);
        if (typeof window !== "undefined") {
          document.removeEventListener("visibilitychange", onVisible);
          window.removeEventListener("pageshow", onVisible);
          window.removeEventListener("online", onNetwork);
          window.removeEventListener("offline", onNetwork);
        }
      };
    },
  };
}

/** A server on this machine stays reachable without any network. */
export function isLoopback(url: string): boolean {
  const host = new URL(url).hostname;
  return host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
}
