// Pull requests from outside: the real program, git, and a server in GitHub's shape.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { test } from "node:test";
import { cards, checks, pullRequest, start } from "./github_server.mjs";
import { eventually } from "./support.mjs";

test("sixty pull requests take three requests and every state is on its card", async (t) => {
  const { github, sandbox, repo, branches, oid } = await start(t, 60);
  const shapes = [
    [{}, "OPEN", "READY_TO_MERGE"],
    [{ isDraft: true, reviewDecision: "CHANGES_REQUESTED" }, "DRAFT", "READY_TO_MERGE"],
    [{ reviewDecision: "CHANGES_REQUESTED" }, "CHANGES_REQUESTED", "READY_TO_MERGE"],
    [{ reviewDecision: "APPROVED" }, "APPROVED", "READY_TO_MERGE"],
    [{ statusCheckRollup: checks("SUCCESS", null) }, "OPEN", "WAITING_FOR_CI"],
    [{ statusCheckRollup: checks("FAILURE") }, "OPEN", "READY_FOR_REVIEW"],
    [{ mergeable: "CONFLICTING", mergeStateStatus: "DIRTY" }, "OPEN", "MERGE_CONFLICT"],
    [{ state: "MERGED" }, "MERGED", "MERGED"],
    [{ state: "CLOSED" }, "CLOSED", "PR_CLOSED"],
  ];
  branches.forEach((branch, i) => {
    github.pulls.set(branch, pullRequest(100 + i, branch, oid, shapes[i % shapes.length][0]));
  });
  const server = await sandbox.serve(repo);
  await eventually("all pull requests are known", async () => {
    const found = await cards(server);
    return branches.every((branch) => found.get(branch)?.prNumber) && found;
  }, 60_000);
  const found = await cards(server);
  branches.forEach((branch, i) => {
    const [, state, reason] = shapes[i % shapes.length];
    assert.equal(found.get(branch).prNumber, 100 + i);
    assert.equal(found.get(branch).prState, state, branch);
    assert.equal(found.get(branch).statusReason.code, reason, branch);
  });
  assert.ok(github.branches <= 2 * 61, `${github.branches} branches asked`);
  assert.ok(github.requests <= 2 * 3, `${github.requests} requests for at most two rounds`);
});

test("a pull request is followed when asked for, and no failure of GitHub becomes a statement", async (t) => {
  const { github, sandbox, repo, oid } = await start(t, 1);
  github.pulls.set("branch-0", pullRequest(7, "branch-0", oid));
  const server = await sandbox.serve(repo);
  const card = async () => (await cards(server)).get("branch-0");
  await eventually("the pull request is known", async () => (await card())?.prState === "OPEN");
  const { workspaceId } = await card();
  const refresh = () => server.request(`/api/workspaces/${workspaceId}/pr/refresh`, { method: "POST" });
  const source = async () => (await server.get("/readyz")).json.sources.find(({ name }) => name === "github");

  github.pulls.set("branch-0", pullRequest(7, "branch-0", oid, { state: "MERGED" }));
  const asked = await refresh();
  assert.equal(asked.status, 200, asked.text);
  assert.equal((await card()).prState, "MERGED");
  github.pulls.set("branch-0", pullRequest(8, "branch-0", oid, { statusCheckRollup: checks(null) }));
  assert.equal((await refresh()).status, 200);
  assert.deepEqual([(await card()).prNumber, (await card()).statusReason.code], [8, "WAITING_FOR_CI"]);

  github.pulls.clear();
  for (const [mode, state] of [["broken", "unreachable"], ["spent", "rate_limited"]]) {
    github.mode = mode;
    const failed = await refresh();
    assert.ok(failed.status >= 400, `${mode}: ${failed.status}`);
    assert.equal((await source()).state, state);
    assert.equal((await card()).prNumber, 8);
    assert.equal((await card()).prState, "OPEN");
  }
  assert.equal((await server.request("/api/workspaces/none/pr/refresh", { method: "POST" })).status, 404);
});

test("a signed webhook is followed within seconds and an unsigned one is refused", async (t) => {
  const { github, sandbox, repo, oid } = await start(t, 1);
  sandbox.env.SNAPBOARD_GITHUB_WEBHOOK_SECRET = "shared";
  github.pulls.set("branch-0", pullRequest(7, "branch-0", oid));
  const server = await sandbox.serve(repo);
  const card = async () => (await cards(server)).get("branch-0");
  await eventually("the pull request is known", async () => (await card())?.prState === "OPEN");
  const body = JSON.stringify({
    action: "submitted",
    review: { state: "approved" },
    pull_request: { number: 7, head: { ref: "branch-0", sha: oid } },
    repository: { full_name: "acme/app" },
  });
  const deliver = (signature) =>
    server.request("/webhooks/github", {
      method: "POST",
      body,
      headers: {
        authorization: undefined,
        "content-type": "application/json",
        "x-github-event": "pull_request_review",
        "x-github-delivery": "one",
        "x-hub-signature-256": signature,
      },
    });
  github.pulls.set("branch-0", pullRequest(7, "branch-0", oid, { reviewDecision: "APPROVED" }));
  assert.equal((await deliver(`sha256=${"0".repeat(64)}`)).status, 403);
  const signature = `sha256=${createHmac("sha256", "shared").update(body).digest("hex")}`;
  assert.equal((await deliver(signature)).status, 204);
  await eventually("the review is on the card", async () => (await card()).prState === "APPROVED");
});

test("a server that hangs holds nothing else up", async (t) => {
  const { github, sandbox, repo } = await start(t, 1);
  github.mode = "hang";
  const server = await sandbox.serve(repo);
  await eventually("git is read", async () => (await cards(server)).get("branch-0")?.gitStats);
  await eventually("GitHub was asked", async () => github.requests > 0);
  const card = (await cards(server)).get("branch-0");
  assert.equal(card.prNumber, null);
  assert.ok(card.unknownFields.includes("prState"), "unknown, not none");
});
