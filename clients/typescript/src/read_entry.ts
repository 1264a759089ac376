import { shapes, type Entry, type RecordName, type Shape } from "./generated/model.ts";

/** A value this client does not know, where it stands and what it said. */
export interface OddValue {
  /** For instance `statusReason.code`. */
  readonly path: string;
  readonly value: string;
}

/** An entry as the store holds it: every member is readable, what could not be read is named in `odd`. */
export interface Workspace extends Entry {
  readonly odd: readonly OddValue[];
}

type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const oddTextMax = 120; // characters of a foreign value kept for display

/** The beginning of what a foreign value says. */
export function describe(value: unknown): string {
  const text = typeof value === "string" ? value : spell(value);
  return text.length > oddTextMax ? `${text.slice(0, oddTextMax)}…` : text;
}

function spell(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "undefined";
  } catch {
    return "something nested too deeply"; // it can be parsed deeper than it can be printed
  }
}

/**
 * Reads one entry of a newer, older or foreign server. One odd value costs its own field only: it gets a harmless
 * stand-in and is listed in `odd`. A member that is absent is unknown, not false.
 * Returns nothing when there is no identity to hold on to.
 */
export function readEntry(input: unknown, workspaceId?: string): Workspace | undefined {
  if (!isObject(input)) return undefined;
  const id = typeof input.workspaceId === "string" && input.workspaceId !== "" ? input.workspaceId : workspaceId;
  if (id === undefined) return undefined;

  const odd: OddValue[] = [];
  const absent: string[] = [];
  const read = readRecord("Entry", input, "", odd, absent) as Record<string, unknown>;
  read.workspaceId = id;
  const unknown = read.unknownFields as readonly string[];
  const missing = absent.filter((name) => name !== "unknownFields" && !managed.has(name) && !unknown.includes(name));
  if (missing.length > 0) read.unknownFields = [...unknown, ...missing];
  // A column we have no name for: automation owns the next step (contract, section 5.9).
  if (odd.some((value) => value.path === "kanbanColumn")) read.kanbanColumn = "WORKING";
  return { ...(read as unknown as Entry), odd };
}

const managed: ReadonlySet<string> = new Set(["workspaceId", "version", "computedAt", "source", "fieldTimestamps"]);

function readRecord(name: RecordName, input: JsonObject, path: string, odd: OddValue[], absent?: string[]): JsonObject {
  const record: Record<string, unknown> = {};
  for (const [member, shape] of Object.entries(shapes[name])) {
    const value = input[member];
    if (value === undefined) {
      absent?.push(member);
      if (!shape.optional) record[member] = shape.fallback;
      continue;
    }
    record[member] = readValue(shape, value, path + member, odd);
  }
  return record;
}

function readValue(shape: Shape, value: unknown, path: string, odd: OddValue[]): unknown {
  if (value === null && shape.nullable) return null;
  switch (shape.kind) {
    case "text":
      if (typeof value === "string") return value;
      break;
    case "number":
      if (typeof value === "number" && Number.isFinite(value)) return value;
      break;
    case "flag":
      if (typeof value === "boolean") return value;
      break;
    case "enum":
      if (typeof value === "string" && shape.values?.includes(value)) return value;
      break;
    case "record":
      if (isObject(value) && shape.record) return readRecord(shape.record, value, `${path}.`, odd);
      break;
    case "list":
      if (Array.isArray(value) && shape.of) return readList(shape.of, value, path, odd);
      break;
  }
  odd.push({ path, value: describe(value) });
  return shape.fallback;
}

/** An element that cannot be read at all is left out and named; its neighbours stay. */
function readList(of: Shape, values: readonly unknown[], path: string, odd: OddValue[]): unknown[] {
  const list: unknown[] = [];
  values.forEach((value, index) => {
    const at = `${path}[${index}]`;
    const readable = of.kind === "record" ? isObject(value) : typeof value === "string";
    if (readable) list.push(readValue(of, value, at, odd));
    else odd.push({ path: at, value: describe(value) });
  });
  return list;
}
