// @vitest-environment happy-dom
import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { setUrlState } from "../src/lib/url_state.ts";
import { FakeWebSocket, open, openBoard, row, sayBatch, server } from "./open_page.tsx";
import { workspace } from "./workspace.ts";

const bare = { code: "bare", message: "A bare repository without worktrees." };

let hidden = false;
vi.spyOn(document, "visibilityState", "get").mockImplementation(() => (hidden ? "hidden" : "visible"));
const look = (away: boolean) =>
  act(() => {
    hidden = away;
    window.dispatchEvent(new Event("visibilitychange"));
  });
afterEach(() => {
  hidden = false;
});

test("a page that is looked at asks for the projects again, a hidden one does not", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  await openBoard(workspace("a"));
  expect(server.asked).toBe(1);
  await act(() => vi.advanceTimersByTimeAsync(31_000));
  expect(server.asked).toBe(2);
  look(true);
  await act(() => vi.advanceTimersByTimeAsync(300_000));
  expect(server.asked).toBe(2);
  look(false);
  await act(() => vi.advanceTimersByTimeAsync(100));
  expect(server.asked).toBe(3);
});

test("trouble that comes or goes, and another server, let the page ask for the projects", async () => {
  server.answer = () => Response.json([row("p1", { problem: bare })]);
  await openBoard(workspace("a"));
  expect(screen.getByText("A bare repository without worktrees.", { exact: false })).toBeTruthy();
  server.answer = () => Response.json([row("p1")]);
  const patch = (revision: number, problem: unknown) =>
    sayBatch(revision - 1, revision, [{ op: "patch", id: "a", revision, set: { problem } }]);
  patch(2, { code: "worktree_missing", message: "" });
  await waitFor(() => expect(screen.queryByText("A bare repository without worktrees.", { exact: false })).toBeNull());
  expect(server.asked).toBe(2);
  patch(3, null);
  await waitFor(() => expect(server.asked).toBe(3));
  sayBatch(3, 4, [{ op: "patch", id: "a", revision: 4, set: { name: "b" } }]);
  await screen.findAllByText("b");
  expect(server.asked).toBe(3);
});

test("the first project appears by itself", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  server.answer = () => Response.json([]);
  open();
  expect(await screen.findByText("No project yet")).toBeTruthy();
  server.answer = () => Response.json([row("p1")]);
  await act(() => vi.advanceTimersByTimeAsync(4_000));
  await waitFor(() => expect(FakeWebSocket.latest).toBeTruthy());
});

test("a second project can be chosen as soon as somebody looks, and does not take the place of the first", async () => {
  await openBoard(workspace("a"));
  server.answer = () => Response.json([row("p0"), row("p1", { name: "atlas" })]);
  look(true);
  look(false);
  expect(await screen.findByRole("button", { name: /^atlas/ })).toBeTruthy();
});

test("a project that goes takes its cards along and names the others", async () => {
  await openBoard(workspace("a"));
  server.answer = () => Response.json([row("p2", { name: "other" })]);
  act(() => FakeWebSocket.latest?.onclose?.({ code: 4404 }));
  expect(await screen.findByText("This project is gone")).toBeTruthy();
  expect(document.querySelector("[data-workspace]")).toBeNull();
  FakeWebSocket.latest = undefined;
  fireEvent.click(await screen.findByRole("button", { name: "other" }));
  await waitFor(() => expect(FakeWebSocket.latest).toBeTruthy());
  expect(location.search).toContain("project=p2");
});

test("an address of an unknown project shows no other one in its place", async () => {
  setUrlState({ project: "elsewhere" });
  open();
  expect(await screen.findByText("No such project here")).toBeTruthy();
  expect(screen.getByRole("button", { name: "atlas" })).toBeTruthy();
  expect(FakeWebSocket.latest).toBeUndefined();
});

test.each([
  ["a gateway", () => new Response("<html>", { status: 502 }), "Something is wrong"],
  ["a limit", () => Response.json({ detail: "slow down" }, { status: 429, headers: { "retry-after": "3600" } }), "slow down"],
  ["a page that is not ours", () => new Response("<html>"), "the server answered something that is no list"],
])("%s on the first question is asked again, at once if a person wants", async (_, refusal, says) => {
  server.answer = refusal;
  open();
  expect(await screen.findByText(says)).toBeTruthy();
  server.answer = () => Response.json([]);
  fireEvent.click(screen.getByRole("button", { name: "Try again" }));
  expect(await screen.findByText("No project yet", {}, { timeout: 500 })).toBeTruthy();
});

test("a gateway's answer is asked again by itself", async () => {
  server.answer = () => new Response("<html>", { status: 502 });
  open();
  await screen.findByText("Something is wrong");
  server.answer = () => Response.json([]);
  expect(await screen.findByText("No project yet", {}, { timeout: 5_000 })).toBeTruthy();
});

test("without access nothing is asked again before somebody looks", async () => {
  server.answer = () => Response.json({ detail: "no token" }, { status: 401 });
  open();
  await screen.findByText("This browser has no access");
  await new Promise((done) => setTimeout(done, 1_500));
  expect(server.asked).toBe(1);
  server.answer = () => Response.json([]);
  look(true);
  look(false);
  expect(await screen.findByText("No project yet")).toBeTruthy();
});
