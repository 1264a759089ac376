import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import type { Entry } from "../src/index.ts";

export const binary = process.env.SNAPBOARD_BIN;
export const token = "client-test-token-of-32-characters";

/** The real program with a data directory of its own, on a port of its own. */
export class Server {
  readonly #child: ChildProcess;
  readonly #root: string;
  #events = 0;
  port = 0;

  private constructor() {
    this.#root = mkdtempSync(path.join(os.tmpdir(), "sb-client-"));
    for (const name of ["home", "run"]) mkdirSync(path.join(this.#root, name), { mode: 0o700 });
    const at = (name: string) => path.join(this.#root, name);
    this.#child = spawn(
      binary!,
      ["serve", "--listen", "127.0.0.1:0", "--data-dir", at("data"), "--no-open", "--no-adopt", "--print-ready"],
      {
        cwd: this.#root,
        env: { PATH: process.env.PATH, HOME: at("home"), XDG_RUNTIME_DIR: at("run"), TMUX_TMPDIR: at("run"), SNAPBOARD_TOKEN: token },
        stdio: ["ignore", "pipe", "ignore"],
      },
    );
  }

  static async start(): Promise<Server> {
    const server = new Server();
    const ended = once(server.#child, "exit").then(() => Promise.reject(new Error("the server ended before it was ready")));
    ended.catch(() => {});
    const [line] = await Promise.race([once(createInterface({ input: server.#child.stdout! }), "line"), ended]);
    server.port = Number(new URL((JSON.parse(line as string) as { url: string }).url).port);
    return server;
  }

  /** States something about a workspace; done when the server has it. */
  async say(type: string, subject: string, data: object): Promise<void> {
    const id = String(++this.#events);
    const answer = await this.#fetch("/api/events", {
      method: "POST",
      headers: { "content-type": "application/cloudevents+json" },
      body: JSON.stringify({ specversion: "1.0", id, source: "tests/client", type, subject, data, sequence: id }),
    });
    if (answer.status !== 200) throw new Error(`${type}: ${answer.status} ${await answer.text()}`);
  }

  async snapshot(projectId: string): Promise<{ entries: Entry[]; revision: number; epoch: string }> {
    return (await this.#fetch(`/api/projects/${projectId}/snapshot`)).json() as Promise<never>;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const gone = once(this.#child, "exit");
      this.#child.kill("SIGKILL");
      await gone;
    }
    rmSync(this.#root, { recursive: true, force: true, maxRetries: 5 });
  }

  #fetch(target: string, { headers, ...more }: RequestInit = {}): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${target}`, {
      ...more,
      headers: { ...(headers as Record<string, string>), authorization: `Bearer ${token}` },
    });
  }
}

/** Stands before a server and misbehaves as told. */
export class Proxy {
  upgrades: "allow" | "refuse" = "allow";
  streams: "allow" | "hold" = "allow";
  /** How many bytes a connection may carry to the client before it is cut; asked for each connection. */
  bytes: () => number = () => Number.POSITIVE_INFINITY;
  cuts = 0;
  port = 0;
  readonly #sockets = new Set<net.Socket>();
  readonly #server = net.createServer((client) => this.#serve(client));
  readonly #target: number;

  constructor(target: number) {
    this.#target = target;
  }

  async open(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, "127.0.0.1", done));
    this.port = (this.#server.address() as net.AddressInfo).port;
    return this;
  }

  /** Ends everything that is open; new connections are served as the settings say. */
  cutAll(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    const closed = new Promise((done) => this.#server.close(done));
    this.cutAll();
    await closed;
  }

  #serve(client: net.Socket): void {
    const server = net.connect(this.#target, "127.0.0.1");
    let left = this.bytes();
    let held = false;
    for (const [socket, other] of [[client, server], [server, client]] as const) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    client.on("data", (chunk) => {
      const text = chunk.toString("latin1");
      if (this.upgrades === "refuse" && /\r\nupgrade: websocket/i.test(text)) {
        client.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return;
      }
      held ||= this.streams === "hold" && text.includes("text/event-stream");
      // The server answers to its own name only.
      server.write(text.replace(`:${this.port}\r\n`, `:${this.#target}\r\n`), "latin1");
    });
    server.on("data", (chunk) => {
      if (held) return;
      if (chunk.length < left) {
        left -= chunk.length;
        client.write(chunk);
        return;
      }
      this.cuts += 1;
      client.write(chunk.subarray(0, left), () => client.destroy());
      left = 0;
    });
  }
}
