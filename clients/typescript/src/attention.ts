import { pendingRequestTypeValues, type PendingRequestType } from "./generated/model.ts";
import type { ProjectData } from "./project_state.ts";
import type { Workspace } from "./read_entry.ts";

/** An agent began to wait for a person. Said once per request, however often it is sent. */
export interface Attention {
  readonly projectId: string;
  readonly workspaceId: string;
  readonly type: PendingRequestType;
  /** Null when only the kind of request is known. */
  readonly sessionId: string | null;
  readonly requestId: string | null;
}

/** What of a project's state the tracker looks at. */
export type Sight = Pick<ProjectData, "epoch" | "revision" | "workspaces" | "byId">;

/** What is known to wait in one workspace: by identity, and what was seen of it only by kind. */
interface Known {
  readonly requests: ReadonlyMap<string, PendingRequestType>;
  readonly kinds: ReadonlySet<PendingRequestType>;
}

const hiddenMax = 10_000; // workspaces that wait out of sight and are remembered, so that the memory of a long life ends

/**
 * Notices new pending requests by their identity, so that a second request behind the first is noticed too and a
 * repeated one is not. What the first baseline shows was there before us and is no news; what a later baseline shows
 * arrived while we were away, and is. Another view shows what was hidden: only what can be told to be new is news there.
 * A workspace that leaves the view, or shows the kind only, takes nothing back of what is known of it.
 */
export class AttentionTracker {
  readonly #projectId: string;
  readonly #hiddenMax: number;
  readonly #known = new Map<string, Known>(); // what was in sight longest ago comes first
  #before: Sight | null = null;
  #viewChanged = false;

  constructor(projectId: string, hidden = hiddenMax) {
    this.#projectId = projectId;
    this.#hiddenMax = hidden;
  }

  /** The next baseline is one of another view. */
  changeView(): void {
    this.#viewChanged = true;
  }

  /** Compares with what was seen before. Call with every new state that has a baseline. */
  look(sight: Sight): readonly Attention[] {
    const before = this.#before;
    this.#before = sight;
    if (before?.workspaces === sight.workspaces) return [];
    const proof = this.#viewChanged ? appearedSince : always;
    this.#viewChanged = false;

    const news: Attention[] = [];
    let waiting = 0;
    for (const workspace of sight.workspaces) {
      const { workspaceId } = workspace;
      const known = this.#known.get(workspaceId) ?? nothing;
      const after = knownAfter(known, workspace);
      this.#known.delete(workspaceId);
      if (after === nothing) continue;
      this.#known.set(workspaceId, after);
      waiting += 1;
      if (before && proof(workspace, sight, before)) news.push(...this.#unknown(known, workspace));
    }
    this.#forget(waiting + this.#hiddenMax);
    return news;
  }

  #unknown({ requests, kinds }: Known, workspace: Workspace): readonly Attention[] {
    const { workspaceId, pendingRequests, pendingRequestType } = workspace;
    const at = { projectId: this.#projectId, workspaceId };
    if (pendingRequests.length > 0) {
      return pendingRequests
        .filter((request) => !requests.has(identityOf(request)) && !kinds.has(request.type))
        .map(({ type, sessionId, requestId }) => ({ ...at, type, sessionId, requestId }));
    }
    const type = pendingRequestType;
    if (type === null || kinds.has(type) || [...requests.values()].includes(type)) return [];
    return [{ ...at, type, sessionId: null, requestId: null }];
  }

  #forget(max: number): void {
    for (const workspaceId of this.#known.keys()) {
      if (this.#known.size <= max) return;
      this.#known.delete(workspaceId);
    }
  }
}

const nothing: Known = { requests: new Map(), kinds: new Set() };

/** What is known once the workspace was seen so; what it shows to be settled is known no longer. */
function knownAfter(known: Known, workspace: Workspace): Known {
  const { requests, kinds } = known;
  const { pendingRequests, pendingRequestType: type, unknownFields } = workspace;
  if (pendingRequests.length > 0) {
    return { requests: new Map(pendingRequests.map((request) => [identityOf(request), request.type])), kinds: new Set() };
  }
  if (type === null) return unknownFields.includes("pendingRequestType") ? known : nothing;
  // The strongest kind is the one that is shown: what is stronger is settled, what is weaker may wait behind it.
  const mayWait = (kind: PendingRequestType) => strength(kind) <= strength(type);
  const named = unknownFields.includes("pendingRequests") ? [...requests].filter(([, kind]) => mayWait(kind)) : [];
  return { requests: new Map(named), kinds: new Set([...kinds].filter(mayWait)).add(type) };
}

const always = (): boolean => true;

/** Whether what waits in `workspace` cannot have waited unseen before: it was in sight, or changed since. */
function appearedSince({ workspaceId, version, pendingRequests }: Workspace, sight: Sight, before: Sight): boolean {
  const shown = before.byId.get(workspaceId);
  const inSight =
    shown && (pendingRequests.length === 0 || shown.pendingRequestType === null || !shown.unknownFields.includes("pendingRequests"));
  return inSight || (sight.epoch === before.epoch && before.revision !== null && version > before.revision);
}

const strength = (kind: PendingRequestType): number => -pendingRequestTypeValues.indexOf(kind);

function identityOf({ sessionId, requestId }: Workspace["pendingRequests"][number]): string {
  return `${sessionId}\n${requestId}`;
}
