import { ApiError, listProjects } from "./api.ts";
import { AttentionTracker, type Attention } from "./attention.ts";
import { backoffMs, defaultBackoff, type BackoffOptions } from "./backoff.ts";
import { steps, type Action, type Happening, type Phase } from "./phases.ts";
import { applyMessage, emptyProject, type ProjectData } from "./project_state.ts";
import { readMessage } from "./read_message.ts";
import { isLoopback, pageSignals, type Signals } from "./signals.ts";

export type ConnectionStatus = "connecting" | "live" | "reconnecting" | "offline";

/** Why there is no connection, as far as we can know. */
export type ConnectionReason =
  | "unauthorized"
  | "unknown_project"
  | "not_ready"
  | "restarting"
  | "too_slow"
  | "unreachable"
  | "lost";

export interface Connection {
  readonly status: ConnectionStatus;
  /** When this status began, in milliseconds since 1970. */
  readonly since: number;
  /** Null while live. */
  readonly reason: ConnectionReason | null;
  /** When the next attempt is made; null when one is under way or none is needed. */
  readonly retryAt: number | null;
}

export interface ProjectState extends ProjectData {
  readonly connection: Connection;
}

/** The part of a WebSocket that the store uses. */
export interface Socket {
  onopen: (() => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  close(): void;
}

export interface StoreOptions {
  /** Where the server is, for instance `http://127.0.0.1:7420`. */
  readonly baseUrl: string;
  readonly backoff?: BackoffOptions;
  /** How long a socket may take to open. */
  readonly openMs?: number;
  /** A connection silent for longer is checked when the page wakes. */
  readonly staleMs?: number;
  /** How long the connection outlives its last listener. */
  readonly lingerMs?: number;
  readonly webSocket?: (url: string) => Socket;
  readonly signals?: Signals;
  readonly now?: () => number;
  readonly random?: () => number;
}

const openMs = 10_000;
const staleMs = 30_000; // the server's ping interval, which a page cannot see
const lingerMs = 3_000; // long enough to switch away and back
const provenMs = 5_000; // a connection that lived this long ends a series of failures
const notifyGapMs = 16; // one frame: a burst of messages is one notification, a single one is not held back

/**
 * The live state of one project, kept over `/snapshots`. Connects with its first listener, leaves after its last,
 * resumes where it was, and never stops trying. `getSnapshot` is immutable and changes identity only with its content:
 * made for useSyncExternalStore, and for anything else that can compare references.
 */
export class ProjectStore {
  readonly projectId: string;
  readonly #options: Required<StoreOptions>;
  readonly #attention: AttentionTracker;
  readonly #listeners = new Set<() => void>();
  readonly #attentionListeners = new Set<(attention: Attention) => void>();

  #phase: Phase = "stopped";
  #current: Socket | null = null;
  #candidate: Socket | null = null;
  #failures = 0;
  #currentSince = 0;
  #lastSign = 0;
  /** True once the socket in use has shown, or resumed, the newest state. */
  #caughtUp = false;
  #reason: ConnectionReason | null = null;
  #diagnosis = 0; // number of the newest one; older answers are void

  #retryTimer: ReturnType<typeof setTimeout> | undefined;
  #openTimer: ReturnType<typeof setTimeout> | undefined;
  #lingerTimer: ReturnType<typeof setTimeout> | undefined;
  #notifyTimer: ReturnType<typeof setTimeout> | undefined;
  #retryAt: number | null = null;
  #notifiedAt = 0;
  #stopListening: (() => void) | null = null;
  #state: ProjectState;

  constructor(projectId: string, options: StoreOptions) {
    this.projectId = projectId;
    this.#attention = new AttentionTracker(projectId);
    this.#options = {
      backoff: defaultBackoff,
      openMs,
      staleMs,
      lingerMs,
      webSocket: (url) => new WebSocket(url) as unknown as Socket,
      signals: pageSignals(options.now),
      now: Date.now,
      random: Math.random,
      ...options,
    };
    const since = this.#options.now();
    this.#state = {
      ...emptyProject(projectId),
      connection: { status: "connecting", since, reason: null, retryAt: null },
    };
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
    const silentMs = this.#options.now() - this.#lastSign;
    if (this.#phase === "live" && silentMs < this.#options.staleMs) return;
    this.#happen("wake");
  }

  #network(): void {
    if (this.#networkMatters() && !this.#isOffline()) this.#happen("wake");
    this.#publish({});
  }

  #happen(happening: Happening): void {
    const { to, actions } = steps[this.#phase][happening];
    this.#phase = to;
    for (const action of actions) this.#act(action);
    this.#publish({});
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
        clearTimeout(this.#openTimer);
        clearTimeout(this.#retryTimer);
        this.#retryAt = null;
        this.#caughtUp = false;
        return;
      case "dropCurrent":
        this.#current = release(this.#current);
        this.#caughtUp = false;
        return;
      case "forgetCursor":
        this.#state = { ...this.#state, cursor: null };
        return;
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
    const { cursor } = this.#state;
    const url = new URL("/snapshots", this.#options.baseUrl);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.searchParams.set("projectId", this.projectId);
    if (cursor !== null) url.searchParams.set("cursor", cursor);

    let socket: Socket;
    try {
      socket = this.#options.webSocket(url.href);
    } catch {
      // A constructor that throws is an attempt that failed; answered in a later turn, as a socket would.
      this.#openTimer = setTimeout(() => this.#happen("failed"), 0);
      return;
    }
    this.#candidate = socket;
    socket.onopen = () => {
      if (socket === this.#candidate) this.#happen("opened");
    };
    socket.onmessage = (event) => {
      if (socket === this.#current) this.#receive(event.data);
    };
    socket.onclose = (event) => {
      if (socket === this.#current) this.#lost(event.code);
      else if (socket === this.#candidate) this.#failed();
    };
    this.#openTimer = setTimeout(() => {
      this.#reason = "unreachable";
      this.#happen("overdue");
    }, this.#options.openMs);
  }

  #promote(): void {
    clearTimeout(this.#openTimer);
    release(this.#current);
    this.#current = this.#candidate;
    this.#candidate = null;
    this.#currentSince = this.#lastSign = this.#options.now();
    this.#caughtUp = this.#state.hasBaseline && this.#state.cursor !== null;
    this.#diagnosis += 1;
  }

  #lost(code: number): void {
    this.#reason = reasonOf(code);
    if (this.#options.now() - this.#currentSince >= provenMs) this.#failures = 0;
    this.#happen("lost");
    if (this.#reason === "lost") void this.#diagnose();
  }

  #failed(): void {
    this.#reason ??= "unreachable";
    this.#happen("failed");
    void this.#diagnose();
  }

  /** A page is not told why its upgrade was refused; one plain request after a failure tells. */
  async #diagnose(): Promise<void> {
    const number = ++this.#diagnosis;
    let reason: ConnectionReason;
    try {
      const rows = await listProjects(this.#options.baseUrl);
      reason = rows.some((row) => row.id === this.projectId) ? "lost" : "unknown_project";
    } catch (error) {
      const refusal = error instanceof ApiError ? error.refusal : "other";
      reason = refusal === "other" ? "lost" : refusal;
    }
    if (number !== this.#diagnosis || this.#phase !== "waiting") return;
    this.#reason = reason;
    if (reason === "not_ready") {
      this.#failures = 0; // it is there and will be ready in a moment
      this.#waitLonger();
    }
    this.#publish({});
  }

  #waitLonger(): void {
    const { backoff, now, random } = this.#options;
    const delay = backoffMs(this.#failures, random(), backoff);
    this.#failures += 1;
    this.#retryAt = now() + delay;
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(() => this.#happen("retry"), delay);
  }

  #receive(data: unknown): void {
    this.#lastSign = this.#options.now();
    const message = readMessage(data);
    const next = applyMessage(this.#state, message, this.#lastSign);
    if (next === "resync") {
      this.#reason = "lost";
      return this.#happen("resync");
    }
    if (message.kind !== "unreadable") {
      this.#failures = 0;
      this.#caughtUp = true;
    }
    this.#publish(next);
    if (!next.hasBaseline) return;
    for (const attention of this.#attention.look(next.workspaces)) {
      for (const listener of this.#attentionListeners) listener(attention);
    }
  }

  #status(): ConnectionStatus {
    const inUse = this.#phase === "live" || this.#phase === "checking";
    if (inUse && this.#caughtUp) return "live";
    if (this.#isOffline()) return "offline";
    return this.#state.hasBaseline || this.#failures > 0 ? "reconnecting" : "connecting";
  }

  #publish(data: Partial<ProjectData>): void {
    const before = this.#state;
    const status = this.#status();
    if (status === "live") this.#reason = null;
    const connection: Connection = {
      status,
      since: status === before.connection.status ? before.connection.since : this.#options.now(),
      reason: this.#reason,
      retryAt: this.#retryAt,
    };
    const same =
      connection.status === before.connection.status &&
      connection.reason === before.connection.reason &&
      connection.retryAt === before.connection.retryAt;
    if (same && Object.keys(data).length === 0) return;
    this.#state = { ...before, ...data, connection: same ? before.connection : connection };
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

/** Takes our ears off a socket before closing it, so that nothing it still does concerns us. */
function release(socket: Socket | null): null {
  if (socket) {
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }
  return null;
}

function reasonOf(code: number): ConnectionReason {
  switch (code) {
    case 1001:
    case 1012:
      return "restarting";
    case 4401:
      return "unauthorized";
    case 4404:
      return "unknown_project";
    case 4408:
      return "too_slow";
    default:
      return "lost";
  }
}
