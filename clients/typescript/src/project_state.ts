import { entryHash, spellDigest } from "./digest.ts";
import { readEntry, type Workspace } from "./read_entry.ts";
import type { Message, Op, SourceHealth } from "./read_message.ts";
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
  /** Describes exactly this state. */
  readonly cursor: string | null;
  /** How the sources of the server stand, as of its last heartbeat. */
  readonly sources: readonly SourceHealth[];
  /** When the server last told us of a change, in milliseconds since 1970. */
  readonly updatedAt: number | null;
  /** Frames and entries that could not be read at all. */
  readonly unreadable: { readonly count: number; readonly latest: string } | null;
}

/** One entry as it was sent, with the revision of its newest visible field. */
interface Held {
  readonly revision: number;
  readonly json: Readonly<Record<string, unknown>>;
  readonly hash: bigint;
}

/** A place in the life of a server and what it held there. */
interface Place {
  readonly epoch: string | null;
  readonly revision: number;
  readonly cursor: string;
  readonly held: ReadonlyMap<string, Held>;
}

/** A copy of a view. A value: two connections may go on from the same one without disturbing each other. */
export interface Replica {
  readonly data: ProjectData;
  /** What `data` shows; null when it cannot be continued. */
  readonly shown: Place | null;
  /** A baseline that is still arriving; it takes the place of `shown` when it is complete. */
  readonly staging: Place | null;
}

/** `gap`: this message is not the next one. `corrupt`: what we hold cannot be right. */
export interface Fault {
  readonly fault: "gap" | "corrupt";
  readonly why: string;
}

export function emptyReplica(projectId: string): Replica {
  return {
    data: {
      projectId,
      hasBaseline: false,
      workspaces: [],
      byId: new Map(),
      reviewCount: null,
      epoch: null,
      revision: null,
      cursor: null,
      sources: [],
      updatedAt: null,
      unreadable: null,
    },
    shown: null,
    staging: null,
  };
}

/** From where a new connection goes on; null: from the beginning. */
export function cursorOf(replica: Replica): string | null {
  return (replica.staging ?? replica.shown)?.cursor || null;
}

/** Keeps what is shown and forgets from where it could be continued. */
export function forgetPlace(replica: Replica): Replica {
  return { data: { ...replica.data, cursor: null }, shown: null, staging: null };
}

/** The copy after a message of the view `viewSeq`, by the client rules of the protocol, section 4. */
export function follow(replica: Replica, message: Message, viewSeq: number, now: number): Replica | Fault {
  switch (message.kind) {
    case "bye":
      return replica;
    case "unreadable":
      return { ...replica, data: { ...replica.data, unreadable: count(replica.data, 1, message.why) } };
    case "welcome":
      return greet(replica, message);
    case "mark":
      return message.viewSeq === viewSeq ? confirm(replica, message) : replica;
    case "batch":
      if (message.viewSeq < viewSeq) return replica;
      if (message.viewSeq > viewSeq) return gap("a batch of a view nobody asked for");
      return take(replica, message, now);
  }
}

type Of<Kind> = Extract<Message, { kind: Kind }>;

function greet(replica: Replica, { epoch, resumes, reviewCount }: Of<"welcome">): Replica | Fault {
  const place = replica.staging ?? replica.shown;
  const data = { ...replica.data, reviewCount: reviewCount ?? replica.data.reviewCount };
  if (!resumes) return { ...replica, data, staging: { epoch, revision: 0, cursor: "", held: new Map() } };
  if (!place) return corrupt("a resumption of nothing");
  if (place.epoch !== null && place.epoch !== epoch) return corrupt("a resumption in another epoch");
  if (replica.staging) return { ...replica, data, staging: { ...replica.staging, epoch } };
  return { ...replica, data: { ...data, epoch }, shown: { ...place, epoch } };
}

function confirm(replica: Replica, mark: Of<"mark">): Replica | Fault {
  const { shown, staging, data } = replica;
  if (!shown || staging) return gap("a mark within a baseline");
  if (mark.revision < shown.revision) return gap("a mark that goes back");
  if (mark.digest !== null && mark.digest !== digestOf(shown)) return corrupt("a digest that differs");
  const { revision, cursor } = mark;
  return {
    data: {
      ...data,
      revision,
      cursor,
      reviewCount: mark.reviewCount ?? data.reviewCount,
      sources: sameJson(data.sources, mark.sources) ? data.sources : mark.sources,
    },
    shown: { ...shown, revision, cursor },
    staging: null,
  };
}

function take(replica: Replica, batch: Of<"batch">, now: number): Replica | Fault {
  const begins = batch.reset && batch.from === 0;
  const place = replica.staging ?? replica.shown;
  if (!begins && !place) return gap("a batch before its baseline");
  if (!begins && place && batch.from !== place.revision) return gap(`a batch from ${batch.from} at ${place.revision}`);
  if (batch.to < batch.from) return gap("a batch that goes back");
  const intoStaging = begins || replica.staging !== null;

  const held = new Map(begins ? [] : place?.held);
  for (const op of batch.ops) {
    const before = held.get(op.id);
    if (op.op === "del") held.delete(op.id);
    else if (op.op === "patch" && !before) return corrupt("a patch of something unknown");
    else held.set(op.id, hold(op, before));
  }
  const next: Place = { epoch: place?.epoch ?? null, revision: batch.to, cursor: batch.cursor, held };
  if (intoStaging && !batch.complete) return { ...replica, staging: next };

  const data = intoStaging ? showAll(replica.data, held) : showSome(replica.data, held, batch.ops);
  return {
    data: {
      ...data,
      hasBaseline: true,
      epoch: next.epoch,
      revision: next.revision,
      cursor: next.cursor,
      reviewCount: batch.reviewCount ?? data.reviewCount,
      updatedAt: batch.ops.length > 0 || intoStaging ? now : data.updatedAt,
    },
    shown: next,
    staging: null,
  };
}

function hold(op: Exclude<Op, { op: "del" }>, before: Held | undefined): Held {
  const json = op.op === "put" ? op.json : { ...before?.json, ...op.json };
  return { revision: op.revision, json, hash: entryHash(op.id, op.revision) };
}

/** Null when nothing of it can be shown. The revision is its version (protocol, section 4). */
function show(data: ProjectData, id: string, { json, revision }: Held): Workspace | undefined {
  const read = readEntry({ projectId: data.projectId, ...json, workspaceId: id, version: revision }, id);
  const before = data.byId.get(id);
  return before && read && sameJson(before, read) ? before : read;
}

function showAll(data: ProjectData, held: ReadonlyMap<string, Held>): ProjectData {
  const byId = new Map<string, Workspace>();
  for (const [id, entry] of held) {
    const workspace = show(data, id, entry);
    if (workspace) byId.set(id, workspace);
  }
  return { ...data, byId, workspaces: [...byId.values()].sort(newestFirst) };
}

function showSome(data: ProjectData, held: ReadonlyMap<string, Held>, ops: readonly Op[]): ProjectData {
  if (ops.length === 0) return data;
  const byId = new Map(data.byId);
  let inPlace = true; // nothing came, went or moved
  for (const { id } of ops) {
    const entry = held.get(id);
    const before = byId.get(id);
    const after = entry && show(data, id, entry);
    if (after) byId.set(id, after);
    else byId.delete(id);
    inPlace &&= before !== undefined && after !== undefined && before.createdAt === after.createdAt;
  }
  const workspaces = inPlace
    ? data.workspaces.map((workspace) => byId.get(workspace.workspaceId) ?? workspace)
    : [...byId.values()].sort(newestFirst);
  return { ...data, byId, workspaces };
}

function digestOf(place: Place): string {
  let digest = 0n;
  for (const { hash } of place.held.values()) digest ^= hash;
  return spellDigest(digest);
}

const gap = (why: string): Fault => ({ fault: "gap", why });
const corrupt = (why: string): Fault => ({ fault: "corrupt", why });

function count(data: ProjectData, more: number, latest: string) {
  return { count: (data.unreadable?.count ?? 0) + more, latest };
}

/** Newest `createdAt` first, unknown ones last, then by id. */
export function newestFirst(a: Workspace, b: Workspace): number {
  if (a.createdAt !== b.createdAt) return a.createdAt < b.createdAt ? 1 : -1;
  if (a.workspaceId === b.workspaceId) return 0;
  return a.workspaceId < b.workspaceId ? -1 : 1;
}
