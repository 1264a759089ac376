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

test("every fact on a card and in a row can be pointed at, and a click on one opens it", async (t) => {
  const page = await open(t, "/?project=atlas");
  const hidden = `[...document.querySelectorAll("main [data-workspace] [title]")].flatMap((element) => {
    const { x, y, width, height } = element.getBoundingClientRect();
    if (width < 2 || y < 60 || y + height > innerHeight) return [];
    const hit = document.elementFromPoint(x + width / 2, y + height / 2)?.closest("[title]");
    return hit && element.contains(hit) ? [] : [element.title];
  })`;
  assert.deepEqual(await page.evaluate(hidden), []);
  await page.locator("main [data-workspace]").first().locator("[title*='changed file']").click();
  await page.getByRole("dialog").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("tab", { name: "List" }).click();
  await page.getByRole("row").nth(1).waitFor();
  assert.deepEqual(await page.evaluate(hidden), []);
});

test("the form of a new workspace is named on a phone, and its buttons are in reach on a small screen", async (t) => {
  const page = await open(t, "/?project=atlas", { viewport: { width: 320, height: 256 } });
  await page.getByRole("button", { name: "New workspace", exact: true }).click();
  const create = page.getByRole("dialog").getByRole("button", { name: "Create" });
  await create.scrollIntoViewIfNeeded();
  const box = await create.boundingBox();
  assert.ok(box.y >= 0 && box.y + box.height <= 256, `the button is at ${box.y}`);
});

test("in the reader's own colours the view, the open card and the tones are still told", async (t) => {
  const page = await open(t, "/?project=atlas", { forcedColors: "active" });
  await page.locator("main [data-nav]").first().click();
  await page.getByRole("dialog").waitFor();
  const outline = (selector) => `getComputedStyle(document.querySelector(${JSON.stringify(selector)})).outlineStyle`;
  assert.equal(await page.evaluate(outline("[role=tab][data-state=active]")), "solid");
  assert.equal(await page.evaluate(outline("main .marked")), "solid");
  const tones = await page.evaluate("[...document.querySelectorAll('main .dot')].map((dot) => getComputedStyle(dot).backgroundColor)");
  assert.ok(new Set(tones).size > 2, `the dots have ${new Set(tones).size} colours`);
});
