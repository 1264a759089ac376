// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { expect, test, vi } from "vitest";
import { Diff } from "../src/components/chips.tsx";
import { setUrlState } from "../src/lib/url_state.ts";
import { card, FakeWebSocket, open, openBoard, put, say, sayBatch, server } from "./open_page.tsx";
import { session, workspace } from "./workspace.ts";

test("a card shows what is known and marks what is not", async () => {
  await openBoard(
    workspace("known", {
      gitStats: {
        total: 3, additions: 40, deletions: 2, hasUncommitted: true, untrackedFiles: 1, untrackedAdditions: 5, stale: true,
      },
      prNumber: 12,
      prUrl: "https://example.org/pull/12",
      prState: "OPEN",
      prCiStatus: "FAILURE",
      isMain: true,
    }),
    workspace("fresh", { unknownFields: ["gitStats", "sessionSummaries"] }),
  );
  const known = card("known");
  for (const text of ["+40", "−2", "3 files", "1 untracked", "stale", "main worktree", "Checks failed"]) {
    expect(known.getByText(text)).toBeTruthy();
  }
  expect(known.getByRole("link", { name: /#12/ }).getAttribute("href")).toBe("https://example.org/pull/12");
  expect(card("fresh").getByText("not measured")).toBeTruthy();
  expect(card("fresh").getByText("(assumed)")).toBeTruthy();
});

test("a change, a removal and a lost connection reach the page", async () => {
  await openBoard(workspace("a"), workspace("b"));
  const set = { name: "renamed", problem: { code: "worktree_missing", message: "It is gone." } };
  sayBatch(1, 2, [{ op: "patch", id: "a", revision: 2, set }]);
  await waitFor(() => expect(card("a").getByText("renamed")).toBeTruthy());
  expect(card("a").getByText("Worktree missing.")).toBeTruthy();
  sayBatch(2, 3, [{ op: "del", id: "b", revision: 3 }]);
  await waitFor(() => expect(document.querySelector('[data-workspace="b"]')).toBeNull());
  act(() => FakeWebSocket.latest?.onclose?.({ code: 1001 }));
  expect(await screen.findByText("Reconnecting")).toBeTruthy();
  expect(screen.getByText("This is the last known state.")).toBeTruthy();
});

test("S-110: the details show every fact, and a value without a name as the server said it", async () => {
  const strange = { ...workspace("a", { worktreePath: "/code/a", unknownFields: ["prState", "prUrl"] }), status: "ASLEEP" };
  await openBoard(strange as unknown as ReturnType<typeof workspace>);
  fireEvent.click(card("a").getByRole("button", { name: "a" }));
  const panel = within(await screen.findByRole("dialog"));
  expect(panel.getByText("/code/a")).toBeTruthy();
  expect(panel.getByText("ASLEEP")).toBeTruthy();
  expect(panel.getByText("Unknown: nobody has reported one yet.")).toBeTruthy();
  fireEvent.click(panel.getByRole("button", { name: "Close" }));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("values without a name inside lists are shown as the server said them", async () => {
  const strange = {
    ...workspace("a"),
    pendingRequestType: "riddle",
    pendingRequests: [{ sessionId: "s1", requestId: "r", type: "enigma", at: "" }],
    terminals: [{ id: "t1", state: "frozen", lastActivityAt: null }],
    sessionSummaries: [
      session({ sessionId: "s1", runtimePhase: "dreaming" as never }),
      session({ sessionId: "s2", activity: "SLEEPING" as never }),
      session({ sessionId: "s3", processState: "stopped" }),
    ],
  };
  await openBoard(strange as unknown as ReturnType<typeof workspace>);
  expect(document.title).toMatch(/^\(1\)/);
  expect(card("a").getByText("3 sessions, 2 unknown")).toBeTruthy();
  fireEvent.click(card("a").getByRole("button", { name: "a" }));
  const panel = within(await screen.findByRole("dialog"));
  for (const text of ["enigma", "frozen", "dreaming", "SLEEPING", "stopped"]) expect(panel.getByText(text)).toBeTruthy();
  for (const text of ["Last change", "Told by", "Asks for permission"]) expect(panel.queryByText(text)).toBeNull();
  sayBatch(1, 2, [{ op: "patch", id: "a", revision: 2, set: { pendingRequests: [] } }]);
  expect(await panel.findByText("riddle")).toBeTruthy();
});

test("who listens hears why the connection is gone and that it is back, and no seconds", async () => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  await openBoard(workspace("a"));
  const status = screen.getByRole("status");
  expect(status.textContent).toBe("");
  act(() => FakeWebSocket.latest?.onclose?.({ code: 1001 }));
  await screen.findByText(/^Next try in/);
  expect(status.textContent).toBe("The server is restarting. This is the last known state.");
  expect(status.contains(screen.getByText(/^Next try in/))).toBe(false);
  fireEvent.click(screen.getByRole("button", { name: "Try now" }));
  act(() => FakeWebSocket.latest?.onopen?.());
  say({ type: "welcome", session: "s", epoch: "e1", head: 1, mode: "resume", heartbeatMs: 5_000, coalesceMs: 100 });
  sayBatch(1, 2, []);
  await waitFor(() => expect(status.textContent).toBe("Live again."));
});

test("a name runs in its own direction and turns nothing around it", async () => {
  await openBoard(workspace("a", { name: "fix\u202egnp", branchName: "مساحة\u2067" }));
  const [name, branch] = [card("a").getByText("fix\ufffdgnp"), card("a").getByText("مساحة\ufffd")];
  expect([name, branch].map((element) => element.getAttribute("dir"))).toEqual(["auto", "auto"]);
  expect(document.body.innerHTML).not.toMatch(/[\u202e\u2067]/);
});

test("a click on any fact opens the card, a click on a link does not, and the open one is told", async () => {
  const link = { prNumber: 12, prUrl: "https://example.org/pull/12", prState: "OPEN" } as const;
  await openBoard(workspace("a", link), workspace("b"));
  const anchor = card("a").getByRole("link");
  anchor.addEventListener("click", (event) => event.preventDefault());
  fireEvent.click(anchor);
  expect(screen.queryByRole("dialog")).toBeNull();
  fireEvent.click(card("a").getByText("Ready for next prompt"));
  expect(await screen.findByRole("dialog")).toBeTruthy();
  expect(card("a").getByRole("button").getAttribute("aria-current")).toBe("true");
  expect(card("b").getByRole("button").getAttribute("aria-current")).toBeNull();
});

test("an address of an unknown workspace claims nothing", async () => {
  setUrlState({ workspace: "w404" });
  await openBoard(workspace("a"));
  const panel = within(await screen.findByRole("dialog"));
  expect(panel.getByText("Not on the board")).toBeTruthy();
  expect(panel.getByText("w404")).toBeTruthy();
});

test("a compact diff of untracked files alone counts them", () => {
  const gitStats = { total: 0, additions: 0, deletions: 0, hasUncommitted: true, untrackedFiles: 2, untrackedAdditions: 5, stale: false };
  render(<Diff workspace={workspace("a", { gitStats })} compact />);
  expect(screen.getByText("2 untracked")).toBeTruthy();
  expect(screen.queryByText("+0")).toBeNull();
});

test("a source that does not do well is named, one that does or was never asked is not", async () => {
  await openBoard(workspace("a"));
  const mark = (...states: [string, string][]) =>
    say({
      type: "mark", viewSeq: 1, revision: 1, cursor: "c1",
      sources: states.map(([name, state]) => ({ name, state, lagMs: null, lastOkAgeMs: 240_000 })),
    });
  mark(["git", "live"], ["run_script", "unknown"]);
  expect(screen.queryByRole("list", { name: "Sources" })).toBeNull();
  mark(["git", "degraded"], ["github", "rate_limited"], ["moon", "eclipsed"]);
  const notes = await screen.findByRole("list", { name: "Sources" });
  expect(within(notes).getAllByRole("listitem").map((item) => item.textContent)).toEqual([
    "Git: degraded", "GitHub: rate limited", "Moon: eclipsed",
  ]);
  expect(within(notes).getAllByRole("listitem")[1]?.title).toContain("It last answered 4 minutes ago.");
  mark(["git", "live"], ["database", "degraded"]);
  const full = await screen.findByText("Database: cannot be written");
  expect(full.closest("li")?.title).toContain("Events are refused");
});

test("auto-fix is switched in the details of a workspace that has a worktree", async () => {
  const bodies: string[] = [];
  vi.stubGlobal("fetch", async (path: string, init?: RequestInit) => {
    if (init?.method !== "POST") return server.answer();
    bodies.push(`${path} ${String(init.body)}`);
    return Response.json({ epoch: "e1", revision: 7 });
  });
  await openBoard(workspace("a", { worktreePath: "/code/a" }));
  fireEvent.click(card("a").getByRole("button", { name: "a" }));
  const panel = within(await screen.findByRole("dialog"));
  const button = panel.getByRole("switch", { name: "Auto-fix" });
  expect(button.getAttribute("aria-checked")).toBe("false");
  fireEvent.click(button);
  expect(button.getAttribute("aria-checked")).toBe("true");
  await waitFor(() => expect(bodies).toEqual(['/api/workspaces/a/ratchet {"enabled":true}']));
  sayBatch(1, 8, [put(workspace("a", { worktreePath: "/code/a", ratchetEnabled: false }), 8)]);
  await waitFor(() => expect(button.getAttribute("aria-checked")).toBe("false"));
});

test("what was archived is listed, comes back and is opened; a refusal is said and asks nothing twice", async () => {
  const posts: string[] = [];
  let refuse = true;
  vi.stubGlobal("fetch", async (asked: string | URL, init?: RequestInit) => {
    const path = String(asked);
    if (path.endsWith("/archived")) {
      return Response.json({
        projectId: "p1", complete: false,
        workspaces: [
          { workspaceId: "old", name: "Old one", branchName: "fix/old", worktreePath: "/code/old", createdAt: "2026-01-01T00:00:00.000Z", problem: null },
          { workspaceId: "lost", name: "\u202eLost", branchName: null, worktreePath: "/code/lost", createdAt: "2026-01-01T00:00:00.000Z", problem: { code: "worktree_missing", message: "The folder is gone." } },
        ],
      });
    }
    if (init?.method !== "POST") return server.answer();
    posts.push(path);
    if (refuse) return Response.json({ detail: "its worktree is gone" }, { status: 404 });
    return Response.json({ workspaceId: "new", epoch: "e1", revision: 7 });
  });
  await openBoard(workspace("a"), workspace("new"));
  fireEvent.click(screen.getByRole("button", { name: "Archived" }));
  const dialog = within(await screen.findByRole("dialog", { name: "Archived workspaces" }));
  expect(await dialog.findByText("Old one")).toBeTruthy();
  expect(dialog.getByText("fix/old · /code/old")).toBeTruthy();
  expect(dialog.getByText("detached HEAD · /code/lost")).toBeTruthy();
  expect(dialog.getByTitle("The folder is gone.")).toBeTruthy();
  expect(dialog.getByText("The oldest ones are left out.")).toBeTruthy();
  fireEvent.click(dialog.getByRole("button", { name: "Bring back \ufffdLost" }));
  fireEvent.click(dialog.getByRole("button", { name: "Bring back Old one" }));
  expect((await dialog.findByRole("alert")).textContent).toBe("Its worktree is gone.");
  expect(posts).toEqual(["/api/workspaces/lost/unarchive"]);
  refuse = false;
  fireEvent.click(dialog.getByRole("button", { name: "Bring back Old one" }));
  await waitFor(() => expect(screen.queryByRole("dialog", { name: "Archived workspaces" })).toBeNull());
  expect(posts.at(-1)).toBe("/api/workspaces/old/unarchive");
  await waitFor(() => expect(new URL(window.location.href).searchParams.get("workspace")).toBe("new"));
});

test("no access, a starting server and an empty project say what to do", async () => {
  server.answer = () => Response.json({ detail: "no token" }, { status: 401 });
  open();
  expect(await screen.findByText("This browser has no access")).toBeTruthy();
  cleanup();

  server.answer = () => Response.json({}, { status: 503, headers: { "retry-after": "1" } });
  open();
  expect(await screen.findByText("The server is starting")).toBeTruthy();
  server.answer = () => Response.json([]);
  expect(await screen.findByText("No project yet", {}, { timeout: 5_000 })).toBeTruthy();
});

test("a repository with nothing to show says why", async () => {
  server.answer = () =>
    Response.json([
      {
        id: "p1", name: "mirror", repoPath: "/srv/mirror.git", defaultBranch: null, workspaceCount: 0,
        problem: { code: "bare", message: "A bare repository without worktrees." },
      },
    ]);
  await openBoard();
  expect(screen.getByText("Bare repository")).toBeTruthy();
  expect(screen.getByText("A bare repository without worktrees.")).toBeTruthy();
});
