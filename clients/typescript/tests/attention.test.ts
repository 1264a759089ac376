import { expect, test } from "vitest";
import { AttentionTracker } from "../src/attention.ts";
import { readEntry } from "../src/read_entry.ts";
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

test("S-80: what the first baseline shows is no news", () => {
  expect(new AttentionTracker("p1").look([waiting("a", "r1")])).toEqual([]);
});

test("S-99: each new request is news once", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look([waiting("a")]);
  expect(tracker.look([waiting("a", "r1")])).toMatchObject([{ workspaceId: "a", requestId: "r1" }]);
  expect(tracker.look([waiting("a", "r1")])).toEqual([]);
});

test("S-66: a second request behind the first is news", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look([waiting("a", "r1")]);
  expect(tracker.look([waiting("a", "r1", "r2")]).map((news) => news.requestId)).toEqual(["r2"]);
  expect(tracker.look([waiting("a", "r2")])).toEqual([]);
});

test("a request of a workspace not seen before is news", () => {
  const tracker = new AttentionTracker("p1");
  tracker.look([]);
  expect(tracker.look([waiting("b", "r1")])).toHaveLength(1);
});

test("a kind without an identity is news when it begins", () => {
  const plain = (type: string | null) => readEntry(entry("a", { pendingRequestType: type }))!;
  const tracker = new AttentionTracker("p1");
  tracker.look([plain(null)]);
  expect(tracker.look([plain("plan_approval")])).toMatchObject([{ type: "plan_approval", requestId: null }]);
  expect(tracker.look([plain("plan_approval")])).toEqual([]);
});
