import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ProjectStore, type ProjectState, type StoreOptions } from "../src/index.ts";
import { binary, Proxy, Server, token } from "./server.ts";

/** Against the program named by SNAPBOARD_BIN, through a proxy of ours. */
describe.skipIf(!binary)("with the real server", () => {
  let server: Server;
  let proxy: Proxy;
  let store: ProjectStore;
  let revisions: number[];

  beforeEach(async () => {
    server = await Server.start();
    proxy = await new Proxy(server.port).open();
    for (const id of ["w1", "w2", "w3"]) {
      await server.say("workspace.state_changed", id, { projectId: "p1", status: "READY", name: id });
    }
  });
  afterEach(async () => {
    store.close();
    await proxy.close();
    await server.stop();
  });

  function connect(more: Partial<StoreOptions> = {}): void {
    revisions = [];
    store = new ProjectStore("p1", {
      baseUrl: `http://127.0.0.1:${proxy.port}`,
      token,
      backoff: { firstMs: 5, maxMs: 50 },
      climb: { firstMs: 50, maxMs: 200 },
      heartbeatMs: 500,
      coalesceMs: 0,
      ...more,
    });
    store.subscribe(() => {
      const { revision } = store.getSnapshot();
      if (revision !== null) revisions.push(revision);
    });
  }

  const until = (check: (state: ProjectState) => void) =>
    vi.waitFor(() => check(store.getSnapshot()), { timeout: 15_000, interval: 5 });

  /** Equal to what the server itself shows, member by member, except for those only its own read has. */
  async function equalsServer(): Promise<void> {
    const { entries, epoch } = await server.snapshot("p1");
    const plain = ({ version: _v, computedAt: _c, source: _s, fieldTimestamps: _f, ...rest }: object & Record<string, unknown>) => rest;
    await until((state) => {
      expect(state.connection.status).toBe("live");
      expect(state.workspaces.map(({ odd, ...entry }) => plain({ ...entry }))).toEqual(entries.map((entry) => plain({ ...entry })));
      expect(state.workspaces.flatMap((workspace) => workspace.odd)).toEqual([]);
      if (state.epoch !== null) expect(state.epoch).toBe(epoch);
    });
    expect(revisions).toEqual([...revisions].sort((a, b) => a - b));
  }

  test("a baseline, patches, removals, and heartbeats whose digest is that of the state", async () => {
    connect();
    await equalsServer();
    const { byId } = store.getSnapshot();
    await server.say("workspace.updated", "w1", { name: "renamed" });
    await server.say("workspace.removed", "w3", {});
    await until((state) => expect(state.workspaces).toHaveLength(2));
    await equalsServer();
    expect(store.getSnapshot().byId.get("w2")).toBe(byId.get("w2"));
    await until((state) => expect(state.sources.length).toBeGreaterThan(0)); // a mark came, and was not refused
    expect(store.getSnapshot().connection).toMatchObject({ status: "live", transport: "websocket", detour: null });
  });

  test("the view is changed in place: workspaces leave and enter, nothing reconnects", async () => {
    connect();
    await equalsServer();
    const { since } = store.getSnapshot().connection;
    store.setView({ where: { status: ["FAILED"] } });
    await until((state) => expect(state.workspaces).toEqual([]));
    await server.say("workspace.state_changed", "w2", { projectId: "p1", status: "FAILED" });
    await until((state) => expect(state.workspaces.map((workspace) => workspace.workspaceId)).toEqual(["w2"]));
    await server.say("workspace.state_changed", "w2", { projectId: "p1", status: "READY" });
    await until((state) => expect(state.workspaces).toEqual([]));
    store.setView({ shape: "sidebar" });
    await until((state) => expect(state.workspaces).toHaveLength(3));
    expect(store.getSnapshot().byId.get("w1")?.unknownFields).toContain("gitStats");
    store.setView({});
    await until((state) => expect(state.byId.get("w1")?.ratchetState).toBe("IDLE"));
    await equalsServer();
    expect(store.getSnapshot().connection.since).toBe(since);
  });

  test("S-99: no view and no shape tells of a request again, and what comes meanwhile is told once", async () => {
    const asks = (id: string, requestId: string) =>
      server.say("session.pending_request_changed", id, { sessionId: `s-${id}`, requestId, pending: true, toolName: "Bash" });
    await asks("w1", "r1");
    connect();
    const told: string[] = [];
    store.onAttention(({ workspaceId, requestId, type }) => told.push(`${workspaceId} ${requestId ?? type}`));
    await until((state) => expect(state.connection.status).toBe("live"));
    await asks("w2", "r2");
    await vi.waitFor(() => expect(told).toEqual(["w2 r2"]));

    const hidden = (there: readonly string[], state: ProjectState) =>
      expect(state.workspaces.map((workspace) => workspace.workspaceId).sort()).toEqual(there);
    for (const shape of ["full", "sidebar", "list", "kanban", "full"] as const) {
      store.setView({ shape, where: { kanbanColumn: ["DONE"] } });
      await until((state) => hidden([], state));
      store.setView({ shape });
      await until((state) => hidden(["w1", "w2", "w3"], state));
    }
    expect(told).toEqual(["w2 r2"]);
    store.setView({ shape: "list" });
    await asks("w3", "r3");
    await vi.waitFor(() => expect(told).toEqual(["w2 r2", "w3 r3"]));
    await asks("w1", "r4");
    await vi.waitFor(() => expect(told).toEqual(["w2 r2", "w3 r3", "w1 r4"]));
  });

  test("S-75: cut at random bytes for a hundred rounds and more it is never behind what it showed, and at the end it is right", async () => {
    let seed = Number(process.env.SB_SEED ?? 20_260_821);
    const random = (below: number) => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return (seed >>> 8) % below;
    };
    proxy.bytes = () => 150 + random(6_000);
    connect({ openMs: 1_000 }); // a handshake that was cut in half is not always told of
    const there = new Set(["w1", "w2", "w3"]);
    for (let round = 0; round < 100 || proxy.cuts < 20; ++round) {
      const id = `w${1 + random(12)}`;
      if (random(6) === 0 && there.delete(id)) {
        await server.say("workspace.removed", id, {});
      } else {
        there.add(id);
        await server.say("workspace.state_changed", id, { projectId: "p1", status: "READY", name: `${id} in round ${round}` });
      }
    }
    proxy.bytes = () => Number.POSITIVE_INFINITY;
    proxy.cutAll();
    await equalsServer();
  }, 60_000);

  test("where upgrades are refused it streams, where streams are held back it polls, and it returns", async () => {
    proxy.upgrades = "refuse";
    connect({ openMs: 400 });
    await until((state) => expect(state.connection).toMatchObject({ transport: "event-stream", detour: "refused" }));
    await server.say("workspace.updated", "w1", { name: "by stream" });
    await until((state) => expect(state.byId.get("w1")?.name).toBe("by stream"));
    await equalsServer();

    proxy.streams = "hold";
    proxy.cutAll();
    await until((state) => expect(state.connection).toMatchObject({ transport: "long-poll", detour: "refused" }));
    await server.say("workspace.updated", "w1", { name: "by poll" });
    await until((state) => expect(state.byId.get("w1")?.name).toBe("by poll"));
    await equalsServer();

    proxy.streams = "allow";
    await until((state) => expect(state.connection.transport).toBe("event-stream"));
    proxy.upgrades = "allow";
    await until((state) => expect(state.connection).toMatchObject({ transport: "websocket", detour: null }));
    await server.say("workspace.updated", "w1", { name: "by socket" });
    await until((state) => expect(state.byId.get("w1")?.name).toBe("by socket"));
    await equalsServer();
  });

  test("an unknown project and a missing token are named, over whatever transport", async () => {
    connect({ token: null });
    await until((state) => expect(state.connection.reason).toBe("unauthorized"));
    store.close();
    store = new ProjectStore("nobody", { baseUrl: `http://127.0.0.1:${proxy.port}`, token });
    store.subscribe(() => {});
    await until((state) => expect(state.connection.reason).toBe("unknown_project"));
  });
});
