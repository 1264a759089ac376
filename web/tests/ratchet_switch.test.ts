import { expect, test, vi } from "vitest";
import { RatchetSwitches } from "../src/lib/ratchet_switch.ts";
import { workspace } from "./workspace.ts";

/** Requests that the test answers, in the order they were sent. */
function server() {
  const sent: { enabled: boolean; answer: (revision: number) => void; refuse: (error: Error) => void }[] = [];
  const switches = new RatchetSwitches(
    (_id, enabled) =>
      new Promise((resolve, reject) => {
        sent.push({ enabled, answer: resolve, refuse: reject });
      }),
  );
  return { sent, switches };
}

const entry = (version: number, ratchetEnabled: boolean) => workspace("w", { version, ratchetEnabled });

test("S-24: an entry from before the turn does not flip the switch back", async () => {
  const { sent, switches } = server();
  switches.turn("w", false);
  expect(switches.shown(entry(5, true))).toBe(false);
  sent[0]!.answer(8);
  await vi.waitFor(() => expect(switches.shown(entry(9, true))).toBe(true));
  expect(switches.shown(entry(7, true))).toBe(false);
  expect(switches.shown(entry(8, false))).toBe(false);
});

test("S-24: of two quick turns the last one is sent last and stays", async () => {
  const { sent, switches } = server();
  switches.turn("w", true);
  switches.turn("w", false);
  expect(sent.map(({ enabled }) => enabled)).toEqual([true]);
  expect(switches.shown(entry(1, false))).toBe(false);
  sent[0]!.answer(2);
  await vi.waitFor(() => expect(sent.map(({ enabled }) => enabled)).toEqual([true, false]));
  expect(switches.shown(entry(2, true))).toBe(false);
  sent[1]!.answer(3);
  await vi.waitFor(() => expect(switches.shown(entry(4, true))).toBe(true));
  expect(switches.shown(entry(2, true))).toBe(false);
});

test("a refused turn shows what the server has, and why", async () => {
  const { sent, switches } = server();
  switches.turn("w", true);
  expect(switches.shown(entry(1, false))).toBe(true);
  sent[0]!.refuse(new Error("The workspace is archived."));
  await vi.waitFor(() => expect(switches.error("w")).toBe("The workspace is archived."));
  expect(switches.shown(entry(1, false))).toBe(false);
  switches.turn("w", true);
  expect(switches.error("w")).toBeNull();
});
