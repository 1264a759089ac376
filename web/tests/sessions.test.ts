import { expect, test } from "vitest";
import { countAsking, oddInList } from "../src/lib/facts.ts";
import { sessionStatus } from "../src/lib/session_status.ts";
import { session, workspace } from "./workspace.ts";

const exit = (unexpected: boolean) => ({ code: 1, timestamp: "", unexpected });

test.each([
  ["idle", {}],
  ["working", { activity: "WORKING" }],
  ["working", { runtimePhase: "running" }],
  ["unknown", { activityKnown: false }],
  ["loading", { runtimePhase: "loading", activityKnown: false }],
  ["starting", { runtimePhase: "starting", processState: "stopped" }],
  ["stopping", { runtimePhase: "stopping", activity: "WORKING" }],
  ["error", { runtimePhase: "error", processState: "stopped", lastExit: exit(true) }],
  ["stopped", { processState: "stopped" }],
  ["stopped", { processState: "stopped", activity: "WORKING", lastExit: exit(false) }],
  ["unexpected-exit", { processState: "stopped", lastExit: exit(true) }],
] as const)("%s: %o", (status, more) => {
  expect(sessionStatus(workspace("w", { sessionSummaries: [session(more)] }), 0)).toBe(status);
});

test.each(["runtimePhase", "activity"])("a %s without a name is unknown, not idle", (member) => {
  const odd = [{ path: `sessionSummaries[0].${member}`, value: "DREAMING" }];
  expect(sessionStatus(workspace("w", { sessionSummaries: [session()], odd }), 0)).toBe("unknown");
});

test("an element left out does not shift what is said about those behind it", () => {
  const odd = [
    { path: "terminals[0]", value: "7" },
    { path: "terminals[2].state", value: "frozen" },
  ];
  const terminals = ["a", "b"].map((id) => ({ id, state: "open" as const, lastActivityAt: null }));
  const left = workspace("w", { terminals, odd });
  expect([0, 1].map((index) => oddInList(left, "terminals", index, "state"))).toEqual([null, "frozen"]);
});

test("a question of an unknown kind is one", () => {
  const odd = [{ path: "pendingRequestType", value: "riddle" }];
  expect(countAsking([workspace("a", { odd }), workspace("b"), workspace("c", { pendingRequestType: "user_question" })])).toBe(2);
});
