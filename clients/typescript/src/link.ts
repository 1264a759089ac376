import { follow, forgetPlace, type Fault, type Replica } from "./project_state.ts";
import { readMessage } from "./read_message.ts";
import { heartbeatMs } from "./server_times.ts";
import { openEventStream } from "./transports/event_stream.ts";
import { openLongPoll, pollWaitMs } from "./transports/long_poll.ts";
import type { Ending, OpenTransport, Request, Transport, TransportKind } from "./transports/transport.ts";
import { openWebSocket } from "./transports/web_socket.ts";
import type { View } from "./view.ts";

const openers: Readonly<Record<TransportKind, OpenTransport>> = {
  websocket: openWebSocket,
  "event-stream": openEventStream,
  "long-poll": openLongPoll,
};
const silentHeartbeats = 2; // so many without any frame, and the connection is dead
const lateMs = 1_000; // a timer this late says that we were held up: what was sent meanwhile is read first

/** What a store does about its connection. */
export interface LinkEars {
  /** The copy of this link moved on. */
  readonly onNews: (link: Link) => void;
  /** It is over; nothing more comes. */
  readonly onEnd: (link: Link, ending: Ending) => void;
}

/** One connection and its own copy of the view, so that a second connection can prove itself beside the first. */
export class Link {
  readonly kind: TransportKind;
  readonly openedAt: number;
  replica: Replica;
  /** Whether the server said anything on it. */
  heard = false;
  /** Why it was given up, when what it said did not fit. */
  fault: Fault | null = null;

  readonly #ears: LinkEars;
  readonly #now: () => number;
  readonly #transport: Transport;
  readonly #askedMs: number;
  #viewSeq = 1;
  #limitMs = 0;
  #lastSign: number;
  #farewell: Partial<Ending> = {};
  #silence: ReturnType<typeof setTimeout> | undefined;

  constructor(kind: TransportKind, request: Request, replica: Replica, openMs: number, now: () => number, ears: LinkEars) {
    this.kind = kind;
    this.replica = replica;
    this.#ears = ears;
    this.#now = now;
    this.#askedMs = request.heartbeatMs;
    this.openedAt = this.#lastSign = now();
    this.#transport = openers[kind](request, {
      message: (data) => this.#take(data),
      forget: () => {
        this.replica = forgetPlace(this.replica);
      },
      ended: (ending) => this.#end({ ...ending, ...this.#farewell }),
    });
    this.#listenFor(openMs);
  }

  get silentMs(): number {
    return this.#now() - this.#lastSign;
  }

  /** Complete, and not behind what is shown. */
  showsAtLeast(shown: Replica): boolean {
    const { shown: mine, staging } = this.replica;
    if (!this.heard || !mine || staging) return false;
    const { epoch, revision } = shown.data;
    return revision === null || mine.epoch === null || mine.epoch !== epoch || mine.revision >= revision;
  }

  change(view: View): void {
    this.#viewSeq = this.#transport.change(view);
    this.replica = { ...this.replica, staging: null };
  }

  close(): void {
    clearTimeout(this.#silence);
    this.#transport.close();
  }

  #take(data: unknown): void {
    this.#lastSign = this.#now();
    const message = readMessage(data);
    if (message.kind === "welcome") this.#listenFor(silentHeartbeats * heartbeatMs(message.heartbeatMs, this.#askedMs));
    else if (!this.heard && this.kind === "long-poll") this.#listenFor(silentHeartbeats * pollWaitMs);
    if (message.kind === "bye") {
      const reason = reasons.get(message.code);
      this.#farewell = { ...(reason && { reason }), retryAfterMs: message.retryAfterMs, final: true };
      return;
    }
    const next = follow(this.replica, message, this.#viewSeq, this.#lastSign);
    if ("fault" in next) {
      this.fault = next;
      return this.#end({ reason: "lost", retryAfterMs: null, final: true });
    }
    if (message.kind !== "unreadable") this.heard = true;
    this.replica = next;
    this.#ears.onNews(this);
  }

  #end(ending: Ending): void {
    this.close();
    this.#ears.onEnd(this, ending);
  }

  /** From now on a silence of so long ends the connection. */
  #listenFor(ms: number): void {
    this.#limitMs = ms;
    clearTimeout(this.#silence);
    this.#listen(ms);
  }

  #listen(ms: number): void {
    const due = this.#now() + ms;
    this.#silence = setTimeout(() => {
      const left = this.#limitMs - this.silentMs;
      if (left > 0) return this.#listen(left);
      if (this.#now() - due > lateMs) return this.#listen(lateMs);
      this.#end({ reason: "silent", retryAfterMs: null, final: false });
    }, ms);
  }
}

const reasons: ReadonlyMap<string, Ending["reason"]> = new Map([
  ["restart", "restarting"],
  ["slow", "too_slow"],
  ["unauthorized", "unauthorized"],
]);
