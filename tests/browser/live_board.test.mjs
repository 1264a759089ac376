// A real browser on the real program on a real repository: what git does reaches the open page, nothing is polled, and
// the page survives a killed server.
//   SNAPBOARD_BIN=build/snapboard node --test tests/browser/live_board.test.mjs
// Chromium: $SNAPBOARD_CHROMIUM or /usr/bin/chromium. Pictures of the page: build/screenshots.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, mkdirSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { binary, eventually, Sandbox, TOKEN } from "../e2e/support.mjs";

const WITHIN_MS = 1_000; // the goal, printed
const DEADLINE_MS = 5_000; // when the test gives up: the machine may be busy with something else
const START_MS = 30_000;
const QUIET_MS = 5_000; // how long an idle page is listened to
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

/** Starts the program on a port, 0 for any; killed with the sandbox. */
async function serve(sandbox, repo, port = 0) {
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

/** A repository with three worktrees, the program on it, and a page that shows them. */
async function openBoard(t, { colorScheme = "light", viewport = { width: 1280, height: 800 } } = {}) {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  const worktrees = Object.fromEntries(["alpha", "beta", "gamma"].map((name) => [name, sandbox.worktree(repo, name)]));
  const server = await serve(sandbox, repo);
  const context = await browser.newContext({ colorScheme, viewport });
  t.after(() => context.close());
  const page = await context.newPage();
  const errors = [];
  page.on("pageerror", (error) => errors.push(error.message));
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  const traffic = { requests: [], frames: 0 };
  page.on("request", (request) => traffic.requests.push(request.url()));
  page.on("websocket", (socket) => {
    traffic.requests.push(socket.url());
    socket.on("framereceived", () => ++traffic.frames);
    socket.on("framesent", () => ++traffic.frames);
  });
  await page.goto(server.url);
  for (const name of ["main", ...Object.keys(worktrees)]) await shows(page, inBoard(name));
  // Measured by git, all of them: from here on nothing happens by itself.
  const cards = "[...document.querySelectorAll('[data-column] article')]";
  await shows(page, `${cards}.length === 4 && !${cards}.some((card) => card.textContent.includes('not measured'))`, START_MS);
  return { sandbox, repo, worktrees, server, page, errors, traffic };
}

/** Source text of a condition in the page: there is a card of this branch, and `condition` holds for its `text`. */
const inBoard = (branch, condition = "true") => `[...document.querySelectorAll('[data-column] article')].some((card) => {
  const text = card.textContent;
  return card.querySelector('[title="${branch}"]') !== null && (${condition});
})`;

/** Keeps what the page looks like, with its movements at their end. */
const picture = (page, name) => page.screenshot({ path: path.join(pictures, name), animations: "disabled" });

/** Waits for a condition. Asked from outside: the page's own policy forbids it to evaluate texts. */
const shows = (page, condition, timeoutMs = DEADLINE_MS) => eventually(condition, () => page.evaluate(condition), timeoutMs);

/**
 * Does something and waits until the page shows it. The page itself notes when: an observer looks at every change of
 * the document, so that the time is that of the pixels and not of our question.
 */
async function reaches(t, page, what, change, condition) {
  await page.evaluate(`(() => {
    const holds = () => ${condition};
    window.shownAt = holds() ? -1 : 0;
    const observer = new MutationObserver(() => {
      if (window.shownAt !== 0 || !holds()) return;
      window.shownAt = Date.now();
      observer.disconnect();
    });
    observer.observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true });
  })()`);
  assert.equal(await page.evaluate("window.shownAt"), 0, `${what}: the page must not show it before it is done`);
  const madeAt = Date.now();
  change();
  await shows(page, "window.shownAt > 0");
  const tookMs = (await page.evaluate("window.shownAt")) - madeAt;
  t.diagnostic(`${what} reached the page after ${tookMs} ms${tookMs > WITHIN_MS ? " (over the goal)" : ""}`);
  return tookMs;
}

test("the worktrees of a repository appear, the main one marked, and the token leaves the address", async (t) => {
  const { page, errors } = await openBoard(t);
  assert.ok(await page.evaluate(inBoard("main", "text.includes('main worktree')")));
  assert.ok(!(await page.evaluate(inBoard("alpha", "text.includes('main worktree')"))));
  assert.equal(await page.locator("[data-connection]").getAttribute("data-connection"), "live");
  assert.ok(!page.url().includes("token"), "the token must not stay in the address");

  await picture(page, "board-light.png");
  await page.locator("[data-column] article", { has: page.getByTitle("alpha", { exact: true }) }).getByRole("button").click();
  const details = page.getByRole("dialog");
  assert.match(await details.innerText(), /wt-alpha/, "the details name the worktree's path");
  await picture(page, "details-light.png");
  await page.keyboard.press("Escape");
  await details.waitFor({ state: "detached" });

  await page.getByRole("tab", { name: "List" }).click();
  await shows(page, "document.querySelectorAll('[role=row][data-workspace]').length === 4");
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "list-dark.png");
  assert.deepEqual(errors, []);
});

test("an edit, a commit, a new worktree and a removed one reach the page, and an idle page asks nothing", async (t) => {
  const { sandbox, repo, worktrees, page, errors, traffic } = await openBoard(t, { colorScheme: "dark" });
  await reaches(
    t, page, "an edit",
    () => appendFileSync(path.join(worktrees.alpha, "file.txt"), "four\n"),
    inBoard("alpha", "text.includes('+1') && text.includes('uncommitted')"),
  );
  await reaches(
    t, page, "a commit",
    () => sandbox.git(worktrees.alpha, "commit", "-q", "-am", "four"),
    inBoard("alpha", "text.includes('+1') && !text.includes('uncommitted')"),
  );
  await reaches(t, page, "a new worktree", () => sandbox.worktree(repo, "delta"), inBoard("delta"));
  await reaches(
    t, page, "a removed worktree",
    () => sandbox.git(repo, "worktree", "remove", "--force", worktrees.gamma),
    `!(${inBoard("gamma")})`,
  );
  await shows(page, inBoard("delta", "!text.includes('not measured')"), START_MS);
  await picture(page, "board-dark.png");

  assert.equal(traffic.requests.filter((url) => url.includes("/api/projects")).length, 1, "the projects are asked for once");
  const before = { requests: traffic.requests.length, frames: traffic.frames };
  await page.waitForTimeout(QUIET_MS);
  assert.deepEqual(traffic.requests.slice(before.requests), [], "an idle page asks nothing");
  t.diagnostic(`in ${QUIET_MS / 1_000} idle seconds: 0 requests, ${traffic.frames - before.frames} frames`);
  assert.equal(traffic.frames, before.frames, "an idle board sends nothing");
  assert.deepEqual(errors, []);
});

test("a killed server is noticed, and after its return the page is live with what happened meanwhile", async (t) => {
  const { sandbox, repo, worktrees, server, page } = await openBoard(t, { viewport: { width: 1000, height: 700 } });
  const status = (text) => `document.querySelector('[data-connection]')?.dataset.connection === '${text}'`;
  await server.kill();
  await shows(page, status("reconnecting"));
  assert.ok(await page.evaluate(inBoard("gamma")), "the last known state stays");
  await picture(page, "reconnecting.png");

  sandbox.git(repo, "worktree", "remove", "--force", worktrees.gamma);
  sandbox.worktree(repo, "epsilon");
  appendFileSync(path.join(worktrees.beta, "file.txt"), "four\nfive\n");
  const restartedAt = Date.now();
  await serve(sandbox, repo, server.port);
  await shows(page, status("live"), START_MS);
  t.diagnostic(`live again ${Date.now() - restartedAt} ms after the restart`);
  await shows(page, inBoard("epsilon"));
  await shows(page, `!(${inBoard("gamma")})`);
  await shows(page, inBoard("beta", "text.includes('+2')"), START_MS);
});

test("at phone width everything is in reach", async (t) => {
  const { page } = await openBoard(t, { viewport: { width: 360, height: 740 } });
  const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
  assert.equal(overflow, 0, "the page must not scroll sideways");
  await picture(page, "phone-light.png");
  await page.getByRole("button", { name: "Workspaces" }).click();
  await page.getByRole("navigation", { name: "Workspaces" }).getByRole("button", { name: /alpha/ }).click();
  assert.match(await page.getByRole("dialog").innerText(), /wt-alpha/);
  await picture(page, "phone-details.png");
});
