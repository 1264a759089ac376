import type { Workspace } from "@snapboard/client";
import { memo } from "react";
import { isOnWhole } from "../lib/whole_click.ts";
import { visible } from "../lib/visible_text.ts";
import {
  Activity,
  BranchName,
  Diff,
  MainBadge,
  OddChip,
  OperationChip,
  ProblemLine,
  PullRequest,
  ReasonChip,
  Sessions,
  ToneDot,
} from "./chips.tsx";

interface CardProps {
  readonly workspace: Workspace;
  readonly chosen: boolean;
  readonly onOpen: (workspaceId: string) => void;
}

/** One workspace on the board. */
export const Card = memo(function Card({ workspace, chosen, onOpen }: CardProps) {
  const name = visible(workspace.name);
  const showBranch = workspace.branchName !== workspace.name;
  return (
    <article
      data-workspace={workspace.workspaceId}
      onClick={(event) => isOnWhole(event) && onOpen(workspace.workspaceId)}
      className={`flex min-w-0 cursor-pointer flex-col gap-2 rounded-lg border bg-raised px-3 pt-2.5 pb-2.5 shadow-card transition-colors [contain-intrinsic-size:auto_104px] [content-visibility:auto] ${
        chosen ? "marked border-accent" : "border-line hover:border-line-strong"
      }`}
    >
      <div className="flex min-w-0 flex-col gap-0.5">
        <div className="flex min-w-0 items-center gap-2">
          <ToneDot workspace={workspace} />
          <h3 className="min-w-0 truncate font-medium">
            <button
              type="button"
              data-nav={workspace.workspaceId}
              dir="auto"
              className="block max-w-full truncate text-left"
              aria-haspopup="dialog"
              aria-current={chosen ? "true" : undefined}
              title={name}
            >
              {name || "(no name)"}
            </button>
          </h3>
          <MainBadge workspace={workspace} />
          <Activity workspace={workspace} className="ml-auto shrink-0 pl-1 text-small text-faint" />
        </div>
        {showBranch && <BranchName workspace={workspace} className="pl-4" />}
      </div>
      <div className="flex min-w-0 flex-wrap items-center gap-1.5">
        <ReasonChip workspace={workspace} />
        <OperationChip workspace={workspace} />
        <OddChip workspace={workspace} />
      </div>
      <ProblemLine workspace={workspace} />
      <div className="mt-auto flex min-w-0 flex-wrap items-center gap-x-3 gap-y-1 text-small">
        <Diff workspace={workspace} />
        <span className="ml-auto inline-flex items-center gap-3">
          <PullRequest workspace={workspace} />
          <Sessions workspace={workspace} />
        </span>
      </div>
    </article>
  );
});
