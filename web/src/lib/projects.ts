import { ApiError, type ProjectRow } from "@snapboard/client";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useRef } from "react";
import { client } from "../client.ts";

// No stream tells what the rows of the projects say, so a page that is looked at asks again, slowly. A hidden one asks
// nothing, and asks when it is looked at again.
const everyMs = 30_000;
const everyWhileNoneMs = 3_000; // somebody is about to register the first one
const retryFirstMs = 1_000;
const retryMaxMs = 30_000;
const queryKey = ["projects"];

/** Waiting helps against everything but a missing access. */
function worthRetrying(_: number, error: Error): boolean {
  return !(error instanceof ApiError && error.refusal === "unauthorized");
}

function retryDelay(failures: number, error: Error): number {
  if (error instanceof ApiError && error.retryAfterMs !== null) return Math.max(error.retryAfterMs, retryFirstMs);
  return Math.min(retryFirstMs * 2 ** failures, retryMaxMs);
}

export interface Projects {
  /** Undefined until the first answer. */
  readonly rows: readonly ProjectRow[] | undefined;
  /** Why there is no answer yet; it stays while the question is asked again. */
  readonly trouble: Error | null;
  /** Asks now. */
  readonly ask: () => Promise<void>;
}

/** The projects of the server, never older than a visible page may be. */
export function useProjects(): Projects {
  const queries = useQueryClient();
  const { data, error, failureReason, refetch } = useQuery<readonly ProjectRow[]>({
    queryKey,
    queryFn: ({ signal }) => client.projects(signal),
    retry: worthRetrying,
    retryDelay,
    refetchInterval: ({ state }) => state.data !== undefined && (state.data.length === 0 ? everyWhileNoneMs : everyMs),
    refetchOnWindowFocus: "always",
  });
  const trouble = useRef<Error | null>(null);
  trouble.current = error ?? failureReason ?? trouble.current;
  const ask = useCallback(async () => {
    await queries.cancelQueries({ queryKey }, { silent: true }); // also one that waits before it tries again
    await refetch();
  }, [queries, refetch]);
  return { rows: data, trouble: trouble.current, ask };
}
