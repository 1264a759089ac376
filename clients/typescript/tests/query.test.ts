import type { QueryClient } from "@tanstack/query-core";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { ProjectStore, type ProjectState, type Socket, type Workspace } from "../src/index.ts";
import { writeQueries } from "../src/query.ts";
import { baseline, batch, del, entry, patch, put, welcome } from "./entries.ts";

// SB_QUERY_CORE names another copy of the library, such as the oldest that package.json allows.
const library = process.env.SB_QUERY_CORE ?? "@tanstack/query-core";
const { QueryClient: Queries, QueryObserver } = (await import(library)) as typeof import("@tanstack/query-core");

// As tRPC's own integration makes them.
const list = [["workspace", "listWithKanbanState"], { input: { projectId: "p1" }, type: "query" }] as const;
const detail = (id: string) => [["workspace", "get"], { input: { id }, type: "query" }] as const;

let socket: Socket;
let queries: QueryClient;
let store: ProjectStore;
let stop: () => void;

beforeEach(() => {
  vi.useFakeTimers();
  queries = new Queries();
  store = new ProjectStore("p1", {
    baseUrl: "http://127.0.0.1:1",
    webSocket: () => {
      socket = { onopen: null, onmessage: null, onclose: null, onerror: null, send: () => {}, close: () => {} };
      return socket;
    },
  });
  stop = writeQueries(store, queries, {
    project: [{ queryKey: list, data: (state: ProjectState) => state.workspaces.map(({ workspaceId, name }) => ({ id: workspaceId, name })) }],
    workspace: [{ queryKey: detail, data: (workspace: Workspace, held) => ({ ...(held as object), name: workspace.name }) }],
  });
  socket.onopen?.();
});
afterEach(() => {
  stop();
  store.close();
  queries.clear();
  vi.useRealTimers();
});

/** One frame, and the time until listeners are told at the latest. */
function say(frame: string): void {
  socket.onmessage?.({ data: frame });
  vi.advanceTimersByTime(20);
}

function begin(): void {
  say(welcome());
  say(baseline([entry("a"), entry("b")]));
}

test("the list is written under the consumer's key, and not before it is complete", () => {
  say(welcome());
  expect(queries.getQueryData(list)).toBeUndefined();
  say(baseline([entry("a"), entry("b")]));
  expect(queries.getQueryData(list)).toEqual([{ id: "a", name: "a" }, { id: "b", name: "b" }]);
  say(batch(1, 2, [put(entry("c", { name: "new" }), 2)]));
  expect(queries.getQueryData(list)).toContainEqual({ id: "c", name: "new" });
});

test("details are written where somebody looked at them, and keep what only their own read knows", () => {
  begin();
  queries.setQueryData(detail("a"), { name: "a", description: "long" });
  say(batch(1, 2, [patch("a", 2, { name: "x" }), patch("b", 2, { name: "y" })]));
  expect(queries.getQueryData(detail("a"))).toEqual({ name: "x", description: "long" });
  expect(queries.getQueryState(detail("b"))).toBeUndefined();
});

test("what did not change is not written again", () => {
  begin();
  queries.setQueryData(detail("a"), { name: "a" });
  const { dataUpdatedAt } = queries.getQueryState(detail("a"))!;
  vi.advanceTimersByTime(1_000);
  say(batch(1, 2, [patch("b", 2, { name: "y" })]));
  expect(queries.getQueryState(detail("a"))!.dataUpdatedAt).toBe(dataUpdatedAt);
});

test("S-108: the details of a removed workspace are removed", () => {
  begin();
  queries.setQueryData(detail("a"), { name: "a" });
  say(batch(1, 2, [del("a", 2)]));
  expect(queries.getQueryState(detail("a"))).toBeUndefined();
  expect(queries.getQueryData(list)).toEqual([{ id: "b", name: "b" }]);
});

test("S-77: a read that was under way does not overwrite what came meanwhile", async () => {
  begin();
  let answer = (_: unknown) => {};
  const read = queries.fetchQuery({ queryKey: list, queryFn: () => new Promise((done) => (answer = done)) }).catch(() => "cancelled");
  say(batch(1, 2, [patch("a", 2, { name: "newer" })]));
  answer([{ id: "a", name: "older" }]);
  await read;
  expect(queries.getQueryData(list)).toContainEqual({ id: "a", name: "newer" });
});

test("a read that was overtaken is over: it is not shown as under way, fails nobody who watches, and can be made again", async () => {
  begin();
  let answer = (_: unknown) => {};
  const queryFn = () => new Promise((done) => (answer = done));
  const watched = new QueryObserver(queries, { queryKey: list, queryFn, staleTime: Number.POSITIVE_INFINITY });
  const shown: string[] = [];
  const leave = watched.subscribe(({ status, fetchStatus }) => shown.push(`${status} ${fetchStatus}`));
  void watched.refetch();
  await vi.advanceTimersByTimeAsync(0);
  expect(shown).toEqual(["success fetching"]);
  say(batch(1, 2, [patch("a", 2, { name: "newer" })]));
  await vi.advanceTimersByTimeAsync(0);
  expect(queries.getQueryState(list)).toMatchObject({ status: "success", fetchStatus: "idle" });
  expect(new Set(shown)).toEqual(new Set(["success fetching", "success idle"]));
  const again = watched.refetch();
  answer([{ id: "a", name: "read" }]);
  await again;
  expect(queries.getQueryData(list)).toEqual([{ id: "a", name: "read" }]);
  leave();
});

// Earlier releases of 5 answer every cancelled read with an error.
test.skipIf(process.env.SB_QUERY_CORE)("who waits for a read that was overtaken is answered what overtook it", async () => {
  begin();
  const read = queries.fetchQuery({ queryKey: list, queryFn: () => new Promise(() => {}) }).catch((error: unknown) => error);
  say(batch(1, 2, [patch("a", 2, { name: "newer" })]));
  expect(await read).toContainEqual({ id: "a", name: "newer" });
});

test("after it was stopped nothing is written", () => {
  begin();
  stop();
  say(batch(1, 2, [patch("a", 2, { name: "x" })]));
  expect(queries.getQueryData(list)).toContainEqual({ id: "a", name: "a" });
});
