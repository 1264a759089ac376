import type { Entry, KanbanColumn, StatusReasonTone, Workspace } from "@snapboard/client";

export type Group = "needs" | "working" | "done";

export const groups: readonly { readonly id: Group; readonly title: string }[] = [
  { id: "needs", title: "Needs you" },
  { id: "working", title: "Working" },
  { id: "done", title: "Done" },
];

/** The sidebar's grouping: what waits for a person, what goes on without one, what is over. */
export function groupOf(workspace: Workspace): Group {
  if (workspace.statusReason.needsUser) return "needs";
  return workspace.kanbanColumn === "DONE" ? "done" : "working";
}

export const columns: readonly { readonly id: KanbanColumn; readonly title: string; readonly hint: string }[] = [
  { id: "WORKING", title: "Working", hint: "Nothing here is being worked on right now." },
  { id: "WAITING", title: "Waiting", hint: "Nothing waits for you." },
  { id: "DONE", title: "Done", hint: "Merged and closed work appears here." },
];

/** Splits a list by a key without changing the order inside. */
export function splitBy<K extends string>(
  workspaces: readonly Workspace[],
  keyOf: (workspace: Workspace) => K | null,
): ReadonlyMap<K, readonly Workspace[]> {
  const split = new Map<K, Workspace[]>();
  for (const workspace of workspaces) {
    const key = keyOf(workspace);
    if (key === null) continue;
    const list = split.get(key);
    if (list) list.push(workspace);
    else split.set(key, [workspace]);
  }
  return split;
}

export function isUnknown(workspace: Workspace, field: keyof Entry): boolean {
  return workspace.unknownFields.includes(field);
}

const sessionInputs: readonly (keyof Entry)[] = ["sessionSummaries", "isWorking", "hasHadSessions", "pendingRequestType"];
const restsOnSessions: ReadonlySet<string> = new Set(["NO_SESSION_STARTED", "READY_FOR_NEXT_PROMPT"]);

/** True when the reason rests on session facts that nobody has reported: an assumption, not a fact. */
export function isReasonAssumed(workspace: Workspace): boolean {
  return restsOnSessions.has(workspace.statusReason.code) && sessionInputs.some((field) => isUnknown(workspace, field));
}

/** The tone of a whole workspace: its own trouble outranks what its work says. */
export function toneOf(workspace: Workspace): StatusReasonTone {
  return workspace.problem ? "danger" : workspace.statusReason.tone;
}

/** Whether an agent waits for an answer, also to a kind of question this page has no name for. */
export function isAsking(workspace: Workspace): boolean {
  return workspace.pendingRequestType !== null || oddText(workspace, "pendingRequestType") !== null;
}

/** How many workspaces have an agent that waits for an answer. */
export function countAsking(workspaces: readonly Workspace[]): number {
  return workspaces.filter(isAsking).length;
}

/** Which workspaces are in trouble, and in which. */
export function troublesOf(workspaces: readonly Workspace[]): readonly string[] {
  return workspaces.flatMap(({ workspaceId, problem }) => (problem ? [`${workspaceId} ${problem.code}`] : [])).sort();
}

const problemTitles: Readonly<Record<string, string>> = {
  worktree_missing: "Worktree missing",
  not_a_repository: "Not a repository",
  dubious_ownership: "Ownership refused by git",
  git_failed: "Git failed",
  setup_failed: "Setup failed",
  bare: "Bare repository",
  default_branch_missing: "Default branch missing",
};

export function problemTitle(code: string): string {
  return problemTitles[code] ?? sentence(code);
}

/** "CHANGES_REQUESTED" as "Changes requested", "NO_PR" as "No PR". */
export function sentence(text: string): string {
  const words = text
    .replaceAll(/[_-]+/g, " ")
    .toLowerCase()
    .replaceAll(/\b(pr|ci)\b/g, (word) => word.toUpperCase());
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}

/** The value as the server said it, also when this page has no name for it. */
export function oddText(workspace: Workspace, path: string): string | null {
  return workspace.odd.find((odd) => odd.path === path)?.value ?? null;
}

/**
 * The same for a member of the element that is shown at `index` of a list. An element that could not be read at all is
 * named in `odd` and left out, so those behind it were sent further back than they stand.
 */
export function oddInList(workspace: Workspace, list: keyof Entry, index: number, member: string): string | null {
  let sentAt = -1;
  for (let ahead = index; ahead >= 0; ) {
    ++sentAt;
    if (oddText(workspace, `${list}[${sentAt}]`) === null) --ahead;
  }
  return oddText(workspace, `${list}[${sentAt}].${member}`);
}

/** Only addresses that a link may safely carry. */
export function safeUrl(url: string | null): string | undefined {
  return url !== null && /^https?:\/\//i.test(url) ? url : undefined;
}
