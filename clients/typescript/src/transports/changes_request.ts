import { retryAfterMs as retryAfterOf } from "../server_times.ts";
import type { Ending, Request } from "./transport.ts";
import type { View } from "../view.ts";

/** GET /api/projects/{id}/changes. Errors: what fetch throws. */
export function fetchChanges(
  request: Request,
  view: View,
  ask: { readonly accept: string; readonly cursor: string | null; readonly waitMs?: number; readonly signal: AbortSignal },
): Promise<Response> {
  const url = new URL(`/api/projects/${encodeURIComponent(view.projectId)}/changes`, request.baseUrl);
  url.searchParams.set("view", JSON.stringify(view));
  if (ask.cursor !== null) url.searchParams.set("cursor", ask.cursor);
  if (ask.waitMs !== undefined) url.searchParams.set("waitMs", String(ask.waitMs));
  return fetch(url, {
    headers: { accept: ask.accept, ...(request.token === null ? {} : { authorization: `Bearer ${request.token}` }) },
    credentials: "same-origin",
    cache: "no-store",
    signal: ask.signal,
  });
}

/** Whether the server says that our cursor leads nowhere, so that we begin without one. */
export function refusesCursor({ status }: Response): boolean {
  return status === 410 || status === 400;
}

/** Why the server, or somebody before it, refused. Only our server speaks in problems. */
export function refusalOf(response: Response): Ending {
  const ours = response.headers.get("content-type")?.startsWith("application/problem+json") ?? false;
  const retryAfterMs = retryAfterOf(response.headers);
  if (!ours) return { reason: "lost", retryAfterMs: null, final: false };
  switch (response.status) {
    case 401:
    case 403:
      return { reason: "unauthorized", retryAfterMs, final: true };
    case 404:
      return { reason: "unknown_project", retryAfterMs, final: true };
    case 503:
      return { reason: "not_ready", retryAfterMs, final: true };
    default:
      return { reason: "lost", retryAfterMs, final: false };
  }
}

export const unreachable: Ending = { reason: "unreachable", retryAfterMs: null, final: false };
export const lost: Ending = { reason: "lost", retryAfterMs: null, final: false };
