import { isObject, readEntry, type Workspace } from "./read_entry.ts";

interface Position {
  readonly epoch: string | null;
  readonly revision: number | null;
  /** Only on the last message of a revision. */
  readonly cursor: string | null;
  readonly reviewCount: number | null;
}

export type Message =
  | (Position & { readonly kind: "full"; readonly workspaces: readonly Workspace[]; readonly skipped: number })
  | (Position & { readonly kind: "changed"; readonly workspace: Workspace })
  | (Position & { readonly kind: "removed"; readonly workspaceId: string })
  | { readonly kind: "unreadable"; readonly why: string };

/** Reads one dialect 1 frame. Never throws. */
export function readMessage(data: unknown): Message {
  if (typeof data !== "string") return { kind: "unreadable", why: "a binary frame" };
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return { kind: "unreadable", why: "a frame that is not JSON" };
  }
  if (!isObject(json)) return { kind: "unreadable", why: "a frame that is not an object" };

  const position: Position = {
    epoch: textOr(json.epoch),
    revision: countOr(json.revision),
    cursor: textOr(json.cursor),
    reviewCount: countOr(json.reviewCount),
  };
  switch (json.type) {
    case "snapshot_full": {
      if (!Array.isArray(json.entries)) return { kind: "unreadable", why: "a baseline without entries" };
      const workspaces: Workspace[] = [];
      for (const input of json.entries) {
        const workspace = readEntry(input);
        if (workspace) workspaces.push(workspace);
      }
      return { kind: "full", ...position, workspaces, skipped: json.entries.length - workspaces.length };
    }
    case "snapshot_changed": {
      const workspace = readEntry(json.entry, textOr(json.workspaceId) ?? undefined);
      return workspace
        ? { kind: "changed", ...position, workspace }
        : { kind: "unreadable", why: "a change without an entry" };
    }
    case "snapshot_removed": {
      const workspaceId = textOr(json.workspaceId);
      return workspaceId === null
        ? { kind: "unreadable", why: "a removal without a workspaceId" }
        : { kind: "removed", ...position, workspaceId };
    }
    default:
      return { kind: "unreadable", why: `a message of type ${String(json.type).slice(0, 60)}` };
  }
}

function textOr(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function countOr(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
