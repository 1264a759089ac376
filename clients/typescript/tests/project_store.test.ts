import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProjectStore, type Attention, type Signals, type Socket, type StoreOptions } from "../src/index.ts";
import { baseline, batch, del, entry, patch, put, welcome } from "./entries.ts";

/** A socket whose other end is the test. */
class FakeSocket implements Socket {
  static all: FakeSocket[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { readonly data: unknown }) => void) | null = null;
  onclose: ((event: { readonly code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  closed = false;
  sent: { cursor?: string; type: string; [member: string]: unknown }[] = [];
  readonly url: URL;

  constructor(url: string) {
    this.url = new URL(url);
    FakeSocket.all.push(this);
  }
  send(text: string): void {
    this.sent.push(JSON.parse(text));
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
  FakeSocket.last.say(welcome());
  FakeSocket.last.say(baseline([entry("a")]));
  return opened;
}

/** What is named `name` in revision `revision`, one after the one before. */
const rename = (name: string, revision: number) => batch(revision - 1, revision, [patch("a", revision, { name })]);

/** The socket dies, and the other transports find nobody either. */
async function dieAlone(code?: number): Promise<void> {
  FakeSocket.last.die(code);
  await vi.advanceTimersByTimeAsync(0);
}

test("it connects with its first listener and is live with its baseline", () => {
  const { store } = open();
  const socket = FakeSocket.last;
  expect(socket.url.href).toBe("wss://board.example/sync");
  socket.open();
  const view = { projectId: "p1", shape: "full" };
  expect(socket.sent).toEqual([{ type: "hello", protocol: 2, view, patch: true, heartbeatMs: 5_000, coalesceMs: 100 }]);
  socket.say(welcome());
  expect(store.getSnapshot().connection.status).toBe("connecting");
  socket.say(baseline([]));
  expect(store.getSnapshot().connection).toMatchObject({ status: "live", reason: null, transport: "websocket", detour: null });
});

test("the snapshot changes identity only with its content", () => {
  const { store } = openLive();
  expect(store.getSnapshot()).toBe(store.getSnapshot());
  const before = store.getSnapshot();
  FakeSocket.last.say(batch(1, 2, [put(entry("b"), 2)]));
  expect(store.getSnapshot()).not.toBe(before);
  expect(store.getSnapshot().byId.get("a")).toBe(before.byId.get("a"));
  expect(before.workspaces).toHaveLength(1);
});

test("a lost connection resumes from the cursor of the state it shows", async () => {
  const { store } = openLive();
  FakeSocket.last.say(rename("x", 2));
  await dieAlone();
  expect(store.getSnapshot().connection.status).toBe("reconnecting");
  expect(store.getSnapshot().workspaces).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(1_000);
  FakeSocket.last.open();
  expect(FakeSocket.last.sent[0]?.cursor).toBe("c2");
  FakeSocket.last.say(welcome({ mode: "resume" }));
  expect(store.getSnapshot().connection.status).toBe("live");
});

test("S-112: it never stops trying, at one to thirty seconds", async () => {
  const { store } = openLive();
  await vi.advanceTimersByTimeAsync(5_000);
  await dieAlone();
  const gaps: number[] = [];
  for (let attempt = 0; attempt < 40; ++attempt) {
    const sockets = FakeSocket.all.length;
    gaps.push(store.getSnapshot().connection.retryAt! - Date.now());
    await vi.advanceTimersByTimeAsync(gaps.at(-1)!);
    expect(FakeSocket.all.length).toBe(sockets + 1);
    await dieAlone();
  }
  expect(gaps.slice(0, 6)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
  expect(Math.max(...gaps)).toBe(30_000);
  expect(store.getSnapshot().connection.reason).toBe("unreachable");
});

test("a connection that dies at once does not reset the delay", async () => {
  const { store } = openLive();
  for (let attempt = 0; attempt < 4; ++attempt) {
    await dieAlone(4404);
    await vi.advanceTimersByTimeAsync(store.getSnapshot().connection.retryAt! - Date.now());
    FakeSocket.last.open();
  }
  await dieAlone(4404);
  expect(store.getSnapshot().connection).toMatchObject({ status: "reconnecting", reason: "unknown_project" });
  expect(store.getSnapshot().connection.retryAt! - Date.now()).toBe(16_000);
});

test("a socket that does not open in time is given up", async () => {
  const { store } = open();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(FakeSocket.all[0]!.closed).toBe(true);
  expect(store.getSnapshot().connection).toMatchObject({ status: "reconnecting", reason: "unreachable" });
});

test("S-112: a connection that is silent for two heartbeats is left", async () => {
  const { store } = openLive();
  await vi.advanceTimersByTimeAsync(9_999);
  expect(store.getSnapshot().connection.status).toBe("live");
  await vi.advanceTimersByTimeAsync(1);
  expect(FakeSocket.all[0]!.closed).toBe(true);
  expect(store.getSnapshot().connection).toMatchObject({ status: "reconnecting", reason: "silent" });
});

test("S-50 S-112: a silent connection is checked on waking without leaving it first", async () => {
  const { store } = openLive({ staleMs: 4_000 });
  const [first] = FakeSocket.all;
  signals.wake();
  expect(FakeSocket.all).toHaveLength(1);
  await vi.advanceTimersByTimeAsync(4_000);
  signals.wake();
  signals.wake();
  expect(FakeSocket.all).toHaveLength(2);
  first!.say(rename("meanwhile", 2));
  expect(store.getSnapshot().byId.get("a")?.name).toBe("meanwhile");
  FakeSocket.last.open();
  FakeSocket.last.say(welcome({ mode: "resume" }));
  expect(first!.closed, "it is not yet as new as what is shown").toBe(false);
  FakeSocket.last.say(rename("meanwhile", 2));
  expect(first!.closed).toBe(true);
  expect(store.getSnapshot().connection.status).toBe("live");
  expect(first!.onmessage).toBeNull();
  expect(store.getSnapshot().byId.get("a")?.name).toBe("meanwhile");
});

test("a check that finds nobody says so", async () => {
  const { store } = openLive({ staleMs: 4_000 });
  await vi.advanceTimersByTimeAsync(4_000);
  signals.wake();
  await dieAlone();
  expect(store.getSnapshot().connection).toMatchObject({ status: "reconnecting", reason: "unreachable" });
});

test("a message that is not the next one costs one resumption, a second there the baseline", async () => {
  const { store } = openLive();
  for (const cursor of ["c1", undefined]) {
    FakeSocket.last.say(rename("lost", 9));
    expect(store.getSnapshot().connection.status).toBe("reconnecting");
    await vi.advanceTimersByTimeAsync(store.getSnapshot().connection.retryAt! - Date.now());
    FakeSocket.last.open();
    expect(FakeSocket.last.sent[0]?.cursor).toBe(cursor);
    if (cursor) FakeSocket.last.say(welcome({ mode: "resume" }));
  }
  expect(store.getSnapshot().workspaces).toHaveLength(1);
  FakeSocket.last.say(welcome({ epoch: "other" }));
  expect(store.getSnapshot().connection.status).toBe("reconnecting");
  FakeSocket.last.say(baseline([entry("z")]));
  expect(store.getSnapshot()).toMatchObject({ epoch: "other", connection: { status: "live" } });
  expect(store.getSnapshot().workspaces.map((workspace) => workspace.workspaceId)).toEqual(["z"]);
});

test("a server that says good-bye is left alone for as long as it asks", async () => {
  const { store } = openLive();
  FakeSocket.last.say(JSON.stringify({ type: "bye", code: "restart", retryAfterMs: 3_210, resumable: true }));
  FakeSocket.last.die(1001);
  expect(store.getSnapshot().connection).toMatchObject({ reason: "restarting", retryAt: Date.now() + 3_210 });
});

test.each([3e9, 3_600_000, 1e300])("a server that asks to be left alone for %d ms is tried again within half a minute, not in step with others", async (retryAfterMs) => {
  for (const [random, least] of [[0, 24_000], [1, 30_000]] as const) {
    const { store } = openLive({ random: () => random });
    FakeSocket.last.say(JSON.stringify({ type: "bye", code: "restart", retryAfterMs, resumable: true }));
    FakeSocket.last.die(1001);
    expect(store.getSnapshot().connection.retryAt).toBe(Date.now() + least);
    const dialled = FakeSocket.all.length;
    await vi.advanceTimersByTimeAsync(least - 1);
    expect(FakeSocket.all).toHaveLength(dialled);
    await vi.advanceTimersByTimeAsync(1);
    expect(FakeSocket.all).toHaveLength(dialled + 1);
    store.close();
  }
});

test.each([0, -5, null, "5000", { ms: 1 }])("a server that asks to be left alone for %j says nothing we could follow", async (retryAfterMs) => {
  const { store } = openLive();
  FakeSocket.last.say(JSON.stringify({ type: "bye", code: "restart", retryAfterMs, resumable: true }));
  FakeSocket.last.die(1001);
  expect(store.getSnapshot().connection.retryAt).toBe(Date.now() + 1_000);
});

test.each([
  [2e9, 60_000],
  [40_000, 60_000],
  [2_000, 4_000],
  [1, 1_000],
  [0, 10_000],
  [-5_000, 10_000],
  [null, 10_000],
  ["1", 10_000],
])("a heartbeat of %j ms lets the connection be silent for %d ms", async (heartbeatMs, limitMs) => {
  const { store } = open();
  FakeSocket.last.open();
  FakeSocket.last.say(welcome({ heartbeatMs }));
  FakeSocket.last.say(baseline([entry("a")]));
  expect(store.getSnapshot()).toMatchObject({ epoch: "e1", connection: { status: "live" } });
  const timers = vi.spyOn(globalThis, "setTimeout");
  await vi.advanceTimersByTimeAsync(limitMs - 1);
  expect(store.getSnapshot().connection.status).toBe("live");
  expect(timers.mock.calls.length).toBeLessThan(3);
  await vi.advanceTimersByTimeAsync(1);
  expect(store.getSnapshot().connection).toMatchObject({ status: "reconnecting", reason: "silent" });
});

test.each(["constructor", "__proto__", "toString", "tired", 7])("a good-bye that says %j gives no reason of ours", (code) => {
  const { store } = openLive();
  FakeSocket.last.say(JSON.stringify({ type: "bye", code, retryAfterMs: 1_000, resumable: true }));
  FakeSocket.last.die();
  expect(store.getSnapshot().connection.reason).toBe("lost");
});

test("the view is changed on the connection there is", () => {
  const { store } = openLive();
  store.setView({ where: { status: ["FAILED"] } });
  store.setView({ where: { status: ["FAILED"] } });
  const view = { shape: "full", where: { status: ["FAILED"] }, projectId: "p1" };
  expect(FakeSocket.last.sent.slice(1)).toEqual([{ type: "view", viewSeq: 2, view }]);
  FakeSocket.last.say(rename("of the old view", 2));
  expect(store.getSnapshot().byId.get("a")?.name).toBe("a");
  FakeSocket.last.say(baseline([], 2, { viewSeq: 2 }));
  expect(store.getSnapshot().workspaces).toEqual([]);
});

test("S-51: waking ends the waiting at once, unless there is no network", async () => {
  openLive();
  await dieAlone();
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

test("a server on this machine needs no network", async () => {
  const { store } = openLive({ baseUrl: "http://127.0.0.1:7420" });
  signals.online = false;
  await dieAlone();
  expect(store.getSnapshot().connection.status).toBe("reconnecting");
  signals.wake();
  expect(FakeSocket.all).toHaveLength(2);
});

const problem = (status: number, headers: Record<string, string> = {}) =>
  new Response("{}", { status, headers: { "content-type": "application/problem+json", ...headers } });

test("a refused upgrade is explained by the next transport", async () => {
  answer = () => problem(401);
  const { store } = open();
  await dieAlone();
  expect(store.getSnapshot().connection.reason).toBe("unauthorized");
});

test("a server that is starting is asked again in a second, for as long as it takes", async () => {
  answer = () => problem(503, { "retry-after": "1" });
  const { store } = open();
  for (let attempt = 0; attempt < 5; ++attempt) {
    await dieAlone();
    expect(store.getSnapshot().connection.reason).toBe("not_ready");
    expect(store.getSnapshot().connection.retryAt! - Date.now()).toBe(1_000);
    await vi.advanceTimersByTimeAsync(1_000);
  }
});

const json = (text: string) => new Response(text, { headers: { "content-type": "application/json" } });
const expired = () => problem(410);

test.each([
  ["answers at once that there is nothing", () => json(baseline([]))],
  ["never completes", () => json(baseline([], 1, { complete: false }))],
  ["refuses every cursor", (cursor: string | null) => (cursor === null ? json(baseline([entry("a")])) : expired())],
])("a server that %s to long polls is not asked without a rest", async (_, reply) => {
  let asked = 0;
  vi.stubGlobal("fetch", async (url: URL, { headers }: { headers: Record<string, string> }) => {
    await new Promise((done) => setTimeout(done, 5));
    if (headers.accept === "text/event-stream") return new Response("", { status: 502 });
    asked += 1;
    return reply(url.searchParams.get("cursor"));
  });
  const { store } = open();
  FakeSocket.last.die();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toBeGreaterThan(1);
  await vi.advanceTimersByTimeAsync(9_000);
  expect(asked).toBeLessThan(25);
  const before = asked;
  store.close();
  await vi.advanceTimersByTimeAsync(9_000);
  expect(asked).toBe(before);
  expect(vi.getTimerCount()).toBe(0);
});

test("what long polls tell is asked for without a rest", async () => {
  let revision = 1;
  vi.stubGlobal("fetch", async (_: URL, { headers }: { headers: Record<string, string> }) => {
    await new Promise((done) => setTimeout(done, 5));
    if (headers.accept === "text/event-stream") return new Response("", { status: 502 });
    return json(revision++ === 1 ? baseline([entry("a")]) : rename(`${revision - 1}`, revision - 1));
  });
  const { store } = open();
  FakeSocket.last.die();
  await vi.advanceTimersByTimeAsync(1_000);
  expect(store.getSnapshot().connection.transport).toBe("long-poll");
  expect(store.getSnapshot().revision).toBeGreaterThan(100);
});

test("a burst is one notification more, a single change is not held back", async () => {
  const { heard } = openLive();
  await vi.advanceTimersByTimeAsync(1_000);
  heard.mockClear();
  FakeSocket.last.say(rename("x", 2));
  expect(heard).toHaveBeenCalledTimes(1);
  for (let revision = 3; revision < 100; ++revision) FakeSocket.last.say(rename("x", revision));
  expect(heard).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(16);
  expect(heard).toHaveBeenCalledTimes(2);
});

test("attention is called for what is new, and not before the first baseline", () => {
  const { store } = open();
  const calls: Attention[] = [];
  store.onAttention((attention) => calls.push(attention));
  const asking = (...requestIds: string[]) =>
    entry("a", {
      pendingRequests: requestIds.map((requestId) => ({ sessionId: "s", requestId, type: "user_question", at: "" })),
    });
  FakeSocket.last.open();
  FakeSocket.last.say(welcome());
  FakeSocket.last.say(baseline([asking("old")]));
  FakeSocket.last.say(batch(1, 2, [put(asking("old", "new"), 2)]));
  FakeSocket.last.say(baseline([asking("old", "new"), entry("b")], 3));
  expect(calls.map((call) => call.requestId)).toEqual(["new"]);
});

test("S-99: attention is called once for a request, whatever views are shown one after the other", async () => {
  const { store } = openLive();
  const calls: Attention[] = [];
  store.onAttention((attention) => calls.push(attention));
  const asking = (id: string, ...requestIds: string[]) =>
    entry(id, { pendingRequests: requestIds.map((requestId) => ({ sessionId: "s", requestId, type: "user_question", at: "" })) });
  const old = put(asking("old", "hidden"), 1);
  FakeSocket.last.say(batch(1, 2, [put(asking("a", "first"), 2)]));
  store.setView({ where: { kanbanColumn: ["DONE"] } });
  FakeSocket.last.say(batch(2, 3, [put(asking("a", "first", "of the old view"), 3)]));
  FakeSocket.last.say(batch(0, 3, [], { reset: true, viewSeq: 2 }));
  store.setView({});
  FakeSocket.last.say(batch(0, 4, [old], { reset: true, viewSeq: 3, complete: false }));
  FakeSocket.last.say(batch(4, 4, [put(asking("a", "first"), 2)], { viewSeq: 3 }));
  expect(calls.map((call) => call.requestId)).toEqual(["first"]);
  FakeSocket.last.say(batch(4, 5, [put(asking("a", "first", "second"), 5)], { viewSeq: 3 }));
  expect(calls.map((call) => call.requestId)).toEqual(["first", "second"]);
  await dieAlone();
  store.setView({ shape: "list" });
  await vi.advanceTimersByTimeAsync(1_000);
  FakeSocket.last.open();
  FakeSocket.last.say(welcome());
  FakeSocket.last.say(batch(0, 6, [old, put(asking("a", "first", "second", "third"), 6)], { reset: true }));
  expect(calls.map((call) => call.requestId)).toEqual(["first", "second", "third"]);
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
  FakeSocket.last.open();
  expect(FakeSocket.last.sent[0]?.cursor).toBe("c1");
  expect(vi.getTimerCount()).toBe(1); // the new socket's own deadline
});

test("S-52 S-53: no change, of a known id or a new one, and no second baseline asks for anything", () => {
  const asked = vi.fn(() => Promise.reject(new TypeError("not asked for")));
  vi.stubGlobal("fetch", asked);
  const { store } = openLive();
  for (let revision = 2; revision < 1_002; ++revision) FakeSocket.last.say(rename(`${revision}`, revision));
  for (let revision = 1_002; revision < 1_020; ++revision) {
    FakeSocket.last.say(batch(revision - 1, revision, [put(entry("new"), revision)]));
  }
  FakeSocket.last.say(baseline([entry("a"), entry("new")], 1_020));
  expect(store.getSnapshot().workspaces).toHaveLength(2);
  expect(asked).not.toHaveBeenCalled();
});

test("S-108: removed means removed", () => {
  const { store } = openLive();
  FakeSocket.last.say(batch(1, 2, [del("a", 2)]));
  expect(store.getSnapshot().workspaces).toEqual([]);
});
