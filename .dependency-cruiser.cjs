// The npm side of the fence: who may import whom in clients/ and web/.
const clientSources = "^clients/typescript/src/";

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "client-core-stands-alone",
      comment: "no framework, no package: only src/react.ts knows React, only src/query.ts TanStack Query",
      severity: "error",
      from: { path: clientSources, pathNot: `${clientSources}(react|query)\\.ts$` },
      to: { path: "(^|/)node_modules/" },
    },
    {
      name: "client-runs-anywhere",
      comment: "nothing that only Node has",
      severity: "error",
      from: { path: clientSources },
      to: { dependencyTypes: ["core"] },
    },
    {
      name: "generated-types-import-nothing",
      severity: "error",
      from: { path: `${clientSources}generated/` },
      to: { path: ".+" },
    },
    {
      name: "web-uses-the-client-by-its-entry-points",
      comment: "import from @snapboard/client, @snapboard/client/react or @snapboard/client/query only",
      severity: "error",
      from: { path: "^web/" },
      to: { path: "^clients/typescript/", pathNot: `${clientSources}(index|react|query)\\.ts$` },
    },
    {
      name: "web-names-the-client-package",
      comment: "no path that leaves web/",
      severity: "error",
      from: { path: "^web/" },
      to: { path: "^clients/", dependencyTypes: ["local"] },
    },
    { name: "client-knows-no-app", severity: "error", from: { path: "^clients/" }, to: { path: "^web/" } },
    { name: "resolvable", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "app-code-uses-declared-packages-only",
      severity: "error",
      from: { path: "^(web|clients/typescript)/src/" },
      to: { dependencyTypes: ["npm-no-pkg", "npm-unknown"] },
    },
    {
      name: "nothing-imports-tests-or-tools",
      severity: "error",
      from: { path: "^(web|clients/typescript)/src/" },
      to: { path: "^(web|clients/typescript)/(tests|dev)/" },
    },
  ],
  options: {
    doNotFollow: { path: "node_modules" },
    exclude: { path: "(^|/)dist/|^web/toolchain/" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["snapboard-source", "import", "module", "browser", "default", "types"],
      extensions: [".ts", ".tsx", ".js", ".mjs", ".css"],
    },
  },
};
