// The limits and access rules that `serve` takes as flags or from a file: each does what it says, and a bad value is
// refused by the name of its flag.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import { test } from "node:test";
import { Sandbox, binary, eventually, httpRequest } from "./support.mjs";

const EXIT_USAGE = 2;
const FILES_BESIDE_CONNECTIONS = 512;

/** Runs `serve` with what must not start, and answers how it ended. `before`: a shell command that precedes it. */
function refused(sandbox, flags, before = ":") {
  const words = ["serve", "--listen", "127.0.0.1:0", "--data-dir", sandbox.path("data"), "--no-open", "--no-adopt", ...flags];
  return spawnSync("/bin/sh", ["-c", `${before}; exec "$0" "$@"`, binary, ...words],
    { cwd: sandbox.root, env: sandbox.env, encoding: "utf8", timeout: 20_000 });
}

const badValues = [
  ["--max-connections", "0"],
  ["--max-connections", "many"],
  ["--max-connections-per-origin", "-1"],
  ["--max-body-bytes", "1MB"],
  ["--max-body-bytes", "1000000000000"],
  ["--max-header-bytes", "10"],
  ["--max-frame-bytes", "0"],
  ["--allow-host", "http://board.example"],
  ["--allow-host", "board.example:70000"],
  ["--trust-peer", "10.0.0.0/33"],
  ["--trust-peer", "somebody"],
  ["--allow-origin", "http://one.example/"],
  ["--allow-origin", "one.example"],
  ["--allow-origin", "HTTP://One.example"],
  ["--auth", "some"],
  ["--socket", "/".padEnd(200, "x")],
];

test("a bad value is refused by the name of its flag", (t) => {
  const sandbox = new Sandbox(t);
  for (const [flag, value] of badValues) {
    const { status, stderr, stdout } = refused(sandbox, [flag, value]);
    assert.equal(status, EXIT_USAGE, `${flag} ${value}: ${stdout}${stderr}`);
    assert.ok(stderr.includes(flag), `${flag} ${value}: ${stderr}`);
  }
});

test("a file of settings is refused by the line that is wrong", (t) => {
  const sandbox = new Sandbox(t);
  const file = sandbox.path("board.toml");
  for (const [text, named] of [
    ['max-body-bytes = "plenty"\n', "--max-body-bytes"],
    ["max-bodies = 3\n", "max-bodies"],
    ["[serve]\nmax-body-bytes = 2048\n", "sections"],
    ['config = "other.toml"\n', "config"],
    ["listen = \n", "listen has no value"],
    ["no-open = 5\n", "no-open is true or false"],
  ]) {
    writeFileSync(file, text);
    const { status, stderr } = refused(sandbox, ["--config", file]);
    assert.equal(status, EXIT_USAGE, `${text}: ${stderr}`);
    assert.ok(stderr.includes(file) && stderr.includes(named), `${text}: ${stderr}`);
  }
  const folder = refused(sandbox, ["--config", sandbox.path("run")]);
  assert.equal(folder.status, EXIT_USAGE, folder.stderr);
  const { status, stderr } = refused(sandbox, ["--config", sandbox.path("absent.toml")]);
  assert.equal(status, EXIT_USAGE);
  assert.ok(stderr.includes("absent.toml"), stderr);
});

test("body, header and frame sizes", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository(), "--max-body-bytes", "2048", "--max-header-bytes", "1024", "--max-frame-bytes", "3000");
  await sizesHold(server);
});

test("the same from a file, where the command line wins", async (t) => {
  const sandbox = new Sandbox(t);
  const file = sandbox.path("board.toml");
  writeFileSync(file, "# sizes\nmax-body-bytes = 9999\nmax-header-bytes = 1024\nmax-frame-bytes = 3000\nno-adopt = false\nallow-host = ['one.example', 'two.example']\n");
  const server = await sandbox.serve(sandbox.repository(), "--config", file, "--max-body-bytes", "2048");
  await sizesHold(server);
  for (const host of ["one.example", "two.example"]) assert.equal((await server.get("/healthz", { headers: { host: `${host}:${server.url.port}` } })).status, 200, host);
});

async function sizesHold(server) {
  const post = (bytes) => server.request("/api/events", { method: "POST", body: " ".repeat(bytes), headers: { "content-type": "application/cloudevents+json" } });
  assert.equal((await post(2048)).status, 400, "within the limit it is only no event");
  const body = await post(2049);
  assert.equal(body.status, 413, body.text);
  assert.equal(body.json.code, "limit_exceeded");
  const padded = (bytes) => server.get("/healthz", { headers: { "x-padding": "x".repeat(bytes) } });
  assert.equal((await padded(500)).status, 200);
  assert.equal((await padded(1500)).status, 431);
  const beyond = await server.stream((await server.project()).id);
  await beyond.baseline();
  beyond.socket.send("x".repeat(3001));
  assert.equal((await beyond.closed).code, 1009);
  const within = await server.stream((await server.project()).id);
  await within.baseline();
  within.socket.send("x".repeat(3000));
  const pong = new Promise((done) => within.socket.once("pong", done));
  within.socket.ping();
  await pong;
  await within.close();
}

test("connections of all, and of one web origin", async (t) => {
  const sandbox = new Sandbox(t);
  const server = await sandbox.serve(sandbox.repository(), "--max-connections", "4", "--max-connections-per-origin", "2",
    "--allow-origin", "http://one.example", "--allow-origin", "http://two.example");
  const id = (await server.project()).id;
  const open = (origin) => server.stream(id, { headers: { origin } });
  const held = [await open("http://one.example"), await open("http://one.example")];
  await assert.rejects(open("http://one.example"), { status: 503 });
  const events = await server.get(`/api/projects/${id}/changes`, { headers: { origin: "http://one.example", accept: "text/event-stream" } });
  assert.equal(events.status, 503);
  assert.equal(events.json.code, "limit_exceeded");
  held.push(await open("http://two.example"), await open("http://two.example"));
  const answer = await server.get("/healthz");
  assert.equal(answer.status, 503);
  assert.equal(answer.json.code, "limit_exceeded");
  await held.pop().close();
  await eventually("there is room again", async () => (await server.get("/healthz")).status === 200);
});

test("hosts and forwarded clients", async (t) => {
  const sandbox = new Sandbox(t);
  const repository = sandbox.repository();
  const strict = await sandbox.serve(repository, "--allow-host", "board.example");
  const ask = (server, headers) => server.get("/api/projects", { headers });
  const port = strict.url.port;
  assert.equal((await ask(strict, { host: `board.example:${port}` })).status, 200);
  assert.equal((await ask(strict, { host: `other.example:${port}` })).status, 403);
  assert.equal((await ask(strict, { "x-forwarded-for": "10.0.0.1" })).status, 403);
  await strict.stop();
  const trusting = await sandbox.serve(repository, "--trust-forwarded");
  assert.equal((await ask(trusting, { "x-forwarded-for": "10.0.0.1" })).status, 200);
});

const addresses = Object.values(os.networkInterfaces()).flat();
const ownAddress = addresses.find(({ family, internal }) => family === "IPv4" && !internal)?.address;

test("peers beyond this machine", { skip: ownAddress ? false : "this machine has no address but loopback" }, async (t) => {
  const sandbox = new Sandbox(t);
  const repository = sandbox.repository();
  const otherAddress = ownAddress === "192.0.2.1" ? "192.0.2.2" : "192.0.2.1";
  for (const [block, status] of [[`${ownAddress}/32`, 200], [otherAddress, 403]]) {
    const server = await sandbox.serve(repository, "--listen", "0.0.0.0:0", "--trust-peer", block);
    const from = { host: ownAddress, port: server.url.port, localAddress: ownAddress };
    assert.equal((await httpRequest(from, "/api/projects")).status, status, block);
    assert.equal((await httpRequest({ host: "127.0.0.1", port: server.url.port }, "/api/projects")).status, 200);
    await server.stop();
  }
});

test("open files: raised to what the connections need, an error where that is not allowed", async (t) => {
  const sandbox = new Sandbox(t);
  const { status, stderr } = refused(sandbox, ["--max-connections", "5000"], "ulimit -n 1000");
  assert.equal(status, EXIT_USAGE);
  assert.equal(stderr.split("\n").length, 2, "said once");
  assert.match(stderr, /--max-connections 5000 needs 5512 open files, and only 1000/);
  const connections = 100;
  const words = ["serve", "--listen", "127.0.0.1:0", "--data-dir", sandbox.path("data"), "--no-open", "--no-adopt", "--print-ready"];
  const child = spawn("/bin/sh", ["-c", 'ulimit -Sn 64; exec "$0" "$@"', binary, ...words, "--max-connections", String(connections)],
    { cwd: sandbox.root, env: sandbox.env, stdio: ["ignore", "pipe", "ignore"] });
  const ended = once(child, "exit");
  t.after(() => child.kill("SIGKILL"));
  await once(child.stdout, "data");
  const limits = readFileSync(`/proc/${child.pid}/limits`, "utf8");
  assert.equal(Number(/^Max open files\s+(\d+)/m.exec(limits)[1]), connections + FILES_BESIDE_CONNECTIONS, limits);
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
});

test("an address, an access or a folder that is no good is refused, once and by name", (t) => {
  const sandbox = new Sandbox(t);
  for (const [words, named] of [
    [["--listen", "nope"], /--listen/],
    [["--listen", "127.0.0.1:99999"], /--listen/],
    [["--listen", "256.1.1.1:80"], /--listen/],
    [["--listen", "0.0.0.0:0", "--auth", "none", "--no-adopt"], /--auth none/],
    [[sandbox.path("absent")], /absent does not exist/],
    [[sandbox.path("home")], /home is not inside a git repository/],
  ]) {
    const done = spawnSync(binary, ["serve", ...words, "--data-dir", sandbox.path("data"), "--no-open"],
      { cwd: sandbox.root, env: sandbox.env, encoding: "utf8", timeout: 20_000 });
    assert.equal(done.status, EXIT_USAGE, `${words}: ${done.stderr}`);
    assert.match(done.stderr, named);
    assert.equal(done.stderr.split("cannot start").length, 1, done.stderr);
  }
});
