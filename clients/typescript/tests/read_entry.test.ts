import { expect, test } from "vitest";
import { shapes } from "../src/index.ts";
import { readEntry } from "../src/read_entry.ts";
import { entry } from "./entries.ts";

test("a complete entry is read as it is", () => {
  const sent = entry("w1");
  expect(readEntry(sent)).toEqual({ ...sent, odd: [] });
});

test("the fixture has every member of the model", () => {
  expect(Object.keys(entry("w1"))).toEqual(Object.keys(shapes.Entry));
});

test("an unknown enum value costs its own field and is named", () => {
  const read = readEntry(entry("w1", { status: "HIBERNATING", name: "kept" }));
  expect(read).toMatchObject({ name: "kept", status: "NEW", odd: [{ path: "status", value: "HIBERNATING" }] });
});

test("an unknown reason keeps its label", () => {
  const statusReason = { code: "DREAMING", label: "Dreaming", tone: "purple", needsUser: true };
  const read = readEntry(entry("w1", { statusReason }));
  expect(read?.statusReason).toMatchObject({ label: "Dreaming", tone: "working", needsUser: true });
  expect(read?.odd.map((odd) => odd.path)).toEqual(["statusReason.code", "statusReason.tone"]);
});

test("an unknown column stays on the board", () => {
  expect(readEntry(entry("w1", { kanbanColumn: "SOMEDAY" }))?.kanbanColumn).toBe("WORKING");
});

test("a member of the wrong type never gets through", () => {
  const read = readEntry(entry("w1", { gitStats: 7, branchName: 4, sessionSummaries: {}, version: "9" }));
  expect(read).toMatchObject({ gitStats: null, branchName: null, sessionSummaries: [], version: 0 });
  expect(read?.odd).toHaveLength(4);
});

test("an absent member is unknown, not false", () => {
  const sent = entry("w1");
  delete sent.isWorking;
  delete sent.prState;
  expect(readEntry(sent)?.unknownFields).toEqual(["prState", "isWorking"]);
});

test("an unknown value inside an element leaves its neighbours alone", () => {
  const terminals = [{ id: "a", state: "busy", lastActivityAt: null }, { id: "b", state: "glowing", lastActivityAt: null }, 5];
  const read = readEntry(entry("w1", { terminals }));
  expect(read?.terminals.map((terminal) => [terminal.id, terminal.state])).toEqual([
    ["a", "busy"],
    ["b", "open"],
  ]);
  expect(read?.odd.map((odd) => odd.path)).toEqual(["terminals[1].state", "terminals[2]"]);
});

test("an entry without an identity is none", () => {
  expect(readEntry({ name: "x" })).toBeUndefined();
  expect(readEntry(null)).toBeUndefined();
  expect(readEntry({ name: "x" }, "w1")?.workspaceId).toBe("w1");
});

test("a value nested deeper than it can be printed costs its own field", () => {
  const depth = 100_000;
  const name: unknown = JSON.parse("[".repeat(depth) + "]".repeat(depth));
  expect(readEntry(entry("a", { name }))).toMatchObject({ name: "", branchName: "feature/a", odd: [{ path: "name" }] });
});
