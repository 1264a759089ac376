// `snapboard mcp` as the programs that start it speak to it: one JSON message a line, in both eras of the protocol.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { Producer, binary, eventually, servedWithProducer, session } from "./support.mjs";

const PROJECT = "external-project";
const META = { "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {} };
const SUBSCRIPTION = "io.modelcontextprotocol/subscriptionId";
const fixture = (name) => JSON.parse(readFileSync(new URL(`fixtures/mcp-${name}.json`, import.meta.url), "utf8"));

/** One client with a program of its own: answers by id, notifications in order. */
class Client {
  constructor(t, sandbox, cwd) {
    this.child = spawn(binary, ["mcp"], { cwd, env: sandbox.env, stdio: ["pipe", "pipe", "inherit"] });
    t.after(() => this.child.kill("SIGKILL"));
    this.told = [];
    this.lines = [];
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      const message = JSON.parse(line);
      assert.equal(message.jsonrpc, "2.0");
      this.lines.push(message);
      if (message.method) this.told.push(message);
    });
    this.next = 1000;
  }
  write(text) {
    this.child.stdin.write(`${text}\n`);
  }
  async send(message) {
    this.write(JSON.stringify(message));
    await eventually(`an answer to ${message.method}`, () => this.lines.some((one) => !one.method && one.id === message.id));
    return this.lines.find((one) => !one.method && one.id === message.id);
  }
  /** A request of the era of 2026-07-28: its result, or its error. */
  async ask(method, params = {}) {
    const answer = await this.send({ jsonrpc: "2.0", id: this.next++, method, params: { ...params, _meta: META } });
    if (answer.result) assert.equal(answer.result.resultType, "complete", method);
    return answer.result ?? answer.error;
  }
  /** One of those before. */
  async askOld(method, params) {
    const answer = await this.send({ jsonrpc: "2.0", id: this.next++, method, params });
    if (answer.result) assert.equal(answer.result.resultType, undefined, method);
    return answer.result ?? answer.error;
  }
  updates(id) {
    return this.told
      .filter((one) => one.method === "notifications/resources/updated" && one.params._meta?.[SUBSCRIPTION] === id)
      .map((one) => one.params.uri);
  }
}

async function started(t) {
  const told = await servedWithProducer(t);
  await told.send("workspace.state_changed", "w1", { projectId: PROJECT, status: "READY", name: "Alpha", branchName: "fix/alpha" });
  await told.send("session.changed", "w1", session("s1"));
  return told;
}

test("a client of 2026-07-28 finds out what there is, and its tools answer with what the board shows", async (t) => {
  const { sandbox, repo, server, send } = await started(t);
  const client = new Client(t, sandbox, repo);
  const found = await client.send(fixture("discover-request"));
  const documented = fixture("discover-result");
  assert.deepEqual(Object.keys(found.result).sort(), Object.keys(documented.result).sort());
  for (const key of ["resultType", "supportedVersions", "capabilities", "cacheScope"]) {
    assert.deepEqual(found.result[key], documented.result[key], key);
  }
  assert.equal(found.result._meta["io.modelcontextprotocol/serverInfo"].name, "snapboard");

  const { tools, ttlMs, cacheScope } = await client.ask("tools/list");
  assert.deepEqual(tools.map((tool) => tool.name), ["list_worktrees", "get_worktree", "who_is_waiting"]);
  assert.ok(ttlMs > 0 && cacheScope === "private");
  for (const tool of tools) {
    assert.equal(tool.annotations.readOnlyHint, true);
    assert.equal(tool.inputSchema.type, "object");
    assert.equal(tool.outputSchema.type, "object");
  }

  const { structuredContent, content } = await client.ask("tools/call", { name: "list_worktrees", arguments: {} });
  assert.deepEqual(JSON.parse(content[0].text), structuredContent);
  const entry = await server.entry("w1");
  assert.deepEqual(
    structuredContent.worktrees.find((one) => one.workspaceId === "w1"),
    {
      workspaceId: "w1", project: PROJECT, name: "Alpha", branch: "fix/alpha", path: null, status: "AGENT_WORKING",
      label: entry.statusReason.label, column: "WORKING", needsUser: false, additions: null, deletions: null, problem: null,
    },
  );
  const one = async (worktree) => (await client.ask("tools/call", { name: "get_worktree", arguments: { worktree } })).structuredContent;
  for (const name of ["w1", "Alpha", "fix/alpha"]) assert.deepEqual(await one(name), entry, name);
  const [main] = (await server.snapshot()).entries;
  assert.equal((await one(".")).workspaceId, main.workspaceId, "the one it was started in");
  assert.equal((await one(repo)).workspaceId, main.workspaceId);

  const waiting = async () => (await client.ask("tools/call", { name: "who_is_waiting" })).structuredContent.worktrees;
  assert.deepEqual((await waiting()).filter((row) => row.workspaceId === "w1"), []);
  await send("session.pending_request_changed", "w1", { sessionId: "s1", requestId: "r1", pending: true, type: "permission_request" });
  const row = (await waiting()).find((other) => other.workspaceId === "w1");
  assert.equal(row.status, "NEEDS_PERMISSION");
  assert.equal(row.needsUser, true);
});

test("clients from before initialize, and resources are the same facts", async (t) => {
  const { sandbox, repo, server } = await started(t);
  const client = new Client(t, sandbox, repo);
  const greeted = await client.send(fixture("initialize-legacy"));
  assert.equal(greeted.result.protocolVersion, "2025-11-25");
  assert.equal(greeted.result.serverInfo.name, "snapboard");
  assert.equal(greeted.result.resultType, undefined);
  assert.equal((await client.askOld("initialize", { protocolVersion: "2024-11-05" })).protocolVersion, "2024-11-05");
  assert.equal((await client.askOld("initialize", { protocolVersion: "1999-01-01" })).protocolVersion, "2025-11-25");
  client.write(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
  assert.deepEqual(await client.askOld("ping"), {});
  assert.equal((await client.askOld("tools/list", {})).tools.length, 3);

  const { resources } = await client.askOld("resources/list", {});
  assert.deepEqual(resources.map((one) => one.uri), ["snapboard://worktrees", "snapboard://attention"]);
  assert.equal((await client.askOld("resources/templates/list")).resourceTemplates[0].uriTemplate, "snapboard://worktree/{id}");
  const read = async (uri) => JSON.parse((await client.askOld("resources/read", { uri })).contents[0].text);
  assert.deepEqual(await read("snapboard://worktree/w1"), await server.entry("w1"));
  assert.ok((await read("snapboard://worktrees")).worktrees.some((one) => one.workspaceId === "w1"));
  assert.deepEqual((await read("snapboard://attention")).worktrees.filter((one) => one.workspaceId === "w1"), []);
  assert.equal((await client.askOld("resources/read", { uri: "snapboard://worktree/nobody" })).code, -32002);
  assert.equal((await client.ask("resources/read", { uri: "snapboard://else" })).code, -32602);
  assert.equal((await client.ask("resources/subscribe", { uri: "snapboard://worktrees" })).code, -32601, "of the older era only");
});

test("subscribers of both eras are told when what they name moves, through a restart too, and not after they are done", async (t) => {
  const { sandbox, repo, server, send } = await started(t);
  const client = new Client(t, sandbox, repo);
  client.write(JSON.stringify(fixture("listen-request")));
  await eventually("the acknowledgement", () => client.told.length === 1);
  assert.deepEqual(client.told[0], {
    jsonrpc: "2.0", method: "notifications/subscriptions/acknowledged",
    params: { notifications: { resourceSubscriptions: ["snapboard://attention"] }, _meta: { [SUBSCRIPTION]: "sub-1" } },
  });
  await client.askOld("resources/subscribe", { uri: "snapboard://worktree/w1" });
  await send("session.pending_request_changed", "w1", { sessionId: "s1", requestId: "r1", pending: true, type: "permission_request" });
  await eventually("both are told", () => client.updates("sub-1").length === 1 && client.updates(undefined).length === 1);
  assert.deepEqual(client.told.find((one) => one.params._meta?.[SUBSCRIPTION] && one.params.uri), fixture("resource-updated"));
  assert.deepEqual(client.updates(undefined), ["snapboard://worktree/w1"]);

  // What moves for the one and not for the other; what waits is told again when it is called something else.
  await send("terminal.changed", "w1", { terminalId: "t1", title: "make", state: "busy" });
  await eventually("the worktree moved", () => client.updates(undefined).length === 2);
  assert.equal(client.updates("sub-1").length, 1);
  await send("workspace.updated", "w1", { name: "Renamed" });
  await eventually("both moved", () => client.updates("sub-1").length === 2 && client.updates(undefined).length === 3);
  await client.askOld("resources/unsubscribe", { uri: "snapboard://worktree/w1" });
  await server.stop();
  const again = await sandbox.serve(repo);
  const producer = new Producer("agents/one", "e2");
  const answer = await again.post(producer.event("session.pending_request_changed", "w1", { sessionId: "s1", requestId: "r1", pending: false }));
  assert.equal(answer.status, 200, answer.text);
  await eventually("told by the next life", () => client.updates("sub-1").length === 3);
  client.write(JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: "sub-1" } }));
  client.write(JSON.stringify({ jsonrpc: "2.0", id: "sub-2", method: "subscriptions/listen", params: { notifications: { resourceSubscriptions: ["snapboard://worktrees"] }, _meta: META } }));
  const more = await again.post(producer.event("session.pending_request_changed", "w1", { sessionId: "s1", requestId: "r2", pending: true, type: "user_question" }));
  assert.equal(more.status, 200, more.text);
  await eventually("the other one is told", () => client.updates("sub-2").length >= 1);
  assert.equal(client.updates("sub-1").length, 3);
  assert.equal(client.updates(undefined).length, 3);
});

test("an id is escaped in the name of its resource, and a subscription has an id of its own", async (t) => {
  const { sandbox, repo, send } = await started(t);
  await send("workspace.state_changed", "a/b \u00e9%", { projectId: PROJECT, status: "READY", name: "Odd" });
  const client = new Client(t, sandbox, repo);
  const uri = `snapboard://worktree/${encodeURIComponent("a/b \u00e9%")}`;
  assert.equal(JSON.parse((await client.ask("resources/read", { uri })).contents[0].text).name, "Odd");
  const listen = JSON.stringify({ jsonrpc: "2.0", id: 7, method: "subscriptions/listen", params: { notifications: { resourceSubscriptions: [uri] }, _meta: META } });
  client.write(listen);
  await eventually("the acknowledgement", () => client.told.length === 1);
  client.write(listen);
  await eventually("the refusal", () => client.lines.some((line) => line.id === 7 && line.error?.code === -32600));
  await send("workspace.updated", "a/b \u00e9%", { name: "Odder" });
  await eventually("told by the name it asked for", () => client.updates(7).length === 1);
  assert.deepEqual(client.updates(7), [uri]);
});

test("what is wrong is said in the answer and ends nothing", async (t) => {
  const { sandbox, repo, server } = await started(t);
  const client = new Client(t, sandbox, repo);
  const wrong = [
    ["{", -32700],
    ["[]", -32600],
    ['{"jsonrpc":"2.0","id":{},"method":"ping"}', -32600],
    ['{"id":1,"method":"ping"}', -32600],
    ['{"jsonrpc":"2.0","id":2}', -32600],
    ['{"jsonrpc":"2.0","id":3,"method":"no/such"}', -32601],
    ['{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"drop_everything"}}', -32602],
    ['{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"get_worktree"}}', -32602],
    ['{"jsonrpc":"2.0","id":6,"method":"subscriptions/listen","params":{}}', -32602],
    ['{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":7}}', -32602],
    [`{"jsonrpc":"2.0","id":8,"method":"ping","params":{"pad":"${"x".repeat(1 << 20)}"}}`, -32600],
  ];
  for (const [n, [line, code]] of wrong.entries()) {
    client.write(line);
    await eventually(`an answer to ${line.slice(0, 60)}`, () => client.lines.length === n + 1);
    assert.equal(client.lines[n].error.code, code, line.slice(0, 60));
  }
  const lines = client.lines.length;
  client.write("");
  client.write('{"jsonrpc":"2.0","method":"notifications/unknown"}');
  client.write('{"jsonrpc":"2.0","id":9,"result":{}}');
  const version = await client.send({ jsonrpc: "2.0", id: "v", method: "tools/list", params: { _meta: { "io.modelcontextprotocol/protocolVersion": "2031-01-01" } } });
  assert.equal(client.lines.length, lines + 1, "nothing else was answered");
  assert.equal(version.error.code, -32022);
  assert.deepEqual(version.error.data, { supported: ["2026-07-28", "2025-11-25"], requested: "2031-01-01" });

  const nobody = await client.ask("tools/call", { name: "get_worktree", arguments: { worktree: "nobody" } });
  assert.equal(nobody.isError, true);
  assert.match(nobody.content[0].text, /no workspace of the board has the id, name or branch nobody/);
  await server.stop();
  const away = await client.ask("tools/call", { name: "list_worktrees" });
  assert.equal(away.isError, true);
  assert.match(away.content[0].text, /no answer|not running|server/i);
  assert.equal((await client.ask("resources/read", { uri: "snapboard://worktrees" })).code, -32603);
  client.child.stdin.end('{"jsonrpc":"2.0","id":99,"method":"ping"}');
  assert.deepEqual(await once(client.child, "close"), [0, null]);
  assert.equal(client.lines.at(-1).id, 99, "a last line without an end is one");
});
