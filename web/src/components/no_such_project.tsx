import type { ProjectRow } from "@snapboard/client";
import { setUrlState } from "../lib/url_state.ts";
import { visible } from "../lib/visible_text.ts";
import { Button } from "./button.tsx";
import { Empty } from "./empty.tsx";

interface NoSuchProjectProps {
  /** The projects that there are. */
  readonly others: readonly ProjectRow[];
  /** It was here while this page was open. */
  readonly seen: boolean;
}

/** In the place of a project that the server does not have: the ways to those it has. */
export function NoSuchProject({ others, seen }: NoSuchProjectProps) {
  return (
    <main className="flex h-full flex-col">
      <Empty
        title={seen ? "This project is gone" : "No such project here"}
        role="alert"
        {...(others.length === 0 ? { command: "snapboard serve" } : {})}
        action={
          others.length > 0 && (
            <ul aria-label="Other projects" className="flex flex-wrap gap-2">
              {others.map(({ id, name }) => (
                <li key={id}>
                  <Button onClick={() => setUrlState({ project: id, workspace: null })} dir="auto">
                    {visible(name)}
                  </Button>
                </li>
              ))}
            </ul>
          )
        }
      >
        <p>
          {seen
            ? "The server does not have it any more."
            : "The address names a project that this server does not have. It was removed, or is another server's."}
        </p>
      </Empty>
    </main>
  );
}
