import type { View } from "../view.ts";
import { fetchChanges, lost, refusalOf, refusesCursor, unreachable } from "./changes_request.ts";
import type { OpenTransport } from "./transport.ts";

const viewSeq = 1;

/** How long the server may hold an answer back; the heartbeat of this transport. */
export const pollWaitMs = 20_000;

const restMs = 1_000; // after an answer that led nowhere at once, however often a server or somebody before it gives one
const freeAnswers = 2; // of those: the first shows that this way is open, and a cursor may have grown too old

/** One batch of dialect 2 after the other, each asked for from the cursor of the one before. There is no welcome. */
export const openLongPoll: OpenTransport = (request, ears) => {
  let abort = new AbortController();

  async function run(view: View, from: string | null, { signal }: AbortController): Promise<void> {
    let cursor = from;
    let waitMs = 0; // the first answer comes at once: it shows that this way is open
    let futile = 0;
    const mayRest = () => (++futile > freeAnswers ? rest(signal) : undefined);
    for (;;) {
      const askedAt = Date.now();
      let text: string;
      try {
        const response = await fetchChanges(request, view, { accept: "application/json", cursor, waitMs, signal });
        if (signal.aborted) return;
        if (cursor !== null && refusesCursor(response)) {
          cursor = null;
          ears.forget();
          await mayRest();
          if (signal.aborted) return;
          continue;
        }
        if (!response.ok) return ears.ended(refusalOf(response));
        text = await response.text();
      } catch {
        if (!signal.aborted) ears.ended(unreachable);
        return;
      }
      if (signal.aborted) return;
      const next = placeOf(text);
      if (!next) return ears.ended(lost);
      ears.message(text);
      if (signal.aborted) return;
      cursor = next.cursor;
      waitMs = next.complete ? pollWaitMs : 0;
      if (next.empty && Date.now() - askedAt < restMs) await mayRest();
      if (signal.aborted) return;
    }
  }

  void run(request.view, request.cursor, abort);
  return {
    change(view) {
      abort.abort();
      abort = new AbortController();
      void run(view, null, abort);
      return viewSeq;
    },
    close: () => abort.abort(),
  };
};

/** Ends early when nobody waits any more. */
function rest(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      done();
    };
    const timer = setTimeout(end, restMs);
    signal.addEventListener("abort", end);
  });
}

/** Where a batch leads, and whether it tells of nothing. */
interface Answer {
  readonly cursor: string;
  readonly complete: boolean;
  readonly empty: boolean;
}

/** Null for what is no batch, such as the page of a proxy. */
function placeOf(text: string): Answer | null {
  try {
    const { cursor, complete, ops } = JSON.parse(text) as Readonly<Record<string, unknown>>;
    const empty = !Array.isArray(ops) || ops.length === 0;
    return typeof cursor === "string" ? { cursor, complete: complete === true, empty } : null;
  } catch {
    return null;
  }
}
