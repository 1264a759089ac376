// What the description of the routes says is what the server answers.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import WebSocket from "ws";
import { Producer, Sandbox, TOKEN, binary, eventually, session } from "./support.mjs";

/** A JSON Schema checker for what the document uses; a keyword it does not know is an error of the document. Answers what is wrong. */
class Checker {
  constructor(document) {
    this.document = document;
  }

  resolve(reference) {
    return reference.slice(2).split("/").reduce((found, part) => found[part], this.document);
  }

  /** `closed`: members the schema does not name are wrong too, so that the description stays complete. */
  check(schema, value, path = "$", closed = true) {
    const wrong = [];
    const say = (what) => wrong.push(`${path}: ${what}`);
    for (const [keyword, rule] of Object.entries(schema)) {
      if (keyword === "$ref") wrong.push(...this.check(this.resolve(rule), value, path, closed));
      else if (keyword === "type") [rule].flat().some((type) => isType(type, value)) || say(`${JSON.stringify(value)} is no ${rule}`);
      else if (keyword === "enum") rule.includes(value) || say(`${value} is none of ${rule}`);
      else if (keyword === "const") value === rule || say(`${value} is not ${rule}`);
      else if (keyword === "pattern") typeof value !== "string" || new RegExp(rule).test(value) || say(`${value} does not match ${rule}`);
      else if (keyword === "minimum") typeof value !== "number" || value >= rule || say(`${value} is below ${rule}`);
      else if (keyword === "minLength") typeof value !== "string" || value.length >= rule || say("too short");
      else if (keyword === "maxLength") typeof value !== "string" || value.length <= rule || say("too long");
      else if (keyword === "format") value === null || typeof value !== "string" || !Number.isNaN(Date.parse(value)) || say(`${value} is no ${rule}`);
      else if (keyword === "required") rule.forEach((name) => (isType("object", value) && !(name in value) ? say(`lacks ${name}`) : null));
      else if (keyword === "items") Array.isArray(value) && value.forEach((element, index) => wrong.push(...this.check(rule, element, `${path}[${index}]`, closed)));
      else if (keyword === "anyOf" || keyword === "oneOf") {
        const tries = rule.map((one) => this.check(one, value, path, closed));
        const fits = tries.filter((found) => found.length === 0).length;
        if (keyword === "anyOf" ? fits === 0 : fits !== 1) say(`fits ${fits} of ${rule.length}: ${tries.flat()}`);
      } else if (keyword === "allOf") rule.forEach((one) => wrong.push(...this.check(one, value, path, false)));
      else if (keyword === "if") {
        if (this.check(rule, value, path, false).length === 0) wrong.push(...this.check(schema.then, value, path, false));
      } else if (keyword === "properties") {
        if (!isType("object", value)) continue;
        for (const [name, member] of Object.entries(value)) {
          if (rule[name]) wrong.push(...this.check(rule[name], member, `${path}.${name}`, closed));
          else if (closed) say(`${name} is not described`);
        }
      } else if (!["then", "description"].includes(keyword)) say(`the checker does not know ${keyword}`);
    }
    return wrong;
  }

  /** Holds an answer against the description of its operation. */
  answer(template, method, response) {
    const operation = this.document.paths[template][method];
    let described = operation.responses[response.status] ?? operation.responses.default;
    assert.ok(described, `${method} ${template} does not know ${response.status}: ${response.text}`);
    if (described.$ref) described = this.resolve(described.$ref);
    const type = (response.headers["content-type"] ?? "").split(";")[0];
    if (!described.content) return assert.equal(response.text, "", `${method} ${template} ${response.status} has no content`);
    assert.ok(described.content[type], `${method} ${template} ${response.status} does not know ${type}`);
    if (response.json !== undefined) assert.deepEqual(this.check(described.content[type].schema, response.json), [], `${method} ${template} ${response.status}`);
  }
}

function isType(type, value) {
  if (type === "null") return value === null;
  if (type === "array") return Array.isArray(value);
  if (type === "integer") return Number.isInteger(value);
  if (type === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return typeof value === type;
}

const run = (...words) => spawnSync(binary, words, { encoding: "utf8", maxBuffer: 16 * 1024 * 1024 });

test("schema prints what the server serves", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const served = await server.get("/openapi.json");
  const printed = run("schema", "--openapi");
  assert.equal(printed.status, 0);
  assert.equal(printed.stdout, served.text);
  assert.equal(served.json.openapi, "3.1.0");
  assert.ok(run("--version").stdout.includes(served.json.info.version));
  const alone = JSON.parse(run("schema").stdout);
  assert.deepEqual(Object.keys(alone.$defs).sort(), Object.keys(served.json.components.schemas).sort());
  assert.ok(!JSON.stringify(alone).includes("#/components/"));
});

test("answers are as described", async (t) => {
  const sandbox = new Sandbox(t);
  const repository = sandbox.repository();
  sandbox.worktree(repository, "feature");
  writeFileSync(path.join(repository, "factory-factory.json"), JSON.stringify({ scripts: { run: "echo described; exec sleep 1000" } }));
  const server = await sandbox.serve(repository);
  const checker = new Checker((await server.get("/openapi.json")).json);
  const producer = new Producer("agents/one");
  const events = [
    producer.event("workspace.state_changed", "w1", { projectId: "external", status: "READY", name: "Alpha" }),
    producer.event("session.changed", "w1", session("s1")),
    producer.event("session.pending_request_changed", "w1", { sessionId: "s1", requestId: "r1", pending: true, toolName: "Bash" }),
    producer.event("github.pr_snapshot_updated", "w1", { prNumber: 7, prState: "OPEN", prCiStatus: "PENDING" }),
    producer.event("ratchet.toggled", "w1", { enabled: true }),
    producer.event("terminal.changed", "w1", { terminalId: "t1", state: "busy" }),
    producer.event("snapshot.facts", "w1", { gitStats: { total: 1, additions: 2, deletions: 3, hasUncommitted: true } }),
  ];
  for (const event of events) assert.deepEqual(checker.check({ $ref: "#/components/schemas/Event" }, event, "$", false), [], event.type);
  const wrong = { ...events[4], data: { enabled: "yes" } };
  assert.notDeepEqual(checker.check({ $ref: "#/components/schemas/Event" }, wrong, "$", false), []);
  const posted = await server.post([...events, wrong]);
  assert.equal(posted.json.accepted, events.length, posted.text);
  checker.answer("/api/events", "post", posted);

  const { id } = await server.project();
  await eventually("git was looked at", async () => (await server.snapshot()).entries.some((entry) => entry.gitStats !== null));
  const view = encodeURIComponent(JSON.stringify({ projectId: "external", shape: "kanban" }));
  const reads = [
    ["/healthz", "/healthz", 200],
    ["/readyz", "/readyz", 200],
    ["/metrics", "/metrics", 200],
    ["/openapi.json", "/openapi.json", 200],
    ["/api/projects", "/api/projects", 200],
    ["/api/projects/{projectId}/snapshot", `/api/projects/${id}/snapshot`, 200],
    ["/api/projects/{projectId}/snapshot", "/api/projects/external/snapshot", 200],
    ["/api/projects/{projectId}/snapshot", `/api/projects/external/snapshot?view=${view}`, 200],
    ["/api/projects/{projectId}/snapshot", "/api/projects/*/snapshot", 200],
    ["/api/projects/{projectId}/snapshot", "/api/projects/nobody/snapshot", 404],
    ["/api/projects/{projectId}/snapshot", "/api/projects/external/snapshot?epoch=other&minRevision=1", 410],
    ["/api/projects/{projectId}/changes", "/api/projects/external/changes", 200],
    ["/api/projects/{projectId}/changes", `/api/projects/external/changes?view=${view}`, 200],
    ["/api/projects/{projectId}/changes", "/api/projects/external/changes?waitMs=soon", 400],
    ["/api/workspaces/{workspaceId}", "/api/workspaces/w1", 200],
    ["/api/workspaces/{workspaceId}", "/api/workspaces/nobody", 404],
    ["/api/workspaces/{workspaceId}/explain", "/api/workspaces/w1/explain", 200],
    ["/api/workspaces/{workspaceId}/history", "/api/workspaces/w1/history", 200],
    ["/snapshots", "/snapshots?projectId=external", 426],
  ];
  for (const [template, target, status] of reads) {
    const response = await server.get(target);
    assert.equal(response.status, status, `${target}: ${response.text}`);
    checker.answer(template, "get", response);
  }

  const command = async (template, method, target, body) => {
    const response = await server.request(target, { method: method.toUpperCase(), body: body && JSON.stringify(body), headers: body ? { "content-type": "application/json" } : {} });
    checker.answer(template, method, response);
    return response;
  };
  const made = await command("/api/projects/{projectId}/workspaces", "post", `/api/projects/${id}/workspaces`, { name: "Described" });
  assert.equal(made.status, 201, made.text);
  const { workspaceId } = made.json;
  await eventually("it is set up", async () => (await server.entry(workspaceId)).status === "READY");
  const mainId = (await server.snapshot()).entries.find((entry) => entry.isMain).workspaceId;
  const commands = [
    ["/api/projects", "post", "/api/projects", { repoPath: repository }, 200],
    ["/api/projects/{projectId}/reconcile", "post", `/api/projects/${id}/reconcile`, undefined, 200],
    ["/api/workspaces/{workspaceId}/rename", "post", `/api/workspaces/${workspaceId}/rename`, { name: "Renamed" }, 200],
    ["/api/workspaces/{workspaceId}/retry", "post", `/api/workspaces/${workspaceId}/retry`, undefined, 409],
    ["/api/workspaces/{workspaceId}/ratchet", "post", `/api/workspaces/${workspaceId}/ratchet`, { enabled: false }, 200],
    ["/api/workspaces/{workspaceId}/run-script", "post", `/api/workspaces/${mainId}/run-script`, { action: "start" }, 200],
    ["/api/workspaces/{workspaceId}/run-script/output", "get", `/api/workspaces/${mainId}/run-script/output?waitMs=5000`, undefined, 200],
    ["/api/workspaces/{workspaceId}/run-script", "post", `/api/workspaces/${mainId}/run-script`, { action: "stop" }, 200],
    ["/api/workspaces/{workspaceId}/fixer/output", "get", `/api/workspaces/${mainId}/fixer/output`, undefined, 404],
    ["/api/workspaces/{workspaceId}/archive", "post", `/api/workspaces/${workspaceId}/archive`, undefined, 200],
    ["/api/projects/{projectId}/archived", "get", `/api/projects/${id}/archived`, undefined, 200],
    ["/api/projects/{projectId}/archived", "get", "/api/projects/nobody/archived", undefined, 404],
    ["/api/workspaces/{workspaceId}", "delete", `/api/workspaces/${workspaceId}?force=true`, undefined, 200],
    ["/api/projects/{projectId}", "delete", `/api/projects/${id}`, undefined, 200],
  ];
  for (const [template, method, target, body, status] of commands) {
    const response = await command(template, method, target, body);
    assert.equal(response.status, status, `${method} ${target}: ${response.text}`);
  }
});

test("messages of both streams are as described", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository());
  const checker = new Checker((await server.get("/openapi.json")).json);
  const producer = new Producer("agents/one");
  const say = (type, data) => server.post(producer.event(type, "w1", data));
  await say("workspace.state_changed", { projectId: "external", status: "READY", name: "Alpha" });
  const stream = await server.stream("external");
  await stream.baseline();
  const sync = new WebSocket(`ws://${server.url.host}/sync`, { headers: { authorization: `Bearer ${TOKEN}` } });
  const heard = [];
  sync.on("message", (data) => heard.push(JSON.parse(data.toString("utf8"))));
  await new Promise((done) => sync.once("open", done));
  const hello = { type: "hello", protocol: 2, view: { projectId: "*", shape: "list", where: { status: ["READY"] } }, patch: true, heartbeatMs: 1000 };
  assert.deepEqual(checker.check({ $ref: "#/components/schemas/SyncHello" }, hello), []);
  sync.send(JSON.stringify(hello));
  await eventually("the baseline", () => heard.some((message) => message.type === "batch"));
  await say("workspace.updated", { name: "Beta" });
  await eventually("a patch", () => heard.some((message) => message.ops?.some((op) => op.op === "patch")));
  await eventually("a mark", () => heard.some((message) => message.type === "mark"));
  await say("workspace.removed", undefined);
  await eventually("it is gone", () => heard.some((message) => message.ops?.some((op) => op.op === "del")));
  await stream.message("removed", (message) => message.type === "snapshot_removed");
  await server.stop();
  await eventually("a bye", () => heard.some((message) => message.type === "bye"));
  assert.deepEqual(new Set(heard.map((message) => message.type)), new Set(["welcome", "batch", "mark", "bye"]));
  for (const message of heard) assert.deepEqual(checker.check({ $ref: "#/components/schemas/SyncMessage" }, message), [], message.type);
  for (const message of stream.messages) assert.deepEqual(checker.check({ $ref: "#/components/schemas/SnapshotMessage" }, message), [], message.type);
});
