// How long the first git facts of 20 worktrees of 2,000 files take, beside what git itself needs for the same commands.
// Part of ./dev bench; SNAPBOARD_BIN names the program.
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Sandbox } from "../tests/e2e/support.mjs";

const FILES = 2_000;
const FOLDERS = 40;
const WORKTREES = 20;

test(`first stats of ${WORKTREES} worktrees of ${FILES} files`, async (t) => {
  const sandbox = new Sandbox(t);
  const repo = sandbox.repository();
  for (let n = 0; n < FILES; n += 1) {
    const dir = path.join(repo, `d${n % FOLDERS}`);
    mkdirSync(dir, { recursive: true });
    writeFileSync(path.join(dir, `f${n}.txt`), `${n}\n`.repeat(20));
  }
  sandbox.git(repo, "add", ".");
  sandbox.git(repo, "commit", "-q", "-m", "many");
  const paths = [repo];
  for (let n = 1; n < WORKTREES; n += 1) paths.push(sandbox.worktree(repo, `big-${n}`));
  const alone = performance.now();
  for (const dir of paths) {
    sandbox.git(dir, "--no-optional-locks", "status", "--porcelain=v2", "-z");
    sandbox.git(dir, "diff-index", "--numstat", "-M", "--merge-base", "main");
  }
  t.diagnostic(`git itself, one command at a time: ${(performance.now() - alone).toFixed(0)} ms`);
  const server = await sandbox.serve(repo);
  await server.settled(0);
  t.diagnostic(`first stats of all: ${(performance.now() - server.startedAt).toFixed(0)} ms after the start`);
});
