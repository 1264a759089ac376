// A server in GitHub's shape on the loopback, and a repository whose branches it knows.
import { createHash } from "node:crypto";
import http from "node:http";
import { Sandbox } from "./support.mjs";

/** Answers the program's GraphQL questions from `pulls`: branch -> pull request in GitHub's words. */
export async function fakeGithub(t) {
  const github = { pulls: new Map(), requests: 0, mode: "ok", reviews: 0, branches: 0 };
  const server = http.createServer(async (request, response) => {
    github.requests += 1;
    let body = "";
    for await (const chunk of request) body += chunk;
    if (github.mode === "hang") return;
    const headers = {
      "content-type": "application/json",
      "x-ratelimit-limit": "5000",
      "x-ratelimit-remaining": github.mode === "spent" ? "0" : "4900",
      "x-ratelimit-reset": String(Math.floor(Date.now() / 1000) + 1800),
    };
    if (github.mode === "spent") return response.writeHead(403, headers).end('{"message":"API rate limit exceeded"}');
    if (github.mode === "broken") return response.writeHead(502, headers).end("<html>");
    if (request.headers.authorization !== "bearer e2e") return response.writeHead(401, headers).end("{}");
    if (request.method === "GET") return list(request, response, headers);
    const { variables } = JSON.parse(body);
    const data = { rateLimit: { limit: 5000, remaining: 4900, resetAt: "2026-11-23T09:00:00Z" } };
    for (let i = 0; variables[`o${i}`]; i += 1) {
      github.branches += 1;
      const pull = github.pulls.get(variables[`b${i}`]);
      data[`r${i}`] = { parent: null, byBranch: { nodes: pull ? [pull] : [] } };
    }
    if (variables.reviews) data.reviews = { issueCount: github.reviews };
    response.writeHead(200, headers).end(JSON.stringify({ data }));
  });
  // GET /repos/acme/app/pulls?…: its ETag moves with what a list shows, which checks are not.
  function list(request, response, headers) {
    if (!request.url.startsWith("/repos/acme/app/pulls?")) return response.writeHead(404, headers).end("{}");
    const shown = [...github.pulls.values()].map(({ number, state, headRefOid }) => ({ number, state, head: { sha: headRefOid } }));
    const body = JSON.stringify(shown);
    headers.etag = `W/"${createHash("sha256").update(body).digest("hex")}"`;
    if (request.headers["if-none-match"] === headers.etag) return response.writeHead(304, headers).end();
    response.writeHead(200, headers).end(body);
  }
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  github.url = `http://127.0.0.1:${server.address().port}`;
  return github;
}

/** A roll-up of one check for each conclusion; null: it runs. */
export const checks = (...conclusions) => ({
  state: "PENDING",
  contexts: {
    pageInfo: { hasNextPage: false },
    nodes: conclusions.map((conclusion, i) => ({
      __typename: "CheckRun",
      name: `check ${i}`,
      status: conclusion ? "COMPLETED" : "IN_PROGRESS",
      conclusion,
      startedAt: "2026-11-23T08:20:00Z",
      completedAt: null,
      detailsUrl: "https://github.com/acme/app/actions/runs/77/job/1",
      checkSuite: { workflowRun: { workflow: { name: "CI" } } },
    })),
  },
});

/** A pull request of acme/app, in GitHub's words. */
export const pullRequest = (number, headRefName, headRefOid, more = {}) => ({
  number,
  url: `https://github.com/acme/app/pull/${number}`,
  state: "OPEN",
  isDraft: false,
  reviewDecision: null,
  mergeable: "MERGEABLE",
  mergeStateStatus: "CLEAN",
  headRefName,
  headRefOid,
  headRepositoryOwner: { login: "acme" },
  statusCheckRollup: checks("SUCCESS"),
  ...more,
});

/** A sandbox with such a server and `count` pushed branches, each in a worktree. */
export async function start(t, count) {
  const github = await fakeGithub(t);
  const sandbox = new Sandbox(t);
  sandbox.env.GH_TOKEN = "e2e";
  sandbox.env.SNAPBOARD_GITHUB_API_URL = github.url;
  const repo = sandbox.repository();
  sandbox.git(repo, "remote", "add", "origin", "git@github.com:acme/app.git");
  const branches = Array.from({ length: count }, (_unused, i) => `branch-${i}`);
  for (const branch of branches) {
    sandbox.worktree(repo, branch);
    sandbox.git(repo, "update-ref", `refs/remotes/origin/${branch}`, branch);
  }
  return { github, sandbox, repo, branches, oid: sandbox.git(repo, "rev-parse", "HEAD") };
}

/** Every entry, by its branch. */
export async function cards(server) {
  const { entries } = await server.snapshot();
  return new Map(entries.map((entry) => [entry.branchName, entry]));
}
