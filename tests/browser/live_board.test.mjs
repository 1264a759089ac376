// A real browser on the real program on a real repository: what git does reaches the open page, no workspace is
// polled, and the page survives a killed server.
//   SNAPBOARD_BIN=build/snapboard node --test tests/browser/live_board.test.mjs
// Chromium: $SNAPBOARD_CHROMIUM or /usr/bin/chromium. Pictures of the page: build/screenshots.
import assert from "node:assert/strict";
import { appendFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { inBoard, openBoard, picture, serve, shows, START_MS } from "./board.mjs";

const WITHIN_MS = 1_000; // the goal, printed
const QUIET_MS = 5_000; // how long an idle page is listened to

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

test("an edit, a commit, a new worktree and a removed one reach the page, and an idle page asks nothing about them", async (t) => {
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

  const asked = () => traffic.requests.filter((url) => !url.endsWith("/api/projects")); // those are asked for now and then
  const before = { requests: asked().length, frames: traffic.frames };
  await page.waitForTimeout(QUIET_MS);
  assert.deepEqual(asked().slice(before.requests), [], "an idle page asks nothing");
  t.diagnostic(`in ${QUIET_MS / 1_000} idle seconds: nothing asked about workspaces, ${traffic.frames - before.frames} frames but heartbeats`);
  assert.equal(traffic.frames, before.frames, "an idle board sends and gets nothing but heartbeats");
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

/** What a network that lets no WebSocket through, and no event stream if that is asked for, is for the page. */
function blocked({ events }) {
  window.blocked = true;
  window.WebSocket = class extends WebSocket {
    constructor(url) {
      super(window.blocked ? String(url).replace("/sync", "/nowhere") : url);
    }
  };
  const { fetch } = window;
  window.fetch = (url, init) =>
    events && window.blocked && new Headers(init?.headers).get("accept") === "text/event-stream"
      ? Promise.reject(new TypeError("blocked"))
      : fetch(url, init);
}

for (const [what, events, says] of [["WebSockets are", false, "by event stream"], ["WebSockets and event streams are", true, "by polling"]]) {
  test(`where ${what} blocked the page goes on another way, says so, and returns`, async (t) => {
    const { page, worktrees } = await openBoard(t, { before: `(${blocked})(${JSON.stringify({ events })})` });
    const line = "document.querySelector('[data-connection]').textContent";
    await shows(page, `${line}.includes('Live') && ${line}.includes('${says}')`, START_MS);
    await picture(page, `detour-${events ? "polling" : "events"}.png`);
    await reaches(t, page, "an edit", () => appendFileSync(path.join(worktrees.alpha, "file.txt"), "four\nfive\n"), inBoard("alpha", "text.includes('+2')"));
    await page.evaluate("window.blocked = false");
    await shows(page, `${line}.includes('Live') && !${line}.includes(' by ')`, 3 * START_MS);
  });
}

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
