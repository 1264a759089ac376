import type { ProjectRow } from "@snapboard/client";
import { Dialog } from "radix-ui";
import { useRef, useState, type FormEvent, type ReactNode } from "react";
import { createWorkspace } from "../lib/commands.ts";
import { Backdrop } from "./backdrop.tsx";
import { Button, fieldLook } from "./button.tsx";
import { PlusIcon } from "./icons.tsx";

interface NewWorkspaceProps {
  readonly project: ProjectRow;
  /** Called with the id of the new workspace, which is on the board already or will be in a moment. */
  readonly onMade: (workspaceId: string) => void;
}

/** A button that asks for the name of a new workspace; the rest can be left to the server. */
export function NewWorkspace({ project, onMade }: NewWorkspaceProps) {
  const [open, setOpen] = useState(false);
  const made = useRef(false);
  return (
    <Dialog.Root
      open={open}
      onOpenChange={(next) => {
        made.current = false;
        setOpen(next);
      }}
    >
      <Dialog.Trigger asChild>
        <Button aria-label="New workspace" title="New workspace">
          <PlusIcon />
          <span className="hidden sm:inline">New</span>
        </Button>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Backdrop />
        <Dialog.Content
          aria-describedby={undefined}
          // What was made is opened, and has the focus: it does not go back to the button.
          onCloseAutoFocus={(event) => made.current && event.preventDefault()}
          className="fixed top-[14dvh] left-1/2 z-50 max-h-[calc(86dvh-1rem)] overflow-y-auto w-[min(26rem,calc(100vw-2rem))] -translate-x-1/2 animate-fade rounded-xl border border-line bg-raised p-5 shadow-high outline-none"
        >
          <Dialog.Title className="text-title font-semibold">New workspace</Dialog.Title>
          <Form
            project={project}
            onMade={(id) => {
              made.current = true;
              setOpen(false);
              onMade(id);
            }}
          />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Form({ project, onMade }: NewWorkspaceProps) {
  const [name, setName] = useState("");
  const [branchName, setBranchName] = useState("");
  const [from, setFrom] = useState("");
  const [busy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    setRefusal(null);
    try {
      onMade(await createWorkspace(project.id, { name: name.trim(), branchName: branchName.trim(), from: from.trim() }));
    } catch (error) {
      setRefusal(error instanceof Error ? error.message : String(error));
      setBusy(false);
    }
  };
  return (
    <form onSubmit={(event) => void submit(event)} className="mt-3 flex flex-col gap-3">
      <Field label="Name">
        <input autoFocus required maxLength={256} value={name} onChange={(event) => setName(event.target.value)} className={fieldLook} />
      </Field>
      <Field label="Branch">
        <input value={branchName} placeholder="after the name" onChange={(event) => setBranchName(event.target.value)} className={`${fieldLook} font-mono`} />
      </Field>
      <Field label="From">
        <input value={from} placeholder={project.defaultBranch ?? "the main branch"} onChange={(event) => setFrom(event.target.value)} className={`${fieldLook} font-mono`} />
      </Field>
      {refusal !== null && (
        <p role="alert" className="text-small break-words text-danger">
          {refusal}
        </p>
      )}
      <div className="mt-1 flex justify-end gap-2">
        <Dialog.Close asChild>
          <Button disabled={busy}>Cancel</Button>
        </Dialog.Close>
        <Button kind="accent" type="submit" disabled={busy || name.trim() === ""}>
          Create
        </Button>
      </div>
    </form>
  );
}

function Field({ label, children }: { label: string; children: ReactNode }) {
  return (
    <label className="grid grid-cols-[4rem_minmax(0,1fr)] items-center gap-2 text-soft">
      {label}
      {children}
    </label>
  );
}
