import type { Workspace } from "./read_entry.ts";
import type { Message } from "./read_message.ts";
import { sameJson } from "./same_json.ts";

/** What a project looked like at one moment. Immutable; unchanged workspaces keep their identity. */
export interface ProjectData {
  readonly projectId: string;
  /** False until the first complete baseline: an empty list says nothing before. */
  readonly hasBaseline: boolean;
  /** Newest `createdAt` first, id as tiebreak. */
  readonly workspaces: readonly Workspace[];
  readonly byId: ReadonlyMap<string, Workspace>;
  readonly reviewCount: number | null;
  readonly epoch: string | null;
  readonly revision: number | null;
  /** Describes exactly this state or an older one, so that resuming from it loses nothing. */
  readonly cursor: string | null;
  /** When the server last told us anything, in milliseconds since 1970. */
  readonly updatedAt: number | null;
  /** Frames and entries that could not be read at all. */
  readonly unreadable: { readonly count: number; readonly latest: string } | null;
}

export function emptyProject(projectId: string): ProjectData {
  return {
    projectId,
    hasBaseline: false,
    workspaces: [],
    byId: new Map(),
    reviewCount: null,
    epoch: null,
    revision: null,
    cursor: null,
    updatedAt: null,
    unreadable: null,
  };
}

/**
 * The state after a message, or "resync" when the message cannot follow this state: a change without a baseline, or
 * one of another life of the server.
 */
export function applyMessage(state: ProjectData, message: Message, now: number): ProjectData | "resync" {
  if (message.kind === "unreadable") return { ...state, unreadable: count(state, 1, message.why) };

  const next = {
    ...state,
    updatedAt: now,
    reviewCount: message.reviewCount ?? state.reviewCount,
    epoch: message.epoch ?? state.epoch,
    revision: message.revision ?? state.revision,
    cursor: message.cursor ?? state.cursor,
  };
  if (message.kind === "full") {
    const byId = new Map<string, Workspace>();
    for (const workspace of message.workspaces) {
      const held = state.byId.get(workspace.workspaceId);
      byId.set(workspace.workspaceId, held && sameJson(held, workspace) ? held : workspace);
    }
    return {
      ...next,
      hasBaseline: true,
      byId,
      workspaces: [...byId.values()].sort(newestFirst),
      cursor: message.cursor,
      epoch: message.epoch,
      revision: message.revision,
      unreadable: message.skipped > 0 ? count(state, message.skipped, "an entry without an identity") : state.unreadable,
    };
  }

  if (!state.hasBaseline) return "resync";
  if (message.epoch !== null && state.epoch !== null && message.epoch !== state.epoch) return "resync";
  if (message.kind === "removed") {
    if (!state.byId.has(message.workspaceId)) return next;
    const byId = new Map(state.byId);
    byId.delete(message.workspaceId);
    return { ...next, byId, workspaces: state.workspaces.filter((held) => held.workspaceId !== message.workspaceId) };
  }

  const { workspace } = message;
  const held = state.byId.get(workspace.workspaceId);
  // A resumed stream repeats what we may already hold: never go back, never re-render for nothing.
  if (held && (workspace.version < held.version || sameJson(held, workspace))) return next;
  const byId = new Map(state.byId).set(workspace.workspaceId, workspace);
  const inPlace = held !== undefined && held.createdAt === workspace.createdAt;
  const workspaces = inPlace
    ? state.workspaces.map((other) => (other === held ? workspace : other))
    : [...byId.values()].sort(newestFirst);
  return { ...next, byId, workspaces };
}

function count(state: ProjectData, more: number, latest: string) {
  return { count: (state.unreadable?.count ?? 0) + more, latest };
}

/** Newest `createdAt` first, unknown ones last, then by id. */
export function newestFirst(a: Workspace, b: Workspace): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1;
  if (a.workspaceId === b.workspaceId) return 0;
  return a.workspaceId < b.workspaceId ? -1 : 1;
}
