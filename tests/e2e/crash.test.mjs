// What was answered 200 is there after kill -9, at whatever moment it struck.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Producer, Sandbox, eventually } from "./support.mjs";

const PROJECT = "external";
const ROUNDS = 3;

/** Posts events one after another until the server is gone; answers what was acknowledged: workspace id -> name. */
async function writeUntilGone(server, producer, acknowledged) {
  for (let n = 0; ; n += 1) {
    const id = `w${n % 20}`;
    const name = `${producer.source} ${n}`;
    const event = producer.event("workspace.state_changed", id, { projectId: PROJECT, status: "READY", name });
    try {
      const answer = await server.post(event);
      if (answer.status === 200) acknowledged.set(id, { name, sequence: producer.sequence });
    } catch {
      return;
    }
  }
}

test("kill -9 loses nothing that was acknowledged", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const producer = new Producer("agents/one", "life-1");
  const acknowledged = new Map();
  for (let round = 0; round < ROUNDS; round += 1) {
    const server = await sandbox.serve(repo);
    const writing = writeUntilGone(server, producer, acknowledged);
    const goal = 40 * (round + 1);
    await eventually("some events are acknowledged", () => [...acknowledged.values()].some(({ sequence }) => sequence >= goal));
    await server.stop("SIGKILL");
    await writing;
  }

  const server = await sandbox.serve(repo);
  const held = new Map((await server.snapshot(PROJECT)).entries.map((entry) => [entry.workspaceId, entry.name]));
  for (const [id, { name, sequence }] of acknowledged) {
    // One newer event may have been stored without its answer reaching us; an older one never.
    const heldNumber = Number(held.get(id)?.split(" ").at(-1));
    const saidNumber = Number(name.split(" ").at(-1));
    assert.ok(heldNumber >= saidNumber, `${id}: acknowledged "${name}" (${sequence}), held "${held.get(id)}"`);
  }

  const repeated = await server.post(new Producer("agents/one", "life-1").event("workspace.updated", "w0", { name: "from long ago" }));
  assert.equal(repeated.status, 200, repeated.text);
  assert.equal(repeated.json.accepted, 0, "order is remembered too");
});

test("a removal that was acknowledged stays removed after kill -9", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const producer = new Producer("agents/one");
  let server = await sandbox.serve(repo);
  await server.post(producer.event("workspace.state_changed", "kept", { projectId: PROJECT, status: "READY", name: "kept" }));
  await server.post(producer.event("workspace.state_changed", "gone", { projectId: PROJECT, status: "READY", name: "gone" }));
  const removed = await server.post(producer.event("workspace.removed", "gone"));
  assert.equal(removed.status, 200, removed.text);
  await server.stop("SIGKILL");

  server = await sandbox.serve(repo);
  assert.deepEqual((await server.snapshot(PROJECT)).entries.map((entry) => entry.workspaceId), ["kept"]);
});

test("S-73: a cursor of the former life is answered with a whole baseline under a new epoch", async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const first = await sandbox.serve(repo);
  const project = await first.project();
  const before = await first.stream(project.id);
  const { epoch, cursor } = await before.baseline();
  await first.stop("SIGKILL");

  const second = await sandbox.serve(repo);
  assert.equal((await second.project()).id, project.id, "the project keeps its id");
  const after = await second.stream(project.id, { query: `&cursor=${encodeURIComponent(cursor)}` });
  const baseline = await after.baseline();
  assert.notEqual(baseline.epoch, epoch);
  assert.deepEqual(baseline.entries.map((entry) => entry.workspaceId), [...before.entries.keys()], "an adopted workspace keeps its id");
});
