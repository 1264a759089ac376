// A stand-in for the server while the page is developed: the built page, GET /api/projects and /sync with changes.
//   node dev/fake_server.mjs [--port 7420] [--quiet] [--answer 401|503]
//   --quiet: nothing changes by itself    --answer: refuse everything that way

import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WebSocketServer } from "ws";
import { fakeProjects, setReason } from "./fake_data.mjs";

const heartbeatMs = 5_000;
const sources = [
  { name: "git", state: "live", lagMs: 12, lastOkAgeMs: 900 },
  { name: "github", state: "rate_limited", lagMs: null, lastOkAgeMs: 240_000 },
];

const types = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
};
// As strict as the real one: not even a style element of ours is allowed.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Starts the fake. `answer`: a status with which everything but the page is refused. */
export async function startFakeServer({ port = 0, quiet = false, answer = 0, projects = fakeProjects() } = {}) {
  const dist = fileURLToPath(new URL("../dist/", import.meta.url));
  let revision = 100;

  async function serveFile(path, response) {
    const name = normalize(path === "/" ? "/index.html" : path);
    try {
      const body = await readFile(join(dist, name));
      response.writeHead(200, {
        "content-type": types[extname(name)] ?? "application/octet-stream",
        "content-security-policy": policy,
      });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  }

  const http = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "/", "http://fake");
    if (pathname !== "/api/projects") return void serveFile(pathname, response);
    if (answer !== 0) {
      response.writeHead(answer, { "content-type": "application/problem+json", "retry-after": "1" });
      return void response.end(JSON.stringify({ status: answer, title: "refused", detail: "The fake refuses." }));
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(projects.map(({ row, entries }) => ({ ...row, workspaceCount: entries.length }))));
  });

  const sockets = new WebSocketServer({ noServer: true });
  http.on("upgrade", (request, socket, head) => {
    if (answer !== 0 || !request.url?.startsWith("/sync")) {
      socket.end(`HTTP/1.1 ${answer || 404} Refused\r\nConnection: close\r\n\r\n`);
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => client.once("message", (text) => greet(client, JSON.parse(String(text)))));
  });

  function greet(client, { view }) {
    const project = projects.find(({ row }) => row.id === view.projectId);
    if (!project) return client.close(4404, "unknown project");
    client.projectId = project.row.id;
    client.revision = 0;
    const limits = { batchBytes: 262_144, batchOps: 1_000, messageBytes: 65_536 };
    client.send(
      JSON.stringify({ type: "welcome", session: "fake", epoch: "fake", head: revision, mode: "reset", reason: "initial", heartbeatMs, coalesceMs: 0, limits }),
    );
    const ops = project.entries.map((entry) => ({ op: "put", id: entry.workspaceId, revision, entry }));
    tell(client, { type: "batch", reset: true, reviewCount: 2, ops });
    tell(client, { type: "mark", sources });
  }

  /** A batch to now, or a mark. */
  function tell(client, message) {
    const [from, to] = [client.revision, revision];
    client.revision = to;
    const place = message.type === "mark" ? { revision: to } : { from, to, complete: true };
    client.send(JSON.stringify({ viewSeq: 1, ...place, cursor: `fake.${to}`, ...message }));
  }

  function send(projectId, op) {
    ++revision;
    for (const client of sockets.clients) {
      if (client.projectId === projectId) tell(client, { type: "batch", ops: [{ ...op, revision }] });
    }
  }

  function change(entry, edit) {
    edit(entry);
    entry.version = revision + 1;
    entry.computedAt = new Date().toISOString();
    send(entry.projectId, { op: "put", id: entry.workspaceId, entry });
  }

  const pick = (list) => list[Math.floor(Math.random() * list.length)];
  const edits = [
    (entry) => {
      if (!entry.gitStats) return;
      const more = Math.ceil(Math.random() * 20);
      entry.gitStats = { ...entry.gitStats, additions: entry.gitStats.additions + more, total: entry.gitStats.total || 1 };
      entry.lastActivityAt = entry.computedAt = new Date().toISOString();
    },
    (entry) => setReason(entry, pick(["AGENT_WORKING", "READY_FOR_NEXT_PROMPT", "NEEDS_ANSWER", "WAITING_FOR_CI"])),
  ];
  const timer = quiet
    ? undefined
    : setInterval(() => {
        const { entries } = pick(projects.filter((project) => project.entries.length > 0));
        change(pick(entries), pick(edits));
      }, 1_500);

  const heartbeat = setInterval(() => {
    for (const client of sockets.clients) if (client.projectId) tell(client, { type: "mark", sources });
  }, heartbeatMs);

  await new Promise((done) => http.listen(port, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${http.address().port}`,
    projects,
    change,
    remove: ({ projectId, workspaceId }) => send(projectId, { op: "del", id: workspaceId }),
    async stop() {
      clearInterval(timer);
      clearInterval(heartbeat);
      for (const client of sockets.clients) client.terminate();
      http.closeAllConnections();
      await new Promise((done) => http.close(done));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({
    options: {
      port: { type: "string", default: "7420" },
      quiet: { type: "boolean", default: false },
      answer: { type: "string", default: "0" },
    },
  });
  const server = await startFakeServer({
    port: Number(values.port),
    quiet: values.quiet,
    answer: Number(values.answer),
  });
  console.log(server.url);
}
