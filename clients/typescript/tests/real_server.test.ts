import type { AddressInfo } from "node:net";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { afterEach, expect, test, vi } from "vitest";
import { WebSocketServer, type WebSocket as ServerSocket } from "ws";
import { ProjectStore, type ProjectState } from "../src/index.ts";
import { changed, entry, full, removed } from "./entries.ts";

/** A real server on a real port: what it says is up to the test. */
class Board {
  readonly asked: URL[] = [];
  #http: Server | null = null;
  #sockets: WebSocketServer | null = null;
  port = 0;
  greet: (socket: ServerSocket, url: URL) => void = () => {};

  async up(): Promise<void> {
    this.#http = createServer((_, response) => {
      response.setHeader("content-type", "application/json").end('[{"id":"p1"}]');
    });
    this.#sockets = new WebSocketServer({ server: this.#http });
    this.#sockets.on("connection", (socket: ServerSocket, request: IncomingMessage) => {
      const url = new URL(request.url ?? "/", "http://server");
      this.asked.push(url);
      this.greet(socket, url);
    });
    await new Promise<void>((done) => this.#http!.listen(this.port, "127.0.0.1", done));
    this.port = (this.#http.address() as AddressInfo).port;
  }

  say(frame: string): void {
    for (const socket of this.#sockets?.clients ?? []) socket.send(frame);
  }

  async down(): Promise<void> {
    for (const socket of this.#sockets?.clients ?? []) socket.terminate();
    this.#sockets?.close();
    this.#http?.closeAllConnections();
    await new Promise((done) => this.#http?.close(done));
  }
}

const board = new Board();
let store: ProjectStore | undefined;

afterEach(async () => {
  store?.close();
  await board.down();
});

function connect(): ProjectStore {
  store = new ProjectStore("p1", {
    baseUrl: `http://127.0.0.1:${board.port}`,
    backoff: { firstMs: 20, maxMs: 100 },
    openMs: 1_000, // an attempt that hangs on a busy machine is given up well within the patience of a test
  });
  store.subscribe(() => {});
  return store;
}

const until = (check: (state: ProjectState) => void) =>
  vi.waitFor(() => check(store!.getSnapshot()), { timeout: 10_000, interval: 5 });

test("over a real socket: baseline, change, removal, kill, and back by cursor", async () => {
  board.greet = (socket, url) => {
    if (url.searchParams.has("cursor")) socket.send(changed(entry("late", { version: 7 }), { revision: 7, cursor: "c7" }));
    else socket.send(full([entry("a"), entry("b")], { revision: 3, cursor: "c3" }));
  };
  await board.up();
  connect();
  await until((state) => expect(state.workspaces).toHaveLength(2));
  board.say(changed(entry("a", { name: "renamed", version: 4 }), { revision: 4, cursor: "c4" }));
  board.say(removed("b", { revision: 5, cursor: "c5" }));
  await until((state) => expect(state.workspaces.map((workspace) => workspace.name)).toEqual(["renamed"]));

  await board.down();
  await until((state) => expect(state.connection.status).toBe("reconnecting"));
  expect(store!.getSnapshot().workspaces).toHaveLength(1);

  await board.up();
  await until((state) => expect(state.workspaces).toHaveLength(2));
  expect(board.asked.at(-1)?.searchParams.get("cursor")).toBe("c5");
  expect(store!.getSnapshot()).toMatchObject({ cursor: "c7", connection: { status: "live" } });
});

test("over a real socket: a server of another life replaces everything", async () => {
  board.greet = (socket) => socket.send(full([entry("old")], { epoch: "e1", cursor: "c1" }));
  await board.up();
  connect();
  await until((state) => expect(state.workspaces).toHaveLength(1));
  await board.down();
  board.greet = (socket) => socket.send(full([entry("new")], { epoch: "e2", cursor: "c2" }));
  await board.up();
  await until((state) => expect(state.workspaces.map((workspace) => workspace.workspaceId)).toEqual(["new"]));
  expect(store!.getSnapshot().epoch).toBe("e2");
});

test("over a real socket: closing with 4404 names the reason", async () => {
  board.greet = (socket) => socket.close(4404, "unknown project");
  await board.up();
  connect();
  await until((state) => expect(state.connection.reason).toBe("unknown_project"));
});
