import { describe, isObject } from "./read_entry.ts";

/** How one source of the server stands. */
export interface SourceHealth {
  readonly name: string;
  readonly state: string;
  readonly lagMs: number | null;
  readonly lastOkAgeMs: number | null;
}

export type Op =
  | { readonly op: "put"; readonly id: string; readonly revision: number; readonly json: Readonly<Record<string, unknown>> }
  | { readonly op: "patch"; readonly id: string; readonly revision: number; readonly json: Readonly<Record<string, unknown>> }
  | { readonly op: "del"; readonly id: string; readonly revision: number };

export type Message =
  | {
      readonly kind: "welcome";
      readonly epoch: string;
      readonly resumes: boolean;
      readonly heartbeatMs: number | null;
      readonly reviewCount: number | null;
    }
  | {
      readonly kind: "batch";
      readonly viewSeq: number;
      readonly from: number;
      readonly to: number;
      readonly complete: boolean;
      readonly reset: boolean;
      readonly cursor: string;
      readonly reviewCount: number | null;
      readonly ops: readonly Op[];
    }
  | {
      readonly kind: "mark";
      readonly viewSeq: number;
      readonly revision: number;
      readonly cursor: string;
      readonly reviewCount: number | null;
      readonly sources: readonly SourceHealth[];
      readonly digest: string | null;
    }
  | { readonly kind: "bye"; readonly code: string; readonly retryAfterMs: number | null; readonly resumable: boolean }
  | { readonly kind: "unreadable"; readonly why: string };

/**
 * Reads one message of dialect 2. Never throws. A message of a type we do not know is "unreadable" and may be skipped; so
 * may one member too many. A batch of which an op cannot be told apart is unreadable as a whole: skipping it makes the
 * next one not fit, and that is noticed.
 */
export function readMessage(data: unknown): Message {
  if (typeof data !== "string") return { kind: "unreadable", why: "a binary frame" };
  let json: unknown;
  try {
    json = JSON.parse(data);
  } catch {
    return { kind: "unreadable", why: "a frame that is not JSON" };
  }
  if (!isObject(json)) return { kind: "unreadable", why: "a frame that is not an object" };
  switch (json.type) {
    case "welcome":
      return readWelcome(json);
    case "batch":
      return readBatch(json);
    case "mark":
      return readMark(json);
    case "bye":
      return {
        kind: "bye",
        code: textOr(json.code) ?? "",
        retryAfterMs: countOr(json.retryAfterMs),
        resumable: json.resumable === true,
      };
    default:
      return { kind: "unreadable", why: `a message of type ${describe(json.type)}` };
  }
}

type Json = Readonly<Record<string, unknown>>;

function readWelcome(json: Json): Message {
  const epoch = textOr(json.epoch);
  if (epoch === null) return { kind: "unreadable", why: "a welcome without epoch" };
  const heartbeatMs = countOr(json.heartbeatMs);
  return { kind: "welcome", epoch, heartbeatMs, resumes: json.mode === "resume", reviewCount: countOr(json.reviewCount) };
}

function readBatch(json: Json): Message {
  const from = countOr(json.from);
  const to = countOr(json.to);
  const cursor = textOr(json.cursor);
  if (from === null || to === null || cursor === null || !Array.isArray(json.ops)) {
    return { kind: "unreadable", why: "a batch without its place" };
  }
  const ops: Op[] = [];
  for (const input of json.ops) {
    const op = readOp(input);
    if (!op) return { kind: "unreadable", why: "a batch with an op that cannot be read" };
    ops.push(op);
  }
  return {
    kind: "batch",
    viewSeq: countOr(json.viewSeq) ?? 1,
    from,
    to,
    complete: json.complete === true,
    reset: json.reset === true,
    cursor,
    reviewCount: countOr(json.reviewCount),
    ops,
  };
}

function readOp(input: unknown): Op | undefined {
  if (!isObject(input)) return undefined;
  const id = textOr(input.id);
  const revision = countOr(input.revision);
  if (id === null || revision === null) return undefined;
  if (input.op === "put" && isObject(input.entry)) return { op: "put", id, revision, json: input.entry };
  if (input.op === "patch" && isObject(input.set)) return { op: "patch", id, revision, json: input.set };
  return input.op === "del" ? { op: "del", id, revision } : undefined;
}

function readMark(json: Json): Message {
  const revision = countOr(json.revision);
  const cursor = textOr(json.cursor);
  if (revision === null || cursor === null) return { kind: "unreadable", why: "a mark without its place" };
  const sources = Array.isArray(json.sources) ? json.sources.filter(isObject) : [];
  return {
    kind: "mark",
    viewSeq: countOr(json.viewSeq) ?? 1,
    revision,
    cursor,
    reviewCount: countOr(json.reviewCount),
    digest: textOr(json.digest),
    sources: sources.map((source) => ({
      name: textOr(source.name) ?? "",
      state: textOr(source.state) ?? "",
      lagMs: countOr(source.lagMs),
      lastOkAgeMs: countOr(source.lastOkAgeMs),
    })),
  };
}

function textOr(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

function countOr(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) ? value : null;
}
