import { Dialog } from "radix-ui";
import { useEffect, useRef, useState } from "react";
import { listArchived, unarchiveWorkspace, type ArchivedList, type ArchivedWorkspace } from "../lib/commands.ts";
import { problemTitle } from "../lib/facts.ts";
import { visible } from "../lib/visible_text.ts";
import { Backdrop } from "./backdrop.tsx";
import { Button } from "./button.tsx";
import { ArchiveIcon, CrossIcon } from "./icons.tsx";

interface ArchivedProps {
  readonly projectId: string;
  /** Called with the id of a workspace that came back, which is on the board already or will be in a moment. */
  readonly onBack: (workspaceId: string) => void;
}

/** A button that shows what was archived and can come back. */
export function Archived({ projectId, onBack }: ArchivedProps) {
  const [open, setOpen] = useState(false);
  const back = useRef(false);
  return (
    <Dialog.Root
      open={open}
      onOpenChange={(next) => {
        back.current = false;
        setOpen(next);
      }}
    >
      <Dialog.Trigger className="-mx-1 mt-1 inline-flex h-6 items-center gap-2 rounded-md px-1 text-small text-soft hover:bg-hover hover:text-ink">
        <ArchiveIcon width={11} height={11} />
        Archived
      </Dialog.Trigger>
      <Dialog.Portal>
        <Backdrop />
        <Dialog.Content
          aria-describedby={undefined}
          // What came back is opened, and has the focus: it does not go back to the button.
          onCloseAutoFocus={(event) => back.current && event.preventDefault()}
          className="fixed top-[10dvh] left-1/2 z-50 flex max-h-[calc(90dvh-1rem)] w-[min(34rem,calc(100vw-2rem))] -translate-x-1/2 animate-fade flex-col rounded-xl border border-line bg-raised shadow-high outline-none"
        >
          <div className="flex shrink-0 items-center gap-2 px-5 pt-4 pb-2">
            <Dialog.Title className="text-title font-semibold">Archived workspaces</Dialog.Title>
            <Dialog.Close aria-label="Close" className="-mr-1.5 ml-auto grid size-8 place-items-center rounded-md text-faint hover:bg-hover hover:text-ink">
              <CrossIcon />
            </Dialog.Close>
          </div>
          <Rows
            projectId={projectId}
            onBack={(id) => {
              back.current = true;
              setOpen(false);
              onBack(id);
            }}
          />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Rows({ projectId, onBack }: ArchivedProps) {
  const [list, setList] = useState<ArchivedList | null>(null);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [busy, setBusy] = useState<string | null>(null);

  useEffect(() => {
    let shown = true;
    listArchived(projectId).then(
      (answer) => shown && setList(answer),
      (error: unknown) => shown && setRefusal(error instanceof Error ? error.message : String(error)),
    );
    return () => {
      shown = false;
    };
  }, [projectId]);

  const bring = async (id: string) => {
    if (busy !== null) return; // the buttons stay enabled meanwhile: a disabled one loses the focus
    setBusy(id);
    setRefusal(null);
    try {
      onBack(await unarchiveWorkspace(id));
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
      setBusy(null);
    }
  };
  return (
    <div className="min-h-0 overflow-y-auto px-5 pb-5">
      {refusal !== null && (
        <p role="alert" className="py-1 text-small break-words text-danger">
          {refusal}
        </p>
      )}
      {list === null && refusal === null && <p className="py-2 text-soft">Reading…</p>}
      {list?.workspaces.length === 0 && (
        <p className="py-2 text-soft">Nothing is archived. What you archive leaves the board, keeps its files, and can be brought back here.</p>
      )}
      {list !== null && list.workspaces.length > 0 && (
        <ul className="divide-y divide-line">
          {list.workspaces.map((one) => (
            <Row key={one.workspaceId} workspace={one} busy={busy !== null} onBring={() => void bring(one.workspaceId)} />
          ))}
        </ul>
      )}
      {list !== null && !list.complete && <p className="pt-2 text-small text-faint">The oldest ones are left out.</p>}
    </div>
  );
}

function Row({ workspace, busy, onBring }: { workspace: ArchivedWorkspace; busy: boolean; onBring: () => void }) {
  const { name, branchName, worktreePath, problem } = workspace;
  return (
    <li className="flex items-center gap-3 py-2.5">
      <div className="min-w-0 flex-1">
        <p dir="auto" className="truncate font-medium" title={visible(name)}>
          {visible(name)}
        </p>
        <p className="truncate font-mono text-small text-faint" title={`${branchName ?? "detached HEAD"}\n${worktreePath}`}>
          {visible(branchName ?? "detached HEAD")} · {visible(worktreePath)}
        </p>
        {problem && (
          <p className="text-small text-danger" title={problem.message}>
            {problemTitle(problem.code)}
          </p>
        )}
      </div>
      <Button aria-label={`Bring back ${visible(name)}`} aria-disabled={busy} onClick={onBring}>
        Bring back
      </Button>
    </li>
  );
}
