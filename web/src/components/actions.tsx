import type { Workspace } from "@snapboard/client";
import { useEffect, useState, type FormEvent, type ReactNode } from "react";
import { archiveWorkspace, Refusal, removeWorkspace, renameWorkspace, retrySetup } from "../lib/commands.ts";
import { Button, fieldLook } from "./button.tsx";

type Question = "none" | "rename" | "archive" | "remove";
const conflict = 409;

/** What a person can do to a workspace: one line of buttons, and the question each of them asks first. */
export function Actions({ workspace }: { workspace: Workspace }) {
  const { workspaceId, isMain, status } = workspace;
  const [question, setQuestion] = useState<Question>("none");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);

  const ask = (next: Question) => {
    setQuestion(next);
    setRefusal(null);
  };
  const run = async (command: () => Promise<unknown>) => {
    setBusy(true);
    setRefusal(null);
    try {
      await command();
      setQuestion("none");
    } catch (error) {
      setRefusal(error instanceof Refusal ? error : new Refusal(0, String(error)));
    } finally {
      setBusy(false);
    }
  };
  const settled = status === "READY" || status === "FAILED";

  return (
    <footer className="shrink-0 border-t border-line bg-sunken px-4 py-2.5">
      {question === "none" && (
        <div className="flex flex-wrap gap-2">
          {status === "FAILED" && (
            <Button kind="accent" disabled={busy} onClick={() => void run(() => retrySetup(workspaceId))}>
              Retry set-up
            </Button>
          )}
          <Button onClick={() => ask("rename")}>Rename</Button>
          {settled && <Button onClick={() => ask("archive")}>Archive</Button>}
          {!isMain && (
            <Button className="ml-auto text-danger" onClick={() => ask("remove")}>
              Remove
            </Button>
          )}
        </div>
      )}
      {question === "rename" && (
        <Rename name={workspace.name} busy={busy} onCancel={() => ask("none")} onName={(name) => void run(() => renameWorkspace(workspaceId, name))} />
      )}
      {question === "archive" && (
        <Sure busy={busy} onCancel={() => ask("none")} text="It leaves the board and everything that runs in it is ended. Its files stay.">
          <Button kind="accent" disabled={busy} autoFocus onClick={() => void run(() => archiveWorkspace(workspaceId))}>
            Archive
          </Button>
        </Sure>
      )}
      {question === "remove" && (
        <Sure busy={busy} onCancel={() => ask("none")} text="The worktree is deleted with everything that runs in it. Work that is nowhere else is refused first.">
          <Button kind="danger" disabled={busy} autoFocus onClick={() => void run(() => removeWorkspace(workspaceId, false))}>
            Remove
          </Button>
          {refusal?.status === conflict && (
            <Button kind="danger" disabled={busy} onClick={() => void run(() => removeWorkspace(workspaceId, true))}>
              Remove all the same
            </Button>
          )}
        </Sure>
      )}
      {refusal && (
        <p role="alert" className="mt-2 text-small break-words text-danger">
          {refusal.message}
        </p>
      )}
    </footer>
  );
}

interface SureProps {
  readonly text: string;
  readonly busy: boolean;
  readonly onCancel: () => void;
  readonly children: ReactNode;
}

function Sure({ text, busy, onCancel, children }: SureProps) {
  return (
    <div role="group" aria-label="Are you sure?" className="flex flex-col gap-2">
      <p className="text-small text-soft">{text}</p>
      <div className="flex flex-wrap gap-2">
        {children}
        <Button className="ml-auto" disabled={busy} onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

interface RenameProps {
  readonly name: string;
  readonly busy: boolean;
  readonly onCancel: () => void;
  readonly onName: (name: string) => void;
}

function Rename({ name, busy, onCancel, onName }: RenameProps) {
  const [text, setText] = useState(name);
  useEffect(() => setText(name), [name]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onName(text.trim());
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      <input aria-label="Name" autoFocus value={text} maxLength={256} onChange={(event) => setText(event.target.value)} className={fieldLook} />
      <div className="flex gap-2">
        <Button kind="accent" type="submit" disabled={busy || text.trim() === "" || text.trim() === name}>
          Rename
        </Button>
        <Button className="ml-auto" disabled={busy} onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
