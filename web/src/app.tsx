import { ApiError, type ProjectRow } from "@snapboard/client";
import { useQuery } from "@tanstack/react-query";
import { useCallback } from "react";
import { client } from "./client.ts";
import { Empty, Loading } from "./components/empty.tsx";
import { ProjectPage } from "./components/project_page.tsx";
import { useUrlState } from "./lib/url_state.ts";

const retryFirstMs = 1_000;
const retryMaxMs = 30_000;

/** Waiting helps against a server that starts or does not answer, not against a refusal. */
function worthRetrying(_: number, error: Error): boolean {
  return error instanceof ApiError && (error.refusal === "not_ready" || error.refusal === "unreachable");
}

function retryDelay(failures: number, error: Error): number {
  if (error instanceof ApiError && error.retryAfterMs !== null) return error.retryAfterMs;
  return Math.min(retryFirstMs * 2 ** failures, retryMaxMs);
}

export function App() {
  const projects = useQuery<readonly ProjectRow[]>({
    queryKey: ["projects"],
    queryFn: ({ signal }) => client.projects(signal),
    retry: worthRetrying,
    retryDelay,
  });
  const { refetch } = projects;
  const refresh = useCallback(() => void refetch(), [refetch]);
  const { project: wanted } = useUrlState();

  if (projects.data) {
    const project = projects.data.find((row) => row.id === wanted) ?? projects.data[0];
    if (project) return <ProjectPage key={project.id} projects={projects.data} project={project} onRefresh={refresh} />;
    return (
      <Screen>
        <Empty title="No project yet" command="snapboard serve">
          <p>Run this in a git repository: it is registered here and its worktrees appear at once.</p>
        </Empty>
      </Screen>
    );
  }
  return (
    <Screen>
      <NotYet error={projects.error ?? projects.failureReason} />
    </Screen>
  );
}

function Screen({ children }: { children: React.ReactNode }) {
  return <main className="flex h-full flex-col">{children}</main>;
}

function NotYet({ error }: { error: Error | null }) {
  if (error === null) return <Loading what="Asking the server" />;
  const refusal = error instanceof ApiError ? error.refusal : "other";
  switch (refusal) {
    case "unauthorized":
      return (
        <Empty title="This browser has no access" role="alert" command="snapboard serve">
          <p>
            The server prints a link with a token when it starts. Open that link once and this browser keeps its access. If
            the server already runs, the same command prints the link again.
          </p>
        </Empty>
      );
    case "not_ready":
      return <Loading what="The server is starting" />;
    case "unreachable":
      return (
        <Empty title="The server does not answer" role="alert" command="snapboard serve">
          <p>This page connects by itself as soon as it does.</p>
        </Empty>
      );
    case "other":
      return (
        <Empty title="Something is wrong" role="alert">
          <p className="break-words">{error.message}</p>
        </Empty>
      );
  }
}
