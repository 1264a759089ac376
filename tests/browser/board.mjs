// What the browser tests share: a browser, the program on a repository with worktrees, and a page that shows it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { binary, eventually, Sandbox, TOKEN } from "../e2e/support.mjs";

const DEADLINE_MS = 5_000; // when the test gives up: the machine may be busy with something else
export const START_MS = 30_000;
const pictures = fileURLToPath(new URL("../../build/screenshots/", import.meta.url));

let browser;
before(async () => {
  mkdirSync(pictures, { recursive: true });
  browser = await chromium.launch({
    executablePath: process.env.SNAPBOARD_CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
      "--disable-background-networking", "--disable-component-update", "--disable-sync",
    ],
  });
});
after(() => browser?.close());

/** A window of its own, without anything of another. */
export const openContext = (options) => browser.newContext(options);

/** Starts the program on a port, 0 for any; killed with the sandbox. */
export async function serve(sandbox, repo, port = 0) {
  const child = spawn(
    binary,
    [
      "serve", "--listen", `127.0.0.1:${port}`, "--data-dir", sandbox.path("data"),
      "--socket", sandbox.path("run", "snapboard.sock"), "--no-open", "--print-ready",
    ],
    { cwd: repo, env: sandbox.env, stdio: ["ignore", "pipe", "pipe"] },
  );
  let log = "";
  child.stderr.on("data", (chunk) => (log += chunk));
  const exited = once(child, "exit");
  const kill = async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await exited;
  };
  sandbox.servers.push({ kill });

  const timeout = AbortSignal.timeout(START_MS);
  const ended = exited.then(([code, signal]) => {
    throw new Error(`the server ended before it was ready (${code ?? signal}):\n${log}`);
  });
  const [line] = await Promise.race([once(createInterface({ input: child.stdout }), "line", { signal: timeout }), ended]);
  const { url } = JSON.parse(line);
  const address = new URL(url);
  if (!address.searchParams.has("token")) address.searchParams.set("token", TOKEN);
  return { url: address.href, port: Number(address.port), kill };
}

/**
 * A repository with three worktrees and a set-up script, the program on it, and a page that shows them. `before`: what
 * runs in the page before anything else.
 */
export async function openBoard(t, { colorScheme = "light", viewport = { width: 1280, height: 800 }, setup, env = {}, before } = {}) {
  const sandbox = new Sandbox(t);
  Object.assign(sandbox.env, env);
  const repo = sandbox.repository();
  if (setup) {
    writeFileSync(path.join(repo, "factory-factory.json"), JSON.stringify({ scripts: { setup } }));
    sandbox.git(repo, "add", "-A");
    sandbox.git(repo, "commit", "-q", "-m", "configuration");
  }
  const worktrees = Object.fromEntries(["alpha", "beta", "gamma"].map((name) => [name, sandbox.worktree(repo, name)]));
  const server = await serve(sandbox, repo);
  const context = await openContext({ colorScheme, viewport });
  t.after(() => context.close());
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  const traffic = { requests: [], frames: 0 }; // without the heartbeats of the server
  page.on("request", (request) => traffic.requests.push(request.url()));
  page.on("websocket", (socket) => {
    traffic.requests.push(socket.url());
    socket.on("framereceived", ({ payload }) => {
      if (JSON.parse(payload).type !== "mark") ++traffic.frames;
    });
    socket.on("framesent", () => ++traffic.frames);
  });
  if (before) await page.addInitScript(before);
  await page.goto(server.url);
  for (const name of ["main", ...Object.keys(worktrees)]) await shows(page, inBoard(name), START_MS);
  // Measured by git, all of them: from here on nothing happens by itself.
  const cards = "[...document.querySelectorAll('[data-column] article')]";
  await shows(page, `${cards}.length === 4 && !${cards}.some((card) => card.textContent.includes('not measured'))`, START_MS);
  return { sandbox, repo, worktrees, server, page, errors, traffic };
}

/** Source text of a condition in the page: there is a card of this branch, and `condition` holds for its `text`. */
export const inBoard = (branch, condition = "true") => `[...document.querySelectorAll('[data-column] article')].some((card) => {
  const text = card.textContent;
  return card.querySelector('[title="${branch}"]') !== null && (${condition});
})`;

/** Keeps what the page looks like, with its movements at their end. */
export const picture = (page, name) => page.screenshot({ path: path.join(pictures, name), animations: "disabled" });

/** Waits for a condition. Asked from outside: the page's own policy forbids it to evaluate texts. */
export const shows = (page, condition, timeoutMs = DEADLINE_MS) => eventually(condition, () => page.evaluate(condition), timeoutMs);
