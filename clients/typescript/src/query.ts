import type { QueryClient, QueryKey } from "@tanstack/query-core";
import type { ProjectState, ProjectStore } from "./project_store.ts";
import type { Workspace } from "./read_entry.ts";

/** Where the state of a project belongs in the caches of a page that reads it by queries. */
export interface QueryTargets {
  /** Queries about the whole project. `data` makes what the query's own function would answer; undefined: leave it. */
  readonly project?: readonly {
    readonly queryKey: QueryKey;
    readonly data: (state: ProjectState, held: unknown) => unknown;
  }[];
  /** Queries about one workspace, such as its details. Removed with it. */
  readonly workspace?: readonly {
    readonly queryKey: (workspaceId: string) => QueryKey;
    readonly data: (workspace: Workspace, held: unknown) => unknown;
  }[];
}

/**
 * Writes the state of a project into the caches of TanStack Query under the consumer's own keys, for as long as it runs;
 * returns how to stop. Nothing is written before the first complete baseline. A query of a workspace is written only when
 * it is in the cache, and only after that workspace changed; it is removed when the workspace is gone, because undefined
 * as data would change nothing. A read under way when a newer state arrives is cancelled, so that it cannot overwrite it.
 */
export function writeQueries(store: ProjectStore, queries: QueryClient, targets: QueryTargets): () => void {
  let written: ProjectState | null = null;

  const write = () => {
    const state = store.getSnapshot();
    if (!state.hasBaseline) return;
    const before = written;
    written = state;
    const moved =
      !before || before.workspaces !== state.workspaces || before.reviewCount !== state.reviewCount;
    if (!moved) return;
    for (const { queryKey, data } of targets.project ?? []) put(queryKey, (held) => data(state, held));
    for (const { queryKey, data } of targets.workspace ?? []) {
      for (const workspace of state.workspaces) {
        if (before?.byId.get(workspace.workspaceId) === workspace) continue;
        const key = queryKey(workspace.workspaceId);
        if (queries.getQueryState(key)) put(key, (held) => data(workspace, held));
      }
      for (const workspaceId of before?.byId.keys() ?? []) {
        if (!state.byId.has(workspaceId)) queries.removeQueries({ queryKey: queryKey(workspaceId), exact: true });
      }
    }
  };

  function put(queryKey: QueryKey, data: (held: unknown) => unknown): void {
    const next = data(queries.getQueryData(queryKey));
    if (next === undefined) return;
    // Not `silent`: in earlier releases of 5 a query whose read was cancelled silently is shown as being read for ever.
    void queries.cancelQueries({ queryKey, exact: true });
    queries.setQueryData(queryKey, next);
  }

  const stop = store.subscribe(write);
  write();
  return stop;
}
