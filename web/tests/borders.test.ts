import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";

// The fence between web/ and clients/ is tested as it is used: on a small tree of the same shape, with one attack each.
const root = fileURLToPath(new URL("../../", import.meta.url));
let tree: string;

beforeEach(() => {
  tree = realpathSync(mkdtempSync(path.join(tmpdir(), "snapboard-borders-")));
  cpSync(path.join(root, ".dependency-cruiser.cjs"), path.join(tree, ".dependency-cruiser.cjs"));
  symlinkSync(path.join(root, "node_modules"), path.join(tree, "node_modules"));
  for (const name of ["package.json", "clients/typescript/package.json", "web/package.json"]) {
    mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
    cpSync(path.join(root, name), path.join(tree, name));
  }
  put("clients/typescript/src/generated/model.ts", "export const one = 1;");
  put("clients/typescript/src/inner.ts", 'export { one } from "./generated/model.ts";');
  put("clients/typescript/src/index.ts", 'export * from "./inner.ts";');
  put("web/src/page.ts", 'import { useState } from "react";\nexport default useState;');
});
afterEach(() => rmSync(tree, { recursive: true, force: true }));

function put(name: string, text: string): void {
  const file = path.join(tree, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** What `npm run lint:deps` says about the tree. */
function verdict(): string {
  const depcruise = path.join(root, "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs");
  try {
    return execFileSync(process.execPath, [depcruise, "--config", ".dependency-cruiser.cjs", "clients/typescript", "web"], {
      cwd: tree,
      encoding: "utf8",
    });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}

test("the tree as it should be passes", () => {
  expect(verdict()).toContain("no dependency violations found (5 modules");
});

const attacks: readonly (readonly [what: string, rule: string, file: string, text: string])[] = [
  ["the core imports React", "client-core-stands-alone", "clients/typescript/src/inner.ts", 'import "react";'],
  ["the core imports a package", "client-core-stands-alone", "clients/typescript/src/inner.ts", 'import "ws";'],
  ["the client imports Node", "client-runs-anywhere", "clients/typescript/src/inner.ts", 'import "node:fs";'],
  ["the client imports the page", "client-knows-no-app", "clients/typescript/src/inner.ts", 'import "../../../web/src/page.ts";'],
  ["the page reaches into the client by path", "web-uses-the-client-by-its-entry-points", "web/src/page.ts", 'import "../../clients/typescript/src/inner.ts";'],
  ["the page names the entry point by path", "web-names-the-client-package", "web/src/page.ts", 'import "../../clients/typescript/src/index.ts";'],
  ["the page reaches into the client by name", "resolvable", "web/src/page.ts", 'import "@snapboard/client/src/phases.ts";'],
  ["the page imports its own tests", "nothing-imports-tests-or-tools", "web/src/page.ts", 'import "../tests/x.ts";'],
  ["generated types import something", "generated-types-import-nothing", "clients/typescript/src/generated/model.ts", 'import "../index.ts";'],
  ["a cycle", "no-cycles", "clients/typescript/src/generated/model.ts", 'import "../inner.ts";'],
];

test.each(attacks)("%s: refused by %s", (_, rule, file, text) => {
  put("web/tests/x.ts", "export {};");
  put(file, `${text}\nexport const one = 1;`);
  expect(verdict()).toContain(rule);
});
