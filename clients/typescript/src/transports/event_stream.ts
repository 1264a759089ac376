import type { View } from "../view.ts";
import { fetchChanges, lost, refusalOf, refusesCursor, unreachable } from "./changes_request.ts";
import { EventStreamParser } from "./event_stream_parser.ts";
import type { OpenTransport } from "./transport.ts";

const viewSeq = 1; // of every stream: another view is another stream

/** Dialect 2 as server-sent events, read by fetch: a browser's EventSource sends no token and tells no status. */
export const openEventStream: OpenTransport = (request, ears) => {
  let abort = new AbortController();

  async function run(view: View, cursor: string | null, { signal }: AbortController): Promise<void> {
    let response: Response;
    try {
      const ask = { accept: "text/event-stream", signal };
      response = await fetchChanges(request, view, { ...ask, cursor });
      if (cursor !== null && refusesCursor(response)) {
        if (signal.aborted) return;
        ears.forget();
        response = await fetchChanges(request, view, { ...ask, cursor: null });
      }
    } catch {
      if (!signal.aborted) ears.ended(unreachable);
      return;
    }
    if (signal.aborted) return;
    const streams = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
    if (!response.ok || !streams || !response.body) return ears.ended(refusalOf(response));

    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done || signal.aborted) break;
        for (const data of parser.take(decoder.decode(value, { stream: true }))) {
          ears.message(data);
          if (signal.aborted) return;
        }
      }
    } catch {
      // cut off
    }
    if (!signal.aborted) ears.ended(lost);
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
