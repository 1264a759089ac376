// What only a browser shows of the built page, on the stand-in server with more workspaces than fit a screen.
//   SNAPBOARD_BIN=build/snapboard node --test tests/browser/page.test.mjs
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startFakeServer } from "../../web/dev/fake_server.mjs";
import { openContext, shows } from "./board.mjs";

let server;
before(async () => {
  server = await startFakeServer({ quiet: true });
});
after(() => server?.stop());

async function open(t, address, options = {}) {
  const context = await openContext({ viewport: { width: 1440, height: 900 }, ...options });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(server.url + address);
  await shows(page, "document.querySelector('[data-workspace]') !== null");
  return page;
}
const focused = "document.activeElement?.dataset.nav";

test("a row of the list keeps the focus out of sight, and an arrow key brings its neighbour into sight", async (t) => {
  const page = await open(t, "/?project=monorepo&view=list");
  const [, second, third] = await page.locator("[role=row] [data-nav]").evaluateAll((rows) => rows.map((row) => row.dataset.nav));
  await page.locator(`[role=row] [data-nav="${second}"]`).focus();
  await page.locator("[role=row]").nth(2).hover();
  await page.mouse.wheel(0, 9_000);
  await shows(page, `document.activeElement.getBoundingClientRect().bottom < 0 && ${focused} === "${second}"`);
  await page.keyboard.press("ArrowDown");
  await shows(page, `document.activeElement.getBoundingClientRect().top > 0 && ${focused} === "${third}"`);
});

test("Back closes the details, Forward opens them, and the focus returns to their card", async (t) => {
  const page = await open(t, "/?project=atlas", { viewport: { width: 360, height: 740 } });
  const card = page.locator("[data-column] [data-nav]").first();
  const id = await card.getAttribute("data-nav");
  await card.focus();
  await page.keyboard.press("Enter");
  await page.getByRole("dialog").waitFor();
  await page.goBack();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await shows(page, `${focused} === "${id}"`);
  await page.goForward();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("dialog").waitFor({ state: "detached" });
  assert.equal(new URL(page.url()).search, "?project=atlas");
});
