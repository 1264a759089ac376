// @vitest-environment happy-dom
import { act, cleanup, render, screen } from "@testing-library/react";
import { memo, StrictMode } from "react";
import { afterEach, expect, test, vi } from "vitest";
import { SnapboardClient, type Socket, type Workspace } from "../src/index.ts";
import { useProject, useProjectValue } from "../src/react.ts";
import { baseline, batch, entry, patch, welcome } from "./entries.ts";

const sockets: Socket[] = [];
const client = () =>
  new SnapboardClient({
    baseUrl: "http://127.0.0.1:1",
    webSocket: () => {
      const socket: Socket = { onopen: null, onmessage: null, onclose: null, onerror: null, send: () => {}, close: () => {} };
      sockets.push(socket);
      return socket;
    },
  });

afterEach(() => {
  cleanup();
  sockets.length = 0;
});

const say = (frame: string) => act(() => sockets[0]!.onmessage?.({ data: frame }));

test("a row renders again only when its own workspace changed", async () => {
  const rendered = vi.fn();
  const Row = memo(({ workspace }: { workspace: Workspace }) => {
    rendered(workspace.workspaceId);
    return <li>{workspace.name}</li>;
  });
  const board = client();
  const List = () => useProject(board, "p1").workspaces.map((w) => <Row key={w.workspaceId} workspace={w} />);
  render(<List />);
  act(() => sockets[0]!.onopen?.());
  say(welcome());
  say(baseline([entry("a"), entry("b")]));
  await vi.waitFor(() => expect(screen.getAllByRole("listitem")).toHaveLength(2));
  rendered.mockClear();
  say(batch(1, 2, [patch("b", 2, { name: "renamed" })]));
  await vi.waitFor(() => expect(screen.getByText("renamed")).toBeTruthy());
  expect(rendered.mock.calls.flat()).toEqual(["b"]);
});

test("many readers and strict mode share one connection", () => {
  const board = client();
  const Status = () => <p>{useProjectValue(board, "p1", (state) => state.connection.status)}</p>;
  render(
    <StrictMode>
      <Status />
      <Status />
    </StrictMode>,
  );
  expect(sockets).toHaveLength(1);
  expect(screen.getAllByText("connecting")).toHaveLength(2);
});
