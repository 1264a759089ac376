// Takes pictures of the built page in every size and colour scheme, for a person to look at.
//   node dev/look.mjs [--out build/look] [--only NAME]
// Chromium: $SNAPBOARD_CHROMIUM or /usr/bin/chromium.

import { mkdir } from "node:fs/promises";
import { parseArgs } from "node:util";
import { chromium } from "playwright-core";
import { startFakeServer } from "./fake_server.mjs";

const { values } = parseArgs({ options: { out: { type: "string", default: "../build/look" }, only: { type: "string" } } });
await mkdir(values.out, { recursive: true });

const sizes = { phone: [360, 740], laptop: [1280, 800], wide: [2560, 1300] };
const server = await startFakeServer({ quiet: true });
const refusing = await startFakeServer({ quiet: true, answer: 401 });
const starting = await startFakeServer({ quiet: true, answer: 503 });
const chosen = server.projects[0].entries[2].workspaceId;
const conflicted = server.projects[0].entries[7].workspaceId;
const odd = server.projects[0].entries.at(-1).workspaceId;

const pages = [
  ["board", server.url],
  ["list", `${server.url}/?view=list`],
  ["fresh", `${server.url}/?project=snapboard`],
  ["fresh-list", `${server.url}/?project=snapboard&view=list`],
  ["details", `${server.url}/?workspace=${chosen}`],
  ["conflict", `${server.url}/?workspace=${conflicted}`, ["laptop"]],
  ["odd", `${server.url}/?workspace=${odd}`, ["laptop"]],
  ["many", `${server.url}/?project=monorepo&view=list`, ["laptop"]],
  ["bare", `${server.url}/?project=mirror.git`, ["phone", "laptop"]],
  ["empty", `${server.url}/?project=orchard`, ["phone", "laptop"]],
  ["unauthorized", refusing.url, ["laptop"]],
  ["starting", starting.url, ["laptop"]],
];

const browser = await chromium.launch({
  executablePath: process.env.SNAPBOARD_CHROMIUM ?? "/usr/bin/chromium",
  args: ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync"],
});
for (const colorScheme of ["light", "dark"]) {
  for (const [size, [width, height]] of Object.entries(sizes)) {
    const context = await browser.newContext({ viewport: { width, height }, colorScheme, deviceScaleFactor: size === "phone" ? 2 : 1 });
    for (const [name, url, only] of pages) {
      if (only && !only.includes(size)) continue;
      if (values.only && !name.includes(values.only)) continue;
      const page = await context.newPage();
      page.on("console", (message) => message.type() === "error" && console.error(name, message.text()));
      page.on("pageerror", (error) => console.error(name, error.message));
      await page.goto(url);
      await page.waitForTimeout(600);
      await page.screenshot({ path: `${values.out}/${name}-${size}-${colorScheme}.png` });
      if (name === "board" && size === "phone") {
        await page.getByRole("button", { name: "Workspaces" }).click();
        await page.waitForTimeout(300);
        await page.screenshot({ path: `${values.out}/drawer-${size}-${colorScheme}.png` });
      }
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
await Promise.all([server.stop(), refusing.stop(), starting.stop()]);
