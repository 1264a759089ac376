import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProjectStore, type Attention, type Signals, type Socket, type StoreOptions } from "../src/index.ts";
import { changed, entry, full, removed } from "./entries.ts";

/** A socket whose other end is the test. */
class FakeSocket implements Socket {
  static all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number }) => void) | null = null;
  closed = false;
  readonly url: URL;

  constructor(url: string) {
    this.url = new URL(url);
    FakeSocket.all.push(this);
  }
  close(): void {
    this.closed = true;
  }
  static get last(): FakeSocket {
    return FakeSocket.all.at(-1)!;
  }
  open(): void {
    this.onopen?.();
  }
  say(frame: unknown): void {
    this.onmessage?.({ data: frame });
  }
  die(code = 1006): void {
    this.onclose?.({ code });
  }
}

class FakeSignals implements Signals {
  online = true;
  wake = () => {};
  network = () => {};
  isOnline = () => this.online;
  listen(onWake: () => void, onNetwork: () => void): () => void {
    this.wake = onWake;
    this.network = onNetwork;
    return () => {
      this.wake = this.network = () => {};
    };
  }
}

let signals: FakeSignals;
let answer: () => Response | Promise<Response>;

beforeEach(() => {
  vi.useFakeTimers();
  FakeSocket.all = [];
  signals = new FakeSignals();
  answer = () => Promise.reject(new TypeError("connection refused"));
  vi.stubGlobal("fetch", async () => answer());
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function open(more: Partial<StoreOptions> = {}) {
  const store = new ProjectStore("p1", {
    baseUrl: "https://board.example",
    webSocket: (url) => new FakeSocket(url),
    signals,
    random: () => 0,
    ...more,
  });
  const heard = vi.fn();
  const leave = store.subscribe(heard);
  return { store, heard, leave };
}

function openLive(more: Partial<StoreOptions> = {}) {
  const opened = open(more);
  FakeSocket.last.open();
  FakeSocket.last.say(full([entry("a")], { cursor: "c1", revision: 1 }));
  return opened;
}

test("it connects with its first listener and is live with its baseline", () => {
  const { store } = open();
  expect(FakeSocket.last.url.href).toBe("wss://board.example/snapshots?projectId=p1");
  expect(store.getSnapshot().connection.status).toBe("connecting");
  FakeSocket.last.open();
  expect(store.getSnapshot().connection.status).toBe("connecting");
  FakeSocket.last.say(full([]));
  expect(store.getSnapshot().connection).toMatchObject({ status: "live", reason: null });
});

test("the snapshot changes identity only with its content", () => {
  const { store } = openLive();
  expect(store.getSnapshot()).toBe(store.getSnapshot());
  const before = store.getSnapshot();
  FakeSocket.last.say(changed(entry("b", { version: 2 }), { cursor: "c2" }));
  expect(store.getSnapshot()).not.toBe(before);
  expect(store.getSnapshot().byId.get("a")).toBe(before.byId.get("a"));
  expect(before.workspaces).toHaveLength(1);
});

test("a lost connection resumes from the cursor of the state it shows", async () => {
  const { store } = openLive();
  FakeSocket.last.say(changed(entry("a", { version: 2 }), { cursor: "c2" }));
  FakeSocket.last.die();
  expect(store.getSnapshot().connection.status).toBe("reconnecting");
  expect(store.getSnapshot().workspaces).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeSocket.last.url.searchParams.get("cursor")).toBe("c2");
  FakeSocket.last.open();
  expect(store.getSnapshot().connection.status).toBe("live");
});

test("S-112: it never stops trying, at one to thirty seconds", async () => {
  const { store } = openLive();
  FakeSocket.last.die();
  const gaps: number[] = [];
  for (let attempt = 0; attempt < 40; ++attempt) {
    const before = Date.now();
    const sockets = FakeSocket.all.length;
    gaps.push(store.getSnapshot().connection.retryAt! - before);
    await vi.advanceTimersByTimeAsync(gaps.at(-1)!);
    expect(FakeSocket.all.length).toBe(sockets + 1);
    FakeSocket.last.die();
  }
  expect(gaps.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  expect(Math.max(...gaps)).toBe(30_000);
});

test("a connection that dies before it says anything does not reset the delay", async () => {
  const { store } = openLive();
  for (let attempt = 0; attempt < 4; ++attempt) {
    FakeSocket.last.die(4404);
    await vi.advanceTimersByTimeAsync(store.getSnapshot().connection.retryAt! - Date.now());
    FakeSocket.last.open();
  }
  FakeSocket.last.die(4404);
  expect(store.getSnapshot().connection).toMatchObject({ status: "reconnecting", reason: "unknown_project" });
  expect(store.getSnapshot().connection.retryAt! - Date.now()).toBe(16_000);
});

test("a socket that does not open in time is given up", async () => {
  const { store } = open();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(FakeSocket.all[0]!.closed).toBe(true);
  expect(store.getSnapshot().connection).toMatchObject({ status: "reconnecting", reason: "unreachable" });
});

test("S-50 S-112: a silent connection is checked on waking without leaving it first", async () => {
  const { store } = openLive();
  const [first] = FakeSocket.all;
  signals.wake();
  expect(FakeSocket.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(31_000);
  signals.wake();
  signals.wake();
  expect(FakeSocket.all).toHaveLength(2);
  expect(store.getSnapshot().connection.status).toBe("live");
  first!.say(changed(entry("a", { version: 2, name: "meanwhile" }), { cursor: "c2" }));
  expect(store.getSnapshot().byId.get("a")?.name).toBe("meanwhile");
  FakeSocket.last.open();
  expect(first!.closed).toBe(true);
  expect(store.getSnapshot().connection.status).toBe("live");
  first!.say(changed(entry("a", { version: 9, name: "ghost" })));
  expect(store.getSnapshot().byId.get("a")?.name).toBe("meanwhile");
});

test("a check that finds nobody says so", async () => {
  const { store } = openLive();
  await vi.advanceTimersByTimeAsync(31_000);
  signals.wake();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(store.getSnapshot().connection).toMatchObject({ status: "reconnecting", reason: "unreachable" });
});

test("S-51: waking ends the waiting at once, unless there is no network", () => {
  openLive();
  FakeSocket.last.die();
  signals.online = false;
  signals.wake();
  expect(FakeSocket.all).toHaveLength(1);
  signals.online = true;
  signals.network();
  expect(FakeSocket.all).toHaveLength(2);
});

test("without network it is offline, and goes on trying", async () => {
  const { store } = openLive();
  signals.online = false;
  FakeSocket.last.die();
  expect(store.getSnapshot().connection.status).toBe("offline");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(FakeSocket.all.length).toBeGreaterThan(1);
});

test("a server on this machine needs no network", () => {
  const { store } = openLive({ baseUrl: "http://127.0.0.1:7420" });
  signals.online = false;
  FakeSocket.last.die();
  expect(store.getSnapshot().connection.status).toBe("reconnecting");
  signals.wake();
  expect(FakeSocket.all).toHaveLength(2);
});

test("a refused upgrade is explained by one plain request", async () => {
  answer = () => Response.json({ detail: "no token" }, { status: 401 });
  const { store } = open();
  FakeSocket.last.die();
  await vi.advanceTimersByTimeAsync(0);
  expect(store.getSnapshot().connection.reason).toBe("unauthorized");
});

test("a server that is starting is asked again in a second, for as long as it takes", async () => {
  answer = () => Response.json({}, { status: 503, headers: { "retry-after": "1" } });
  const { store } = open();
  for (let attempt = 0; attempt < 5; ++attempt) {
    FakeSocket.last.die();
    await vi.advanceTimersByTimeAsync(0);
    expect(store.getSnapshot().connection.reason).toBe("not_ready");
    expect(store.getSnapshot().connection.retryAt! - Date.now()).toBe(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
  }
});

test("a change that cannot follow the state starts over without the cursor", async () => {
  const { store } = openLive();
  FakeSocket.last.say(changed(entry("a"), { epoch: "other" }));
  expect(store.getSnapshot().connection.status).toBe("reconnecting");
  await vi.advanceTimersByTimeAsync(1_000);
  expect(FakeSocket.last.url.searchParams.has("cursor")).toBe(false);
  FakeSocket.last.open();
  expect(store.getSnapshot().connection.status).toBe("reconnecting");
  FakeSocket.last.say(full([entry("z")], { epoch: "other" }));
  expect(store.getSnapshot().connection.status).toBe("live");
  expect(store.getSnapshot().workspaces.map((workspace) => workspace.workspaceId)).toEqual(["z"]);
});

test("a burst is one notification more, a single change is not held back", async () => {
  const { heard } = openLive();
  await vi.advanceTimersByTimeAsync(1_000);
  heard.mockClear();
  FakeSocket.last.say(changed(entry("a", { version: 2 })));
  expect(heard).toHaveBeenCalledTimes(1);
  for (let version = 3; version < 100; ++version) FakeSocket.last.say(changed(entry("a", { version })));
  expect(heard).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(16);
  expect(heard).toHaveBeenCalledTimes(2);
});

test("attention is called for what is new, and not before the first baseline", () => {
  const { store } = open();
  const calls: Attention[] = [];
  store.onAttention((attention) => calls.push(attention));
  const asking = (version: number, ...requestIds: string[]) =>
    entry("a", {
      version,
      pendingRequests: requestIds.map((requestId) => ({ sessionId: "s", requestId, type: "user_question", at: "" })),
    });
  FakeSocket.last.open();
  FakeSocket.last.say(full([asking(1, "old")]));
  FakeSocket.last.say(changed(asking(2, "old", "new")));
  FakeSocket.last.say(full([asking(2, "old", "new"), entry("b")]));
  expect(calls.map((call) => call.requestId)).toEqual(["new"]);
});

test("it leaves after its last listener, keeps its state, and resumes for the next", async () => {
  const { store, leave } = openLive();
  const [first] = FakeSocket.all;
  leave();
  await vi.advanceTimersByTimeAsync(2_000);
  store.subscribe(() => {})();
  await vi.advanceTimersByTimeAsync(2_000);
  expect(first!.closed).toBe(false);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(first!.closed).toBe(true);
  expect(store.getSnapshot().workspaces).toHaveLength(1);
  store.subscribe(() => {});
  expect(FakeSocket.last.url.searchParams.get("cursor")).toBe("c1");
  expect(vi.getTimerCount()).toBe(1); // the new socket's own deadline
});

test("S-52 S-53: no change, of a known id or a new one, and no second baseline asks for anything", () => {
  const asked = vi.fn(() => Promise.reject(new TypeError("not asked for")));
  vi.stubGlobal("fetch", asked);
  const { store } = openLive();
  for (let version = 2; version < 1_002; ++version) FakeSocket.last.say(changed(entry("a", { version })));
  for (let version = 1; version < 20; ++version) FakeSocket.last.say(changed(entry("new", { version })));
  FakeSocket.last.say(full([entry("a"), entry("new")], { cursor: "c2", revision: 1_002 }));
  expect(store.getSnapshot().workspaces).toHaveLength(2);
  expect(asked).not.toHaveBeenCalled();
});

test("S-108: removed means removed", () => {
  const { store } = openLive();
  FakeSocket.last.say(removed("a", { cursor: "c2" }));
  expect(store.getSnapshot().workspaces).toEqual([]);
});
