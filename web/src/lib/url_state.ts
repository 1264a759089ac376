import { useSyncExternalStore } from "react";

/** What the address bar remembers, so that a reload or a shared link shows the same thing. */
export interface UrlState {
  readonly project: string | null;
  readonly view: "board" | "list";
  readonly workspace: string | null;
}

function read(): UrlState {
  const query = new URLSearchParams(location.search);
  return {
    project: query.get("project"),
    view: query.get("view") === "list" ? "list" : "board",
    workspace: query.get("workspace"),
  };
}

let state = read();
const listeners = new Set<() => void>();

function changed(): void {
  state = read();
  for (const listener of listeners) listener();
}

function addressOf(next: UrlState): string {
  const query = new URLSearchParams();
  if (next.project !== null) query.set("project", next.project);
  if (next.view !== "board") query.set("view", next.view);
  if (next.workspace !== null) query.set("workspace", next.workspace);
  const search = query.toString();
  return search === "" ? location.pathname : `?${search}`;
}

/** Changes the address in place. */
export function setUrlState(change: Partial<UrlState>): void {
  const next = { ...state, ...change };
  history.replaceState(next.workspace === null ? null : history.state, "", addressOf(next));
  changed();
}

/** Opens the details, one step deep in the history: Back closes them. Beside open ones, takes their place. */
export function openWorkspace(workspace: string): void {
  if (state.workspace !== null) return setUrlState({ workspace });
  history.pushState({ opened: true }, "", addressOf({ ...state, workspace }));
  changed();
}

/** Closes the details by the step that opened them, when that was made here. What else changed meanwhile stays. */
export function closeWorkspace(): void {
  const next = { ...state, workspace: null };
  if (!(history.state as { opened?: true } | null)?.opened) return setUrlState(next);
  window.addEventListener("popstate", () => setUrlState(next), { once: true });
  history.back();
}

/** The access token belongs into the cookie, not into history and screenshots. */
export function dropTokenFromAddress(): void {
  const query = new URLSearchParams(location.search);
  if (!query.has("token")) return;
  query.delete("token");
  const search = query.toString();
  history.replaceState(null, "", search === "" ? location.pathname : `?${search}`);
}

export function useUrlState(): UrlState {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      window.addEventListener("popstate", changed);
      return () => {
        listeners.delete(listener);
        window.removeEventListener("popstate", changed);
      };
    },
    () => state,
  );
}
