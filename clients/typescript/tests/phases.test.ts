import { expect, test } from "vitest";
import { backoffMs, defaultBackoff } from "../src/backoff.ts";
import { steps, type Happening, type Phase } from "../src/phases.ts";

const phases = Object.keys(steps) as Phase[];
const happenings = Object.keys(steps.live) as Happening[];

test("every happening has an answer in every phase", () => {
  expect(phases).toHaveLength(6);
  for (const phase of phases) {
    expect(Object.keys(steps[phase])).toEqual(happenings);
    for (const happening of happenings) expect(phases).toContain(steps[phase][happening].to);
  }
});

test("stop ends everything, and only start leaves stopped", () => {
  for (const phase of phases) expect(steps[phase].stop.to).toBe("stopped");
  for (const happening of happenings) {
    expect(steps.stopped[happening].to).toBe(happening === "start" ? "connecting" : "stopped");
  }
});

test("whoever waits has a timer, and whoever connects has a connection being opened", () => {
  for (const phase of phases) {
    for (const happening of happenings) {
      const { to, actions } = steps[phase][happening];
      if (actions.includes("dropCandidate")) expect(actions.includes("dial") || actions.includes("climbLater")).toBe(true);
      if (to === phase) continue;
      if (to === "waiting") expect(actions).toContain("waitLonger");
      if (to === "connecting" && !actions.includes("dropCurrent")) expect(actions).toContain("dial");
      if (to === "checking" || to === "climbing") expect(actions).toContain("dial");
      if (to === "live") expect(actions.includes("promote") || phase === "climbing").toBe(true);
    }
  }
});

test("the one in use is given up only by those who say so", () => {
  expect(steps.climbing.failed).toEqual({ to: "live", actions: ["dropCandidate", "climbLater"] });
  expect(steps.climbing.blocked.actions).not.toContain("hangUp");
  expect(steps.checking.failed.actions).toContain("hangUp");
});

test("the delay doubles from one second to thirty and never exceeds it", () => {
  const delays = [0, 1, 2, 3, 4, 5, 50, 5_000].map((failures) => backoffMs(failures, 0, defaultBackoff));
  expect(delays).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
  expect(backoffMs(9, 1, defaultBackoff)).toBe(22_500);
});
