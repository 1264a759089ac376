/** What the server refused, in its own words for people. */
export class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.name = "Refusal";
    this.status = status;
  }
}

async function send(method: "GET" | "POST" | "DELETE", path: string, body?: object): Promise<unknown> {
  let response: Response;
  try {
    response = await fetch(path, {
      method,
      credentials: "same-origin",
      ...(body === undefined ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
    });
  } catch {
    throw new Refusal(0, "The server does not answer.");
  }
  const answer: unknown = await response.json().catch(() => null);
  if (response.ok) return answer;
  const detail = typeof answer === "object" && answer !== null && "detail" in answer ? answer.detail : null;
  throw new Refusal(response.status, capital(typeof detail === "string" ? detail : `The server answered ${response.status}.`));
}

/** "the name is empty" as a sentence. */
function capital(text: string): string {
  const sentence = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…)]$/.test(sentence) ? sentence : `${sentence}.`;
}

const of = (workspaceId: string) => `/api/workspaces/${encodeURIComponent(workspaceId)}`;

export interface NewWorkspace {
  readonly name: string;
  /** Empty: after the name. */
  readonly branchName: string;
  /** Empty: the branch workspaces are compared with. */
  readonly from: string;
}

/** Answers the id of the new workspace. */
export async function createWorkspace(projectId: string, { name, branchName, from }: NewWorkspace): Promise<string> {
  const answer = await send("POST", `/api/projects/${encodeURIComponent(projectId)}/workspaces`, {
    name,
    ...(branchName === "" ? {} : { branchName }),
    ...(from === "" ? {} : { from }),
  });
  return (answer as { workspaceId: string }).workspaceId;
}

export const retrySetup = (id: string) => send("POST", `${of(id)}/retry`);
export const renameWorkspace = (id: string, name: string) => send("POST", `${of(id)}/rename`, { name });
export const archiveWorkspace = (id: string) => send("POST", `${of(id)}/archive`);

export interface ArchivedWorkspace {
  readonly workspaceId: string;
  readonly name: string;
  readonly branchName: string | null;
  readonly worktreePath: string;
  readonly problem: { readonly code: string; readonly message: string } | null;
}
export interface ArchivedList {
  /** Newest first. */
  readonly workspaces: readonly ArchivedWorkspace[];
  /** False: there are older ones. */
  readonly complete: boolean;
}
export const listArchived = (projectId: string) =>
  send("GET", `/api/projects/${encodeURIComponent(projectId)}/archived`) as Promise<ArchivedList>;
/** Answers the id it has from now on. */
export async function unarchiveWorkspace(id: string): Promise<string> {
  const answer = await send("POST", `${of(id)}/unarchive`);
  return (answer as { workspaceId: string }).workspaceId;
}

/** Answers the revision from which on an entry says so. */
export async function setRatchet(id: string, enabled: boolean): Promise<number> {
  const answer = await send("POST", `${of(id)}/ratchet`, { enabled });
  return (answer as { revision: number }).revision;
}
export const removeWorkspace = (id: string, force: boolean) => send("DELETE", `${of(id)}${force ? "?force=true" : ""}`);
