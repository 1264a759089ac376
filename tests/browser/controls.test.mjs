// What a person can do on the page, done by a real browser: make a workspace, mend a failed set-up, rename, archive, remove, auto-fix.
//   SNAPBOARD_BIN=build/snapboard node --test tests/browser/controls.test.mjs
import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { eventually } from "../e2e/support.mjs";
import { inBoard, openBoard, picture, shows, START_MS } from "./board.mjs";

const SETUP = "test -f allowed || { echo the key is missing; exit 7; }";

/** Opens the details of a card. */
async function open(page, branch) {
  await page.locator("[data-column] article", { has: page.getByTitle(branch, { exact: true }) }).getByRole("button").first().click();
  return page.getByRole("dialog");
}

/** Makes a workspace by the form, and answers the dialog with its details. */
async function make(page, name) {
  await page.getByRole("button", { name: /New/ }).click();
  const form = page.getByRole("dialog");
  await form.getByLabel("Name").fill(name);
  return form;
}

test("a workspace is made, its failed set-up is read and retried, renamed, and removed", async (t) => {
  const { repo, page, errors } = await openBoard(t, { setup: SETUP });
  const form = await make(page, "Fix the login");
  await picture(page, "new-workspace-light.png");
  await form.getByRole("button", { name: "Create" }).click();

  const details = page.getByRole("dialog");
  await details.getByText("the key is missing").waitFor({ timeout: START_MS });
  assert.match(await details.innerText(), /exit code 7/);
  await page.emulateMedia({ colorScheme: "dark" });
  await picture(page, "failed-set-up-dark.png");
  await page.emulateMedia({ colorScheme: "light" });

  writeFileSync(path.join(`${repo}.worktrees`, "fix-the-login", "allowed"), "");
  await details.getByRole("button", { name: "Retry set-up" }).click();
  await details.getByRole("button", { name: "Retry set-up" }).waitFor({ state: "detached", timeout: START_MS });
  await shows(page, inBoard("fix-the-login"), START_MS);

  await details.getByRole("button", { name: "Rename" }).click();
  await details.getByRole("textbox", { name: "Name" }).fill("Log in again");
  await details.getByRole("button", { name: "Rename" }).click();
  await shows(page, inBoard("fix-the-login", "text.includes('Log in again')"));

  await details.getByRole("button", { name: "Remove" }).click();
  await details.getByRole("button", { name: "Remove", exact: true }).click();
  await details.getByText("1 untracked file (allowed)").waitFor();
  await picture(page, "remove-refused-light.png");
  assert.ok(existsSync(`${repo}.worktrees/fix-the-login/allowed`), "a refusal removes nothing");
  await details.getByRole("button", { name: "Remove all the same" }).click();
  await shows(page, `!(${inBoard("fix-the-login")})`, START_MS);
  await eventually("the folder is gone", () => !existsSync(`${repo}.worktrees/fix-the-login`));
  // A refused request is told on the page; the browser notes it too.
  assert.deepEqual(errors.filter((text) => !text.includes("409")), []);
});

test("a workspace is archived on a phone, and its files stay", async (t) => {
  const { worktrees, page } = await openBoard(t, { viewport: { width: 360, height: 740 } });
  await page.getByRole("button", { name: "Workspaces" }).click();
  await page.getByRole("navigation", { name: "Workspaces" }).getByRole("button", { name: /alpha/ }).click();
  const details = page.getByRole("dialog");
  await details.getByRole("button", { name: "Archive" }).click();
  await picture(page, "phone-archive.png");
  await details.getByRole("button", { name: "Archive" }).click();
  await shows(page, `!(${inBoard("alpha")})`, START_MS);
  assert.ok(existsSync(path.join(worktrees.alpha, "file.txt")));
});

test("auto-fix is switched on and off, and without a command the page says what is missing", async (t) => {
  const withCommand = await openBoard(t, { env: { SNAPBOARD_RATCHET_COMMAND: '["true"]' } });
  let details = await open(withCommand.page, "beta");
  const control = details.getByRole("switch", { name: "Auto-fix" });
  const turned = async (position) => {
    await control.click();
    await details.locator(`[role=switch][aria-checked=${position}]`).waitFor();
  };
  await turned("true");
  await picture(withCommand.page, "auto-fix-light.png");
  await turned("false");
  assert.deepEqual(withCommand.errors, []);

  const { page } = await openBoard(t, { colorScheme: "dark" });
  details = await open(page, "beta");
  await details.getByRole("switch", { name: "Auto-fix" }).click();
  await details.getByText(/set SNAPBOARD_RATCHET_COMMAND/).waitFor();
  assert.equal(await details.getByRole("switch", { name: "Auto-fix" }).getAttribute("aria-checked"), "false");
  await picture(page, "auto-fix-refused-dark.png");
});
