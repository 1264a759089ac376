import { expect, test } from "vitest";
import { entryHash, spellDigest } from "../src/digest.ts";
import { cursorOf, emptyReplica, follow, forgetPlace, type Fault, type Replica } from "../src/project_state.ts";
import { readMessage } from "../src/read_message.ts";
import { baseline, batch, del, entry, mark, patch, put, welcome } from "./entries.ts";

const step = (replica: Replica, frame: string, viewSeq = 1) => follow(replica, readMessage(frame), viewSeq, 1_000);

function apply(replica: Replica, ...frames: string[]): Replica {
  return frames.reduce((held, frame) => {
    const next = step(held, frame);
    if ("fault" in next) throw new Error(next.why);
    return next;
  }, replica);
}

function fault(replica: Replica, frame: string): Fault["fault"] {
  const next = step(replica, frame);
  if (!("fault" in next)) throw new Error("it was applied");
  return next.fault;
}

const empty = () => emptyReplica("p1");
const base = () => apply(empty(), welcome(), baseline([entry("a"), entry("b")], 4));
const ids = ({ data }: Replica) => data.workspaces.map((workspace) => workspace.workspaceId);

test("S-111: 49 of 50 entries apply when one holds a value nobody knows", () => {
  const entries = Array.from({ length: 50 }, (_, i) => entry(`w${i}`, i === 7 ? { prState: "TELEPORTED" } : {}));
  const { workspaces } = apply(empty(), welcome(), baseline(entries)).data;
  expect(workspaces).toHaveLength(50);
  expect(workspaces.filter((workspace) => workspace.odd.length > 0).map((w) => w.workspaceId)).toEqual(["w7"]);
});

test("newest createdAt comes first, then the id decides", () => {
  const at = (id: string, createdAt: string) => entry(id, { createdAt });
  const [january, february] = ["2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"];
  const replica = apply(empty(), welcome(), baseline([at("b", january), at("none", ""), at("new", february), at("a", january)]));
  expect(ids(replica)).toEqual(["new", "a", "b", "none"]);
});

test("a patch replaces its fields, null is a value, and the others stay untouched", () => {
  const before = base();
  const after = apply(before, batch(4, 5, [patch("a", 5, { name: "renamed", branchName: null })]));
  expect(after.data.byId.get("a")).toMatchObject({ name: "renamed", branchName: null, status: "READY", version: 5 });
  expect(after.data.byId.get("b")).toBe(before.data.byId.get("b"));
  expect(after.data).toMatchObject({ cursor: "c5", revision: 5, epoch: "e1" });
});

test("a repeated baseline keeps every reference", () => {
  const before = base();
  const after = apply(forgetPlace(before), welcome(), baseline([entry("a"), entry("b")], 4));
  expect(after.data.workspaces[0]).toBe(before.data.workspaces[0]);
  expect(after.data.workspaces[1]).toBe(before.data.workspaces[1]);
});

test("a removed entry is removed, and removing it again is nothing", () => {
  const after = apply(base(), batch(4, 5, [del("a", 5)]));
  expect(ids(after)).toEqual(["b"]);
  expect(ids(apply(after, batch(5, 6, [del("a", 6)])))).toEqual(["b"]);
});

test("S-109: what comes back is as complete as what appears", () => {
  const whole = entry("a", { name: "again", prUrl: "https://git.example/1", runScriptStatus: "RUNNING" });
  const back = apply(base(), batch(4, 6, [del("a", 6)]), batch(6, 7, [put(whole, 7)]));
  const fresh = apply(empty(), welcome(), baseline([whole], 7));
  expect(back.data.byId.get("a")).toEqual(fresh.data.byId.get("a"));
});

test("a baseline is shown when it is complete, and not before", () => {
  const half = apply(base(), welcome({ epoch: "e2" }), baseline([entry("x")], 1, { complete: false }));
  expect(ids(half)).toEqual(["a", "b"]);
  expect(half.data).toMatchObject({ cursor: "c4", epoch: "e1" });
  const whole = apply(half, batch(1, 2, [put(entry("y"), 2)], { reset: true }));
  expect(ids(whole)).toEqual(["x", "y"]);
  expect(whole.data).toMatchObject({ cursor: "c2", epoch: "e2" });
});

test("half a baseline is gone on with over the next connection", () => {
  const half = apply(empty(), welcome(), baseline([entry("x")], 1, { complete: false }));
  expect(cursorOf(half)).toBe("c1");
  const whole = apply(half, welcome({ mode: "resume" }), batch(1, 2, [put(entry("y"), 2)]));
  expect(ids(whole)).toEqual(["x", "y"]);
});

test("S-74 S-77: what is not the next message is a gap, in either direction", () => {
  expect(fault(base(), batch(5, 6, []))).toBe("gap");
  expect(fault(base(), batch(3, 6, []))).toBe("gap");
  expect(fault(base(), mark(3))).toBe("gap");
  expect(fault(empty(), batch(1, 2, []))).toBe("gap");
});

test("S-73: another life of the server is never taken for a continuation", () => {
  expect(fault(base(), welcome({ mode: "resume", epoch: "e2" }))).toBe("corrupt");
  expect(fault(empty(), welcome({ mode: "resume" }))).toBe("corrupt");
});

test("a patch of something unknown cannot be right", () => {
  expect(fault(base(), batch(4, 5, [patch("z", 5, { name: "ghost" })]))).toBe("corrupt");
});

test("messages of an earlier view are left alone, of one nobody asked for refused", () => {
  const before = base();
  expect(step(before, batch(4, 5, [del("a", 5)]), 2)).toBe(before);
  expect(step(before, mark(9), 2)).toBe(before);
  expect(fault(before, batch(4, 5, [], { viewSeq: 2 }))).toBe("gap");
});

test("a batch or a mark that goes back is not the next one", () => {
  expect(fault(base(), batch(4, 3, [del("a", 3)]))).toBe("gap");
  expect(fault(base(), mark(3))).toBe("gap");
  expect(apply(base(), batch(4, 4, [])).data.revision).toBe(4);
});

test("S-76: a digest that differs says that our state is wrong", () => {
  const digest = spellDigest(entryHash("a", 4) ^ entryHash("b", 4));
  expect(apply(base(), mark(6, { digest })).data).toMatchObject({ cursor: "c6", revision: 6 });
  expect(fault(base(), mark(6, { digest: "0123456789abcdef" }))).toBe("corrupt");
  expect(fault(apply(base(), batch(4, 5, [del("a", 5)])), mark(6, { digest }))).toBe("corrupt");
});

test("the hash is FNV-1a-64 of the bytes of the id, a zero and the revision", () => {
  expect(spellDigest(entryHash("", 0))).toBe(spellDigest(fnv("\0" + "0")));
  expect(spellDigest(entryHash("wörk", 12))).toBe(spellDigest(fnv("wörk\0" + "12")));
  expect(spellDigest(fnv("a"))).toBe("af63dc4c8601ec8c");
});

/** Straight from the definition. */
function fnv(text: string): bigint {
  return [...Buffer.from(text)].reduce((hash, byte) => BigInt.asUintN(64, (hash ^ BigInt(byte)) * 1_099_511_628_211n), 14_695_981_039_346_656_037n);
}

test("noise is counted and changes nothing", () => {
  const before = base();
  const frames = ["{", "7", '{"type":"dance"}', '{"type":"batch"}', '{"type":"mark"}', '{"type":"welcome"}'];
  const after = apply(before, ...frames);
  expect(after.data.unreadable?.count).toBe(frames.length);
  expect(after.data.workspaces).toBe(before.data.workspaces);
});

test("the review count is kept when a message has none", () => {
  const replica = apply(base(), batch(4, 5, [], { reviewCount: 3 }));
  expect(apply(replica, batch(5, 6, [del("b", 6)])).data.reviewCount).toBe(3);
});
