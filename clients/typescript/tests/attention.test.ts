import { expect, test } from "vitest";
import { AttentionTracker, type Sight } from "../src/attention.ts";
import { readEntry, type Workspace } from "../src/read_entry.ts";
import { entry } from "./entries.ts";

const request = (requestId: string) => ({ sessionId: "s1", requestId, type: "user_question", at: "" });
const waiting = (id: string, ...requests: string[]) => {
  const workspace = readEntry(
    entry(id, {
      pendingRequests: requests.map(request),
      pendingRequestType: requests.length > 0 ? "user_question" : null,
    }),
  );
  if (!workspace) throw new Error("unreadable");
  return workspace;
};
const plain = (type: string | null, more: object = {}) => readEntry(entry("a", { pendingRequestType: type, ...more }))!;
const since = (version: number, workspace: Workspace): Workspace => ({ ...workspace, version });
const sight = (workspaces: readonly Workspace[], revision = 1, epoch = "e1"): Sight => ({
  epoch,
  revision,
  workspaces,
  byId: new Map(workspaces.map((workspace) => [workspace.workspaceId, workspace])),
});

test("S-80: what the first baseline shows is no news", () => {
  expect(new AttentionTracker("p1").look(sight([waiting("a", "r1")]))).toEqual([]);
});

test("S-99: each new request is news once", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look(sight([waiting("a")]));
  expect(tracker.look(sight([waiting("a", "r1")]))).toMatchObject([{ workspaceId: "a", requestId: "r1" }]);
  expect(tracker.look(sight([waiting("a", "r1")]))).toEqual([]);
});

test("S-66: a second request behind the first is news", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look(sight([waiting("a", "r1")]));
  expect(tracker.look(sight([waiting("a", "r1", "r2")])).map((news) => news.requestId)).toEqual(["r2"]);
  expect(tracker.look(sight([waiting("a", "r2")]))).toEqual([]);
});

test("a request of a workspace not seen before is news", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look(sight([]));
  expect(tracker.look(sight([waiting("b", "r1")]))).toHaveLength(1);
});

test("a kind without an identity is news when it begins", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look(sight([plain(null)]));
  expect(tracker.look(sight([plain("plan_approval")]))).toMatchObject([{ type: "plan_approval", requestId: null }]);
  expect(tracker.look(sight([plain("plan_approval")]))).toEqual([]);
});

test("another view shows what was hidden, and that is no news", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look(sight([waiting("a", "r1")], 5));
  tracker.changeView();
  expect(tracker.look(sight([waiting("b", "r2")], 6))).toEqual([]);
  tracker.changeView();
  expect(tracker.look(sight([waiting("a", "r1"), waiting("b", "r2"), waiting("c", "r3")], 7))).toEqual([]);
  expect(tracker.look(sight([waiting("a", "r1", "r4"), waiting("b", "r2"), waiting("c", "r3")], 8))).toMatchObject([{ requestId: "r4" }]);
});

test("the old view is no baseline of the new one", () => {
  const tracker = new AttentionTracker("p1");
  const old = sight([waiting("a")]);
  tracker.look(old);
  tracker.changeView();
  tracker.look({ ...old, revision: 2 });
  expect(tracker.look(sight([waiting("a"), waiting("b", "r1")], 3))).toEqual([]);
});

test("what comes while the view changes is news where it was not there before", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look(sight([waiting("a", "r1"), waiting("b")], 5));
  tracker.changeView();
  const next = [waiting("a", "r1", "r2"), waiting("b", "r3"), since(6, waiting("c", "r4")), since(5, waiting("d", "r5"))];
  expect(tracker.look(sight(next, 6)).map((news) => news.requestId)).toEqual(["r2", "r3", "r4"]);
});

test("of another life of the server only what was in sight can be told to be new", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look(sight([waiting("a")], 5));
  tracker.changeView();
  const next = [waiting("a", "r1"), since(9, waiting("b", "r2"))];
  expect(tracker.look(sight(next, 9, "e2")).map((news) => news.requestId)).toEqual(["r1"]);
});

test("what was told is not told again by a view that knows the kind only, nor by the next that names it", () => {
  const unnamed = { unknownFields: ["pendingRequests"] };
  const tracker = new AttentionTracker("p1");
  const look = (workspace: Workspace) => tracker.look(sight([workspace])).map(({ requestId, type }) => requestId ?? type);
  look(waiting("a"));
  expect(look(waiting("a", "r1"))).toEqual(["r1"]);
  tracker.changeView();
  expect(look(plain("user_question", unnamed))).toEqual([]);
  expect(look(plain("plan_approval", unnamed)), "a stronger one before it").toEqual(["plan_approval"]);
  expect(look(plain("user_question", unnamed)), "the one behind it").toEqual([]);
  tracker.changeView();
  expect(look(waiting("a", "r1"))).toEqual([]);
  tracker.changeView();
  expect(look(plain(null, unnamed))).toEqual([]);
  expect(look(plain("user_question", unnamed)), "the first was settled").toEqual(["user_question"]);
  tracker.changeView();
  expect(look(waiting("a", "r2"))).toEqual([]);
  expect(look(waiting("a", "r2", "r3"))).toEqual(["r3"]);
});

test("a workspace that leaves a filtered view and comes back with the same request is no news", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look(sight([]));
  expect(tracker.look(sight([waiting("a", "r1")]))).toHaveLength(1);
  tracker.look(sight([]));
  expect(tracker.look(sight([waiting("a", "r1")]))).toEqual([]);
});

test("of what waits out of sight the newest is remembered, and no more than so many", () => {
  const tracker = new AttentionTracker("p1", 2);
  tracker.look(sight([]));
  const again = (id: string) => tracker.look(sight([waiting(id, "r1")])).length > 0;
  expect(["a", "b", "c"].map(again)).toEqual([true, true, true]);
  expect(["a", "b", "c"].map(again)).toEqual([false, false, false]);
  again("d");
  expect(again("a"), "left longest ago").toBe(true);
  expect(again("d")).toBe(false);
});
