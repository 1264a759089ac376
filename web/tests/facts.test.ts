import type { Workspace } from "@snapboard/client";
import { expect, test } from "vitest";
import { formatAge, parseTime, spellAge } from "../src/lib/age.ts";
import { groupOf, isReasonAssumed, isUnknown, safeUrl, sentence, splitBy, toneOf } from "../src/lib/facts.ts";
import { workspace } from "./workspace.ts";

test("ages are short, and exact at their borders", () => {
  const s = 1_000;
  const ages: [number, string, string][] = [
    [0, "now", "just now"],
    [9_999, "now", "just now"],
    [10 * s, "10s", "10 seconds ago"],
    [59 * s, "50s", "50 seconds ago"],
    [60 * s, "1m", "1 minute ago"],
    [3_599 * s, "59m", "59 minutes ago"],
    [3_600 * s, "1h", "1 hour ago"],
    [86_400 * s, "1d", "1 day ago"],
    [14 * 86_400 * s, "2w", "2 weeks ago"],
    [400 * 86_400 * s, "1y", "1 year ago"],
  ];
  for (const [ms, short, long] of ages) expect([formatAge(ms), spellAge(ms)]).toEqual([short, long]);
});

test("a text that is no time is none", () => {
  expect(parseTime("")).toBeNull();
  expect(parseTime(null)).toBeNull();
  expect(parseTime("yesterday")).toBeNull();
});

test("the sidebar groups by who has the next step", () => {
  const withReason = (needsUser: boolean, kanbanColumn: Workspace["kanbanColumn"]) =>
    workspace("w", { kanbanColumn, statusReason: { code: "MERGED", label: "", tone: "neutral", needsUser } });
  expect(groupOf(withReason(true, "WAITING"))).toBe("needs");
  expect(groupOf(withReason(false, "WORKING"))).toBe("working");
  expect(groupOf(withReason(false, "DONE"))).toBe("done");
});

test("splitting keeps the order and drops what has no place", () => {
  const list = ["a", "b", "c"].map((id) => workspace(id, { kanbanColumn: id === "b" ? null : "DONE" }));
  const split = splitBy(list, (w) => w.kanbanColumn);
  expect(split.get("DONE")?.map((w) => w.workspaceId)).toEqual(["a", "c"]);
});

test("an idle reason is an assumption while nobody reports sessions", () => {
  const fresh = workspace("w", { unknownFields: ["sessionSummaries"] });
  expect(isReasonAssumed(fresh)).toBe(true);
  expect(isUnknown(fresh, "sessionSummaries")).toBe(true);
  expect(isReasonAssumed(workspace("w"))).toBe(false);
});

test("trouble outranks the tone of the work", () => {
  expect(toneOf(workspace("w", { problem: { code: "git_failed", message: "" } }))).toBe("danger");
});

test("names become words", () => {
  expect(["CHANGES_REQUESTED", "NO_PR", "CI_WAIT", "cherry-pick"].map(sentence)).toEqual([
    "Changes requested",
    "No PR",
    "CI wait",
    "Cherry pick",
  ]);
});

test("only web addresses become links", () => {
  expect(safeUrl("https://example.org/1")).toBe("https://example.org/1");
  expect(safeUrl("javascript:alert(1)")).toBeUndefined();
  expect(safeUrl(null)).toBeUndefined();
});
