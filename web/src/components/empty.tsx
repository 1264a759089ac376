import type { ReactNode } from "react";
import { CopyButton } from "./copy_button.tsx";
import { Mark } from "./icons.tsx";

interface EmptyProps {
  readonly title: string;
  readonly children?: ReactNode;
  readonly command?: string;
  /** What can be done here. */
  readonly action?: ReactNode;
  readonly role?: "status" | "alert";
}

/** A page that has nothing to show says why, and what to do. */
export function Empty({ title, children, command, action, role }: EmptyProps) {
  return (
    <div className="grid min-h-0 flex-1 place-items-center overflow-y-auto p-6">
      <div {...(role ? { role } : {})} className="flex w-full max-w-md flex-col items-start gap-3">
        <Mark width={32} height={32} />
        <h1 className="mt-1 text-title font-semibold">{title}</h1>
        {children && <div className="flex flex-col gap-2 text-body text-soft">{children}</div>}
        {command !== undefined && (
          <div className="flex w-full items-center gap-2 rounded-lg border border-line bg-sunken py-1.5 pr-1.5 pl-3">
            <code className="min-w-0 flex-1 overflow-x-auto font-mono text-small whitespace-nowrap">{command}</code>
            <CopyButton text={command} what="the command" />
          </div>
        )}
        {action}
      </div>
    </div>
  );
}

/** While the first baseline is on its way; shown only if that takes a moment. */
export function Loading({ what }: { what: string }) {
  return (
    <div role="status" className="grid min-h-0 flex-1 animate-fade place-items-center p-6 [animation-delay:300ms] [animation-fill-mode:backwards]">
      <p className="inline-flex items-center gap-2 text-soft">
        <span aria-hidden="true" className="size-2 animate-breathe rounded-full bg-accent" />
        {what}
      </p>
    </div>
  );
}
