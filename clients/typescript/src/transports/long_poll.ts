import type { View } from "../view.ts";
import { fetchChanges, lost, refusalOf, refusesCursor, unreachable } from "./changes_request.ts";
import type { OpenTransport } from "./transport.ts";

const viewSeq = 1;

/** How long the server may hold an answer back; the heartbeat of this transport. */
export const pollWaitMs = 20_000;

/** One batch of dialect 2 after the other, each asked for from the cursor of the one before. There is no welcome. */
export const openLongPoll: OpenTransport = (request, ears) => {
  let abort = new AbortController();

  async function run(view: View, from: string | null, { signal }: AbortController): Promise<void> {
    let cursor = from;
    let waitMs = 0; // the first answer comes at once: it shows that this way is open
    for (;;) {
      let text: string;
      try {
        const response = await fetchChanges(request, view, { accept: "application/json", cursor, waitMs, signal });
        if (signal.aborted) return;
        if (cursor !== null && refusesCursor(response)) {
          cursor = null;
          ears.forget();
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

/** Null for what is no batch, such as the page of a proxy. */
function placeOf(text: string): { readonly cursor: string; readonly complete: boolean } | null {
  try {
    const { cursor, complete } = JSON.parse(text) as { cursor?: unknown; complete?: unknown };
    return typeof cursor === "string" ? { cursor, complete: complete === true } : null;
  } catch {
    return null;
  }
}
