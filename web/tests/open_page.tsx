import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, cleanup, render, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, expect, vi } from "vitest";
import { App } from "../src/app.tsx";
import { client } from "../src/client.ts";
import { setUrlState } from "../src/lib/url_state.ts";
import type { workspace } from "./workspace.ts";

// The whole page against a server that the test plays: what it answers to requests, what it says on the socket.

/** The server's end of the page's socket. */
export class FakeWebSocket {
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

type Row = Record<string, unknown>;
export const row = (id: string, more: Row = {}): Row => ({
  id, name: id, repoPath: `/code/${id}`, defaultBranch: "main", workspaceCount: 1, ...more,
});

export const server = {
  /** How many requests were made. */
  asked: 0,
  answer: (): Response => Response.json([]),
};

beforeEach(() => {
  FakeWebSocket.latest = undefined;
  server.asked = 0;
  server.answer = () => Response.json([row("p1", { name: "atlas" })]);
  vi.stubGlobal("WebSocket", FakeWebSocket);
  vi.stubGlobal("fetch", async () => {
    ++server.asked;
    return server.answer();
  });
  vi.stubGlobal("matchMedia", () => ({ matches: true, addEventListener() {}, removeEventListener() {} }));
  setUrlState({ project: null, view: "board", workspace: null });
});
afterEach(() => {
  cleanup();
  client.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

export function open() {
  const queries = new QueryClient({ defaultOptions: { queries: { staleTime: Number.POSITIVE_INFINITY } } });
  render(
    <QueryClientProvider client={queries}>
      <App />
    </QueryClientProvider>,
  );
}

export async function openBoard(...workspaces: ReturnType<typeof workspace>[]) {
  open();
  await waitFor(() => expect(FakeWebSocket.latest).toBeTruthy());
  act(() => FakeWebSocket.latest?.onopen?.());
  say({ type: "welcome", session: "s", epoch: "e1", head: 1, mode: "reset", heartbeatMs: 5_000, coalesceMs: 100 });
  sayBatch(0, 1, workspaces.map((entry) => put(entry, 1)), { reset: true });
  await screen.findByText("Live");
}

export const say = (message: unknown) => act(() => FakeWebSocket.latest?.onmessage?.({ data: JSON.stringify(message) }));
export const sayBatch = (from: number, to: number, ops: unknown[], more = {}) =>
  say({ type: "batch", viewSeq: 1, from, to, complete: true, cursor: `c${to}`, ops, ...more });
export const put = (entry: ReturnType<typeof workspace>, revision: number) => ({ op: "put", id: entry.workspaceId, revision, entry });
export const card = (id: string) => within(document.querySelector<HTMLElement>(`[data-column] [data-workspace="${id}"]`)!);
