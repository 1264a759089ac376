import type { Workspace } from "@snapboard/client";
import { useEffect, useState, type FormEvent, type KeyboardEvent, type ReactNode } from "react";
import { archiveWorkspace, Refusal, removeWorkspace, renameWorkspace, retrySetup } from "../lib/commands.ts";
import { Button, fieldLook } from "./button.tsx";

type Question = "none" | "rename" | "archive" | "remove";
const conflict = 409;

/** What a person can do to a workspace: one line of buttons, and the question each of them asks first. */
export function Actions({ workspace }: { workspace: Workspace }) {
  const { workspaceId, isMain, status } = workspace;
  const [question, setQuestion] = useState<Question>("none");
  const [before, setBefore] = useState<Question>("none"); // whose button the focus returns to
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<Refusal | null>(null);

  const ask = (next: Question) => {
    if (busy) return;
    setBefore(question);
    setQuestion(next);
    setRefusal(null);
  };
  const run = async (command: () => Promise<unknown>) => {
    if (busy) return; // the buttons stay enabled meanwhile: a disabled one loses the focus
    setBusy(true);
    setRefusal(null);
    try {
      await command();
      setBefore(question);
      setQuestion("none");
    } catch (error) {
      setRefusal(error instanceof Refusal ? error : new Refusal(0, String(error)));
    } finally {
      setBusy(false);
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // A key that is held down answers no question, least of all one that it has just raised.
    if (event.key === "Enter" && event.repeat) event.preventDefault();
    if (event.key === "Escape" && question !== "none") ask("none");
  };
  const settled = status === "READY" || status === "FAILED";

  return (
    <footer
      onKeyDown={onKeyDown}
      {...(question === "none" ? {} : { "data-asks": true })}
      className="shrink-0 border-t border-line bg-sunken px-4 py-2.5"
    >
      {question === "none" && (
        <div className="flex flex-wrap gap-2">
          {status === "FAILED" && (
            <Button kind="accent" aria-disabled={busy} onClick={() => void run(() => retrySetup(workspaceId))}>
              Retry set-up
            </Button>
          )}
          <Button autoFocus={before === "rename"} onClick={() => ask("rename")}>
            Rename
          </Button>
          {settled && (
            <Button autoFocus={before === "archive"} onClick={() => ask("archive")}>
              Archive
            </Button>
          )}
          {!isMain && (
            <Button autoFocus={before === "remove"} className="ml-auto text-danger" onClick={() => ask("remove")}>
              Remove
            </Button>
          )}
        </div>
      )}
      {question === "rename" && (
        <Rename name={workspace.name} busy={busy} onCancel={() => ask("none")} onName={(name) => void run(() => renameWorkspace(workspaceId, name))} />
      )}
      {question === "archive" && (
        <Sure busy={busy} onCancel={() => ask("none")} text="It leaves the board and everything that runs in it is ended. Its files stay, and it can be brought back.">
          <Button kind="accent" aria-disabled={busy} onClick={() => void run(() => archiveWorkspace(workspaceId))}>
            Archive
          </Button>
        </Sure>
      )}
      {question === "remove" && (
        <Sure busy={busy} onCancel={() => ask("none")} text="The worktree is deleted with everything that runs in it. Work that is nowhere else is refused first.">
          <Button kind="danger" aria-disabled={busy} onClick={() => void run(() => removeWorkspace(workspaceId, false))}>
            Remove
          </Button>
          {refusal?.status === conflict && (
            <Button kind="danger" aria-disabled={busy} onClick={() => void run(() => removeWorkspace(workspaceId, true))}>
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

/** The focus is on the way out, and the second half of a double click on what raised the question is no answer. */
function Sure({ text, busy, onCancel, children }: SureProps) {
  return (
    <div role="group" aria-label="Are you sure?" className="flex flex-col gap-2">
      <p className="text-small text-soft">{text}</p>
      <div className="flex flex-wrap gap-2" onClickCapture={(event) => event.detail > 1 && event.stopPropagation()}>
        {children}
        <Button autoFocus className="ml-auto" aria-disabled={busy} onClick={onCancel}>
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
        <Button kind="accent" type="submit" aria-disabled={busy} disabled={text.trim() === "" || text.trim() === name}>
          Rename
        </Button>
        <Button className="ml-auto" aria-disabled={busy} onClick={onCancel}>
          Cancel
        </Button>
      </div>
    </form>
  );
}
