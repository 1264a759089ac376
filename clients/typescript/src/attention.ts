import type { PendingRequestType } from "./generated/model.ts";
import type { Workspace } from "./read_entry.ts";

/** An agent began to wait for a person. Said once per request, however often it is sent. */
export interface Attention {
  readonly projectId: string;
  readonly workspaceId: string;
  readonly type: PendingRequestType;
  /** Null when the producer names only the kind of request. */
  readonly sessionId: string | null;
  readonly requestId: string | null;
}

/**
 * Notices new pending requests by their identity, so that a second request behind the first is noticed too and a
 * repeated one is not. What the first baseline shows was there before us and is no news; what a later baseline shows
 * arrived while we were away, and is.
 */
export class AttentionTracker {
  #projectId: string;
  #seen: ReadonlyMap<string, ReadonlySet<string>> | null = null;

  constructor(projectId: string) {
    this.#projectId = projectId;
  }

  /** Compares with what was seen before. Call with every new state that has a baseline. */
  look(workspaces: readonly Workspace[]): readonly Attention[] {
    const news: Attention[] = [];
    const seen = new Map<string, ReadonlySet<string>>();
    for (const workspace of workspaces) {
      const waiting = this.#waiting(workspace);
      if (waiting.size === 0) continue;
      const before = this.#seen?.get(workspace.workspaceId);
      for (const [identity, attention] of waiting) {
        if (this.#seen !== null && !before?.has(identity)) news.push(attention);
      }
      seen.set(workspace.workspaceId, new Set(waiting.keys()));
    }
    this.#seen = seen;
    return news;
  }

  #waiting(workspace: Workspace): ReadonlyMap<string, Attention> {
    const waiting = new Map<string, Attention>();
    const { workspaceId } = workspace;
    for (const { sessionId, requestId, type } of workspace.pendingRequests) {
      waiting.set(`${sessionId}\n${requestId}`, { projectId: this.#projectId, workspaceId, type, sessionId, requestId });
    }
    const type = workspace.pendingRequestType;
    if (waiting.size === 0 && type !== null) {
      waiting.set(type, { projectId: this.#projectId, workspaceId, type, sessionId: null, requestId: null });
    }
    return waiting;
  }
}
