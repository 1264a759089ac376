// @vitest-environment happy-dom
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { App } from "../src/app.tsx";
import { client } from "../src/client.ts";
import { setUrlState } from "../src/lib/url_state.ts";
import { workspace } from "./workspace.ts";

/** The server's end of the page's socket. */
class FakeWebSocket {
  static latest: FakeWebSocket | undefined;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  onerror: (() => void) | null = null;
  constructor() {
    FakeWebSocket.latest = this;
  }
  send(): void {}
  close(): void {}
}

let answer: () => Response;
let asked = 0;

beforeEach(() => {
  FakeWebSocket.latest = undefined;
  asked = 0;
  answer = () =>
    Response.json([{ id: "p1", name: "atlas", repoPath: "/code/atlas", defaultBranch: "main", workspaceCount: 1 }]);
  vi.stubGlobal("WebSocket", FakeWebSocket);
  vi.stubGlobal("fetch", async () => {
    ++asked;
    return answer();
  });
  vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener() {}, removeEventListener() {} }));
  setUrlState({ project: null, view: "board", workspace: null });
});
afterEach(() => {
  cleanup();
  client.close();
  vi.unstubAllGlobals();
});

function open() {
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  render(
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>,
  );
}

async function openBoard(...workspaces: ReturnType<typeof workspace>[]) {
  open();
  await waitFor(() => expect(FakeWebSocket.latest).toBeTruthy());
  act(() => FakeWebSocket.latest?.onopen?.());
  say({ type: "welcome", session: "s", epoch: "e1", head: 1, mode: "reset", heartbeatMs: 5_000, coalesceMs: 100 });
  sayBatch(0, 1, workspaces.map((entry) => put(entry, 1)), { reset: true });
  await screen.findByText("Live");
}

const say = (message: unknown) => act(() => FakeWebSocket.latest?.onmessage?.({ data: JSON.stringify(message) }));
const sayBatch = (from: number, to: number, ops: unknown[], more = {}) =>
  say({ type: "batch", viewSeq: 1, from, to, complete: true, cursor: `c${to}`, ops, ...more });
const put = (entry: ReturnType<typeof workspace>, revision: number) => ({ op: "put", id: entry.workspaceId, revision, entry });
const card = (id: string) => within(document.querySelector<HTMLElement>(`[data-column] [data-workspace="${id}"]`)!);

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
  expect(asked).toBe(1);
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

test("auto-fix is switched in the details of a workspace that has a worktree", async () => {
  const bodies: string[] = [];
  vi.stubGlobal("fetch", async (path: string, init?: RequestInit) => {
    if (init?.method !== "POST") return answer();
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

test("no access, a starting server and an empty project say what to do", async () => {
  answer = () => Response.json({ detail: "no token" }, { status: 401 });
  open();
  expect(await screen.findByText("This browser has no access")).toBeTruthy();
  cleanup();

  answer = () => Response.json({}, { status: 503, headers: { "retry-after": "1" } });
  open();
  expect(await screen.findByText("The server is starting")).toBeTruthy();
  answer = () => Response.json([]);
  expect(await screen.findByText("No project yet", {}, { timeout: 5_000 })).toBeTruthy();
});

test("a repository with nothing to show says why", async () => {
  answer = () =>
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
