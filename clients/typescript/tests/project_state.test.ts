import { expect, test } from "vitest";
import { applyMessage, emptyProject, type ProjectData } from "../src/project_state.ts";
import { readMessage } from "../src/read_message.ts";
import { changed, entry, full, removed } from "./entries.ts";

function apply(state: ProjectData, frame: string): ProjectData {
  const next = applyMessage(state, readMessage(frame), 1_000);
  if (next === "resync") throw new Error("resync");
  return next;
}

const base = () => apply(emptyProject("p1"), full([entry("a"), entry("b")], { cursor: "c1", revision: 4 }));
const ids = (state: ProjectData) => state.workspaces.map((workspace) => workspace.workspaceId);

test("S-111: 49 of 50 entries apply when one holds a value nobody knows", () => {
  const entries = Array.from({ length: 50 }, (_, i) => entry(`w${i}`, i === 7 ? { prState: "TELEPORTED" } : {}));
  const state = apply(emptyProject("p1"), full(entries));
  expect(state.workspaces).toHaveLength(50);
  expect(state.workspaces.filter((workspace) => workspace.odd.length > 0).map((w) => w.workspaceId)).toEqual(["w7"]);
});

test("an entry without an identity is left out and counted", () => {
  const state = apply(emptyProject("p1"), full([entry("a"), { name: "nobody" }, 3]));
  expect(ids(state)).toEqual(["a"]);
  expect(state.unreadable?.count).toBe(2);
});

test("newest createdAt comes first, then the id decides", () => {
  const state = apply(
    emptyProject("p1"),
    full([
      entry("b", { createdAt: "2026-01-01T00:00:00.000Z" }),
      entry("none", { createdAt: "" }),
      entry("new", { createdAt: "2026-02-01T00:00:00.000Z" }),
      entry("a", { createdAt: "2026-01-01T00:00:00.000Z" }),
    ]),
  );
  expect(ids(state)).toEqual(["new", "a", "b", "none"]);
});

test("a change replaces one entry and leaves the others untouched", () => {
  const before = base();
  const after = apply(before, changed(entry("a", { name: "renamed", version: 5 }), { cursor: "c2", revision: 5 }));
  expect(after.byId.get("a")?.name).toBe("renamed");
  expect(after.byId.get("b")).toBe(before.byId.get("b"));
  expect(after.cursor).toBe("c2");
});

test("a repeated baseline keeps every reference", () => {
  const before = base();
  const after = apply(before, full([entry("a"), entry("b")], { cursor: "c2" }));
  expect(after.workspaces[0]).toBe(before.workspaces[0]);
  expect(after.workspaces[1]).toBe(before.workspaces[1]);
});

test("a removed entry is removed, and removing it again is nothing", () => {
  const after = apply(base(), removed("a"));
  expect(ids(after)).toEqual(["b"]);
  expect(after.byId.has("a")).toBe(false);
  expect(ids(apply(after, removed("a")))).toEqual(["b"]);
});

test("S-109: what comes back is as complete as what appears", () => {
  const whole = entry("a", { version: 7, name: "again", prUrl: "https://git.example/1", runScriptStatus: "RUNNING" });
  const back = apply(apply(base(), removed("a")), changed(whole, { revision: 7 }));
  const fresh = apply(emptyProject("p1"), full([whole], { revision: 7 }));
  expect(back.byId.get("a")).toEqual(fresh.byId.get("a"));
});

test("S-77: an entry never goes back within an epoch", () => {
  const newer = apply(base(), changed(entry("a", { version: 9, name: "new" })));
  expect(apply(newer, changed(entry("a", { version: 8, name: "old" }))).byId.get("a")?.name).toBe("new");
});

test("a cursor stays until a message brings the next", () => {
  const state = apply(base(), changed(entry("a", { version: 5 }), { revision: 5 }));
  expect(state.cursor).toBe("c1");
  expect(apply(state, changed(entry("b", { version: 5 }), { revision: 5, cursor: "c5" })).cursor).toBe("c5");
});

test("a baseline without a cursor forgets the old one", () => {
  expect(apply(base(), full([entry("a")])).cursor).toBeNull();
});

test("a baseline of another life starts over", () => {
  const state = apply(base(), full([entry("a", { version: 1, name: "reborn" })], { epoch: "e2", cursor: "x" }));
  expect(state).toMatchObject({ epoch: "e2", cursor: "x" });
  expect(state.byId.get("a")?.name).toBe("reborn");
});

test("a change of another life cannot be continued", () => {
  expect(applyMessage(base(), readMessage(changed(entry("a"), { epoch: "e2" })), 0)).toBe("resync");
  expect(applyMessage(emptyProject("p1"), readMessage(changed(entry("a"))), 0)).toBe("resync");
});

test("noise is counted and changes nothing", () => {
  const before = base();
  const frames = ["{", "7", '{"type":"snapshot_dance"}', '{"type":"snapshot_removed"}', '{"type":"snapshot_full"}'];
  const after = frames.reduce(apply, before);
  expect(after.unreadable?.count).toBe(frames.length);
  expect(after.workspaces).toBe(before.workspaces);
});

test("the review count is kept when a message has none", () => {
  const state = apply(base(), changed(entry("a", { version: 2 }), { reviewCount: 3 }));
  expect(apply(state, removed("b")).reviewCount).toBe(3);
});
