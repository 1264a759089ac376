import { ApiError } from "@snapboard/client";
import { useEffect, useRef } from "react";
import { Button } from "./components/button.tsx";
import { Empty, Loading } from "./components/empty.tsx";
import { NoSuchProject } from "./components/no_such_project.tsx";
import { ProjectPage } from "./components/project_page.tsx";
import { useProjects } from "./lib/projects.ts";
import { setUrlState, useUrlState } from "./lib/url_state.ts";

export function App() {
  const { rows, trouble, ask } = useProjects();
  const { project: wanted } = useUrlState();
  const project = wanted === null ? rows?.[0] : rows?.find((row) => row.id === wanted);
  const seen = useRef<string | null>(null);
  useEffect(() => {
    if (!project) return;
    seen.current = project.id;
    // From here on the address says what is shown, and another project never takes its place unasked.
    if (wanted === null) setUrlState({ project: project.id });
  }, [project, wanted]);

  if (rows && project) return <ProjectPage key={project.id} projects={rows} project={project} onRefresh={ask} />;
  if (rows && wanted !== null) return <NoSuchProject others={rows} seen={wanted === seen.current} />;
  return (
    <main className="flex h-full flex-col">
      {rows ? (
        <Empty title="No project yet" command="snapboard serve">
          <p>Run this in a git repository: it is registered here and its worktrees appear at once.</p>
        </Empty>
      ) : (
        <NotYet trouble={trouble} onAsk={ask} />
      )}
    </main>
  );
}

function NotYet({ trouble, onAsk }: { trouble: Error | null; onAsk: () => void }) {
  if (trouble === null) return <Loading what="Asking the server" />;
  const again = <Button onClick={onAsk}>Try again</Button>;
  const refusal = trouble instanceof ApiError ? trouble.refusal : "other";
  switch (refusal) {
    case "unauthorized":
      return (
        <Empty title="This browser has no access" role="alert" command="snapboard serve" action={again}>
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
        <Empty title="The server does not answer" role="alert" command="snapboard serve" action={again}>
          <p>This page connects by itself as soon as it does.</p>
        </Empty>
      );
    case "other":
      return (
        <Empty title="Something is wrong" role="alert" action={again}>
          <p className="break-words">{trouble.message}</p>
          <p>This page asks again by itself.</p>
        </Empty>
      );
  }
}
