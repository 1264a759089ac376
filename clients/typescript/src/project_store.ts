import { AttentionTracker, type Attention } from "./attention.ts";
import { backoffMs, defaultBackoff, type BackoffOptions } from "./backoff.ts";
import { Link } from "./link.ts";
import { steps, type Action, type Happening, type Phase } from "./phases.ts";
import { cursorOf, emptyReplica, forgetPlace, type ProjectData, type Replica } from "./project_state.ts";
import { sameJson } from "./same_json.ts";
import { awayMs } from "./server_times.ts";
import { isLoopback, pageSignals, type Signals } from "./signals.ts";
import {
  transportKinds,
  type ConnectionReason,
  type Ending,
  type Socket,
  type TransportKind,
} from "./transports/transport.ts";
import { platformSocket } from "./transports/web_socket.ts";
import type { View, ViewOptions } from "./view.ts";

export type ConnectionStatus = "connecting" | "live" | "reconnecting" | "offline";

export interface Connection {
  readonly status: ConnectionStatus;
  /** When this status began, in milliseconds since 1970. */
  readonly since: number;
  /** Null while live. */
  readonly reason: ConnectionReason | null;
  /** When the next attempt is made; null when one is under way or none is needed. */
  readonly retryAt: number | null;
  /** What carries it; null when there is no connection. */
  readonly transport: TransportKind | null;
  /** Why it is not a WebSocket; null when it is one or there is none. A return is tried again and again. */
  readonly detour: Detour | null;
}

/** Why a better transport was not used: it ended before it said anything, or said nothing in time. */
export type Detour = "refused" | "silent";

export interface ProjectState extends ProjectData {
  readonly connection: Connection;
}

export interface StoreOptions {
  /** Where the server is, for instance `http://127.0.0.1:7420`. */
  readonly baseUrl: string;
  /** For programs: sent as a bearer token. A page has its cookie. */
  readonly token?: string | null;
  /** What is shown of the project; everything when absent. */
  readonly view?: ViewOptions;
  readonly backoff?: BackoffOptions;
  /** How long after one failed return to a better transport the next is tried. */
  readonly climb?: BackoffOptions;
  /** How often the server shows that it is there. */
  readonly heartbeatMs?: number;
  /** The least time between two messages; 0: at once. */
  readonly coalesceMs?: number;
  /** How long a new connection may stay silent. */
  readonly openMs?: number;
  /** A connection silent for longer is checked when the page wakes. */
  readonly staleMs?: number;
  /** How long the connection outlives its last listener. */
  readonly lingerMs?: number;
  readonly webSocket?: (url: string, token: string | null) => Socket;
  readonly signals?: Signals;
  readonly now?: () => number;
  readonly random?: () => number;
}

const openMs = 10_000;
const staleMs = 15_000; // three heartbeats
const lingerMs = 3_000; // long enough to switch away and back
const provenMs = 5_000; // a connection that lived this long ends a series of failures
const notifyGapMs = 16; // one frame: a burst of messages is one notification, a single one is not held back
const heartbeatMs = 5_000;
const coalesceMs = 100;
const defaultClimb: BackoffOptions = { firstMs: 10_000, maxMs: 120_000 };

/**
 * The live state of one project, kept by dialect 2: over `/sync`, or where that is blocked over an event stream, or where
 * that is held back too by long polls, always from the same cursor. Connects with its first listener, leaves after its
 * last, resumes where it was, and never stops trying. `getSnapshot` is immutable and changes identity only with its
 * content: made for useSyncExternalStore, and for anything else that can compare references.
 */
export class ProjectStore {
  readonly projectId: string;
  readonly #options: Required<Omit<StoreOptions, "view">>;
  readonly #attention: AttentionTracker;
  readonly #listeners = new Set<() => void>();
  readonly #attentionListeners = new Set<(attention: Attention) => void>();

  #view: View;
  #phase: Phase = "stopped";
  #current: Link | null = null;
  #candidate: Link | null = null;
  #replica: Replica;
  #rung = 0; // index of the transport that is dialled next
  #detour: Detour = "refused";
  #failures = 0;
  #climbs = 0; // failed returns in a row
  #reason: ConnectionReason | null = null;
  #awayMs: number | null = null; // what the server asked for, once
  #gapAt: string | null = null; // the cursor that was followed by a gap

  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #climbTimer: ReturnType<typeof setTimeout> | undefined;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #notifyTimer: ReturnType<typeof setTimeout> | undefined;
  #retryAt: number | null = null;
  #notifiedAt = 0;
  #stopListening: (() => void) | null = null;
  #state: ProjectState;

  constructor(projectId: string, { view, ...options }: StoreOptions) {
    this.projectId = projectId;
    this.#view = { shape: "full", ...view, projectId };
    this.#attention = new AttentionTracker(projectId);
    this.#options = {
      token: null,
      backoff: defaultBackoff,
      climb: defaultClimb,
      heartbeatMs,
      coalesceMs,
      openMs,
      staleMs,
      lingerMs,
      webSocket: platformSocket,
      signals: pageSignals(options.now),
      now: Date.now,
      random: Math.random,
      ...options,
    };
    this.#replica = emptyReplica(projectId);
    const since = this.#options.now();
    const connection = { status: "connecting", since, reason: null, retryAt: null, transport: null, detour: null } as const;
    this.#state = { ...this.#replica.data, connection };
  }

  getSnapshot = (): ProjectState => this.#state;

  /** Calls `listener` after changes, at once or at most a frame later. Returns how to stop. */
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    clearTimeout(this.#lingerTimer);
    if (this.#phase === "stopped") this.#start();
    let listening = true;
    return () => {
      if (!listening) return;
      listening = false;
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0) return;
      this.#lingerTimer = setTimeout(() => this.close(), this.#options.lingerMs);
    };
  };

  /** Calls `listener` once for each new request for a person. Does not connect by itself. */
  onAttention = (listener: (attention: Attention) => void): (() => void) => {
    this.#attentionListeners.add(listener);
    return () => this.#attentionListeners.delete(listener);
  };

  /** Tries again now instead of when the timer says so. */
  retryNow = (): void => {
    if (this.#phase === "waiting") this.#happen("wake");
  };

  /** Shows another part of the project. What is shown stays until the new view is complete; nothing reconnects. */
  setView(view: ViewOptions): void {
    const next: View = { shape: "full", ...view, projectId: this.projectId };
    if (sameJson(next, this.#view)) return;
    this.#view = next;
    this.#attention.changeView();
    this.#replica = { ...this.#replica, staging: null };
    this.#current?.change(next);
    this.#candidate?.change(next);
  }

  /** Disconnects; what was last seen stays readable, and the next listener resumes from it. */
  close(): void {
    clearTimeout(this.#lingerTimer);
    this.#stopListening?.();
    this.#stopListening = null;
    this.#happen("stop");
    clearTimeout(this.#notifyTimer);
    this.#notifyTimer = undefined;
  }

  #start(): void {
    this.#stopListening = this.#options.signals.listen(
      () => this.#wake(),
      () => this.#network(),
    );
    this.#happen("start");
  }

  #networkMatters(): boolean {
    return !isLoopback(this.#options.baseUrl);
  }

  #isOffline(): boolean {
    return this.#networkMatters() && !this.#options.signals.isOnline();
  }

  #wake(): void {
    if (this.#isOffline()) return;
    const alive = this.#phase === "live" && this.#current !== null && this.#current.silentMs < this.#options.staleMs;
    if (!alive) return this.#happen("wake");
    if (this.#current?.kind !== transportKinds[0]) this.#happen("climb");
  }

  #network(): void {
    if (this.#networkMatters()) this.#wake();
    this.#publish();
  }

  #happen(happening: Happening): void {
    const { to, actions } = steps[this.#phase][happening];
    this.#phase = to;
    for (const action of actions) this.#act(action);
    this.#publish();
  }

  #act(action: Action): void {
    switch (action) {
      case "dial":
        return this.#dial();
      case "promote":
        return this.#promote();
      case "hangUp":
        this.#current = release(this.#current);
        this.#candidate = release(this.#candidate);
        clearTimeout(this.#retryTimer);
        clearTimeout(this.#climbTimer);
        this.#retryAt = null;
        return;
      case "dropCurrent":
        this.#current = release(this.#current);
        return;
      case "dropCandidate":
        this.#candidate = release(this.#candidate);
        return;
      case "fromTop":
        this.#rung = 0;
        return;
      case "stepDown":
        this.#rung += 1;
        return;
      case "climbLater":
        return this.#climbLater();
      case "waitAfresh":
        this.#failures = 0;
        return;
      case "waitLonger":
        return this.#waitLonger();
    }
  }

  #dial(): void {
    clearTimeout(this.#retryTimer);
    this.#retryAt = null;
    const { baseUrl, token, heartbeatMs, coalesceMs, webSocket, openMs, now } = this.#options;
    const cursor = cursorOf(this.#replica);
    const request = { baseUrl, token, view: this.#view, cursor, heartbeatMs, coalesceMs, webSocket };
    this.#candidate = new Link(kindOf(this.#rung), request, this.#replica, openMs, now, {
      onNews: (link) => this.#heard(link),
      onEnd: (link, ending) => this.#ended(link, ending),
    });
  }

  #heard(link: Link): void {
    if (link === this.#current) return this.#show(link.replica);
    if (link === this.#candidate && link.showsAtLeast(this.#replica)) this.#happen("opened");
  }

  #promote(): void {
    release(this.#current);
    this.#current = this.#candidate;
    this.#candidate = null;
    if (!this.#current) return;
    this.#rung = transportKinds.indexOf(this.#current.kind);
    clearTimeout(this.#climbTimer);
    if (this.#rung === 0) this.#climbs = 0;
    else this.#climbLater();
    this.#show(this.#current.replica);
  }

  #ended(link: Link, ending: Ending): void {
    const { now } = this.#options;
    const inUse = link === this.#current;
    if (!inUse && link !== this.#candidate) return;
    // What a first connection had gathered is kept, also half a baseline; beside one in use it is not needed.
    if (inUse || !this.#current) this.#replica = link.fault ? this.#afterFault(link) : link.replica;
    this.#awayMs = ending.retryAfterMs;
    if (inUse) {
      this.#reason = ending.reason;
      if (now() - link.openedAt >= provenMs) this.#failures = 0;
      return this.#happen("lost");
    }
    if (this.#rung === 0) this.#detour = ending.reason === "silent" ? "silent" : "refused";
    const lowest = this.#phase === "climbing" && this.#current ? transportKinds.indexOf(this.#current.kind) : transportKinds.length;
    const mayStepDown = !ending.final && !link.heard && this.#rung + 1 < lowest;
    if (this.#phase !== "climbing") this.#reason = ending.reason;
    if (ending.reason === "not_ready") this.#failures = 0; // it is there and will be ready in a moment
    this.#happen(mayStepDown ? "blocked" : "failed");
  }

  /** A gap is made good from our cursor; a second one there, or a state that cannot be right, by a new baseline. */
  #afterFault(link: Link): Replica {
    const cursor = cursorOf(link.replica);
    const again = link.fault?.fault === "gap" && cursor !== this.#gapAt;
    this.#gapAt = cursor;
    return again ? link.replica : forgetPlace(link.replica);
  }

  #waitLonger(): void {
    const { backoff, now, random } = this.#options;
    const delay = awayMs(this.#awayMs, random()) ?? backoffMs(this.#failures, random(), backoff);
    this.#awayMs = null;
    this.#failures += 1;
    this.#retryAt = now() + delay;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#happen("retry"), delay);
  }

  #climbLater(): void {
    const { climb, random } = this.#options;
    if (this.#current) this.#rung = transportKinds.indexOf(this.#current.kind);
    clearTimeout(this.#climbTimer);
    this.#climbTimer = setTimeout(() => this.#happen("climb"), backoffMs(this.#climbs, random(), climb));
    this.#climbs += 1;
  }

  #show(replica: Replica): void {
    this.#replica = replica;
    this.#publish();
    if (!replica.data.hasBaseline) return;
    for (const attention of this.#attention.look(replica.data)) {
      for (const listener of this.#attentionListeners) listener(attention);
    }
  }

  #status(): ConnectionStatus {
    if (this.#current) return "live";
    if (this.#isOffline()) return "offline";
    return this.#replica.data.hasBaseline || this.#failures > 0 ? "reconnecting" : "connecting";
  }

  #publish(): void {
    const { connection: before, ...held } = this.#state;
    const status = this.#status();
    if (status === "live") this.#reason = null;
    const transport = this.#current?.kind ?? null;
    const now: Connection = {
      status,
      since: status === before.status ? before.since : this.#options.now(),
      reason: this.#reason,
      retryAt: this.#retryAt,
      transport,
      detour: transport === null || transport === transportKinds[0] ? null : this.#detour,
    };
    const connection = sameJson(before, now) ? before : now;
    const { data } = this.#replica;
    const names = Object.keys(data) as (keyof ProjectData)[];
    if (connection === before && names.every((name) => data[name] === held[name])) return;
    this.#state = { ...data, connection };
    this.#notify();
  }

  #notify(): void {
    if (this.#notifyTimer !== undefined) return;
    const { now } = this.#options;
    const wait = this.#notifiedAt + notifyGapMs - now();
    const tell = () => {
      this.#notifyTimer = undefined;
      this.#notifiedAt = now();
      for (const listener of [...this.#listeners]) listener();
    };
    if (wait <= 0 || wait > notifyGapMs) tell();
    else this.#notifyTimer = setTimeout(tell, wait);
  }
}

function release(link: Link | null): null {
  link?.close();
  return null;
}

function kindOf(rung: number): TransportKind {
  return transportKinds[rung] ?? transportKinds[0];
}
