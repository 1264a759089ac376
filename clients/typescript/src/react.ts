import { useCallback, useEffect, useRef, useSyncExternalStore } from "react";
import type { Attention } from "./attention.ts";
import type { SnapboardClient } from "./client.ts";
import type { ProjectState } from "./project_store.ts";
import type { Workspace } from "./read_entry.ts";

/** The live state of a project; connected for as long as somebody uses it. */
export function useProject(client: SnapboardClient, projectId: string): ProjectState {
  return useProjectValue(client, projectId, everything);
}

/** A part of the state. Renders again only when the part changes identity, so `select` must not build new objects. */
export function useProjectValue<T>(
  client: SnapboardClient,
  projectId: string,
  select: (state: ProjectState) => T,
): T {
  const store = client.project(projectId);
  const get = () => select(store.getSnapshot());
  return useSyncExternalStore(store.subscribe, get, get);
}

/** One workspace, or undefined once it is gone. */
export function useWorkspace(
  client: SnapboardClient,
  projectId: string,
  workspaceId: string | null,
): Workspace | undefined {
  const select = useCallback(
    (state: ProjectState) => (workspaceId === null ? undefined : state.byId.get(workspaceId)),
    [workspaceId],
  );
  return useProjectValue(client, projectId, select);
}

/** Calls `onAttention` once for each request that arrives while the component is there. */
export function useAttention(
  client: SnapboardClient,
  projectId: string,
  onAttention: (attention: Attention) => void,
): void {
  const latest = useRef(onAttention);
  useEffect(() => {
    latest.current = onAttention;
  });
  useEffect(
    () => client.project(projectId).onAttention((attention) => latest.current(attention)),
    [client, projectId],
  );
}

const everything = (state: ProjectState): ProjectState => state;
