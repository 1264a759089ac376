import type { ProjectRow } from "./generated/model.ts";
import { isObject } from "./read_entry.ts";
import { retryAfterMs } from "./server_times.ts";

/** Why a request to the server failed. */
export type Refusal = "unauthorized" | "not_ready" | "unreachable" | "other";

export class ApiError extends Error {
  readonly refusal: Refusal;
  readonly status: number | null;
  readonly retryAfterMs: number | null;

  constructor(message: string, refusal: Refusal, status: number | null, retryAfterMs: number | null) {
    super(message);
    this.name = "ApiError";
    this.refusal = refusal;
    this.status = status;
    this.retryAfterMs = retryAfterMs;
  }
}

/** GET /api/projects. Errors: ApiError. */
export async function listProjects(
  baseUrl: string,
  token: string | null,
  signal?: AbortSignal,
): Promise<readonly ProjectRow[]> {
  let response: Response;
  try {
    response = await fetch(new URL("/api/projects", baseUrl), {
      headers: { accept: "application/json", ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      credentials: "same-origin",
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    throw new ApiError(String(error), "unreachable", null, null);
  }
  if (!response.ok) throw await refused(response);
  const rows: unknown = await response.json().catch(() => null); // the page of a proxy, or an answer that was cut off
  if (!Array.isArray(rows)) throw new ApiError("the server answered something that is no list", "other", response.status, null);
  return rows.filter(isProject);
}

/** A row that can be asked for more about. */
function isProject(row: unknown): row is ProjectRow {
  return isObject(row) && typeof row.id === "string";
}

async function refused(response: Response): Promise<ApiError> {
  const problem: unknown = await response.json().catch(() => null);
  const detail = (problem as { detail?: unknown } | null)?.detail;
  const message = typeof detail === "string" ? detail : `the server answered ${response.status}`;
  return new ApiError(message, refusalOf(response.status), response.status, retryAfterMs(response.headers));
}

function refusalOf(status: number): Refusal {
  if (status === 401 || status === 403) return "unauthorized";
  if (status === 503) return "not_ready";
  return "other";
}
