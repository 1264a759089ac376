import type { Workspace } from "@snapboard/client";
import { defaultRangeExtractor, useVirtualizer, type Range } from "@tanstack/react-virtual";
import { memo, useRef, useState, type FocusEvent, type KeyboardEvent } from "react";
import { useMedia } from "../lib/media.ts";
import { navOf, useKeptFocus } from "../lib/nav_focus.ts";
import {
  Activity,
  Badge,
  BranchName,
  Diff,
  hasPullRequest,
  isPullRequestUnknown,
  MainBadge,
  OddChip,
  OperationChip,
  PullRequest,
  ReasonChip,
  Sessions,
  ToneDot,
} from "./chips.tsx";
import { isUnknown, problemTitle } from "../lib/facts.ts";
import { visible } from "../lib/visible_text.ts";
import { isOnWhole } from "../lib/whole_click.ts";

interface ListProps {
  readonly workspaces: readonly Workspace[];
  readonly chosen: string | null;
  readonly onOpen: (workspaceId: string) => void;
}

const wideRow = 48; // pixels
const narrowRow = 84; // pixels
const template =
  "grid grid-cols-[minmax(11rem,2fr)_minmax(9.5rem,1fr)_minmax(13rem,1.2fr)_minmax(11rem,1.1fr)_4rem_3rem] max-w-[110rem] gap-x-4 px-4";

/** Every workspace in one table; only the rows in sight exist, and the one with the focus. */
export const List = memo(function List({ workspaces, chosen, onOpen }: ListProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const wide = useMedia("(min-width: 60rem)");
  useKeptFocus(scroller);
  const [focused, setFocused] = useState<string | null>(null);
  const kept = focused === null ? -1 : workspaces.findIndex(({ workspaceId }) => workspaceId === focused);
  const rows = useVirtualizer({
    count: workspaces.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => (wide ? wideRow : narrowRow),
    getItemKey: (index) => workspaces[index]?.workspaceId ?? index,
    overscan: 12,
    rangeExtractor: (range) => withIndex(range, kept),
  });

  const onFocus = ({ target }: FocusEvent<HTMLElement>) =>
    setFocused(target.closest<HTMLElement>("[data-workspace]")?.dataset.workspace ?? null);
  const onBlur = ({ target }: FocusEvent) => {
    if (document.activeElement !== target) setFocused(null); // another window having the focus takes nothing away
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-index]");
    if (!row) return;
    const next = Number(row.dataset.index) + (event.key === "ArrowDown" ? 1 : -1);
    const id = workspaces[next]?.workspaceId;
    if (id === undefined) return;
    event.preventDefault();
    setFocused(id); // it may be out of sight, and exists from here on
    rows.scrollToIndex(next);
    requestAnimationFrame(() => scroller.current && navOf(scroller.current, id)?.focus());
  };

  return (
    <div
      role="table"
      aria-label="Workspaces"
      aria-rowcount={workspaces.length + 1}
      className="flex min-h-0 flex-1 flex-col"
      onFocus={onFocus}
      onBlur={onBlur}
      onKeyDown={onKeyDown}
    >
      {wide && (
        <div role="rowgroup" className="shrink-0 border-b border-line">
          <div role="row" aria-rowindex={1} className={`${template} h-9 items-center text-small font-medium text-faint`}>
            {["Workspace", "Status", "Changes", "Pull request", "Sessions", "Active"].map((title) => (
              <span key={title} role="columnheader" className="last:text-right">
                {title}
              </span>
            ))}
          </div>
        </div>
      )}
      <div ref={scroller} className="min-h-0 flex-1 overflow-y-auto">
        <div role="rowgroup" className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((item) => {
            const workspace = workspaces[item.index];
            if (!workspace) return null;
            return (
              <div
                key={item.key}
                ref={rows.measureElement}
                data-index={item.index}
                data-workspace={workspace.workspaceId}
                role="row"
                aria-rowindex={item.index + 2}
                onClick={(event) => isOnWhole(event) && onOpen(workspace.workspaceId)}
                className={`absolute inset-x-0 top-0 cursor-pointer border-b border-line/70 ${
                  workspace.workspaceId === chosen ? "marked bg-chosen" : "hover:bg-hover"
                }`}
                style={{ transform: `translateY(${item.start}px)` }}
              >
                <Row workspace={workspace} wide={wide} chosen={workspace.workspaceId === chosen} />
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
});

/** The rows in sight, and one more wherever it is. */
function withIndex(range: Range, index: number): number[] {
  const indexes = defaultRangeExtractor(range);
  if (index < 0 || indexes.includes(index)) return indexes;
  return [...indexes, index].sort((a, b) => a - b);
}

interface RowProps {
  readonly workspace: Workspace;
  readonly wide: boolean;
  readonly chosen: boolean;
}

const Row = memo(function Row({ workspace, wide, chosen }: RowProps) {
  const told = visible(workspace.name);
  const name = (
    <span className="flex min-w-0 items-center gap-2">
      <ToneDot workspace={workspace} />
      <button
        type="button"
        data-nav={workspace.workspaceId}
        dir="auto"
        className="min-w-0 truncate text-left font-medium"
        aria-haspopup="dialog"
        aria-current={chosen ? "true" : undefined}
        title={told}
      >
        {told || "(no name)"}
      </button>
      <MainBadge workspace={workspace} />
      {workspace.problem && (
        <Badge className="bg-danger-tint text-danger" title={workspace.problem.message}>
          {problemTitle(workspace.problem.code)}
        </Badge>
      )}
      <OperationChip workspace={workspace} />
      <OddChip workspace={workspace} />
    </span>
  );
  const branch = workspace.branchName !== workspace.name && <BranchName workspace={workspace} className="pl-4" />;

  if (!wide) {
    return (
      <div className="flex min-w-0 flex-col gap-1 px-4 py-2.5">
        <div role="cell" className="flex min-w-0 items-center gap-2">
          <span className="min-w-0 flex-1 overflow-hidden">{name}</span>
          <Activity workspace={workspace} className="shrink-0 text-small text-faint" />
        </div>
        {branch && <div role="cell">{branch}</div>}
        <div role="cell" className="flex min-w-0 items-center gap-x-3 pl-4 text-small">
          <ReasonChip workspace={workspace} />
          <span className="ml-auto inline-flex shrink-0 items-center gap-3">
            <Diff workspace={workspace} compact />
            <PullRequest workspace={workspace} />
          </span>
        </div>
      </div>
    );
  }
  return (
    <div className={`${template} min-h-12 items-center py-1.5`}>
      <div role="cell" className="min-w-0">
        {name}
        {branch}
      </div>
      <div role="cell" className="flex min-w-0">
        <ReasonChip workspace={workspace} />
      </div>
      <div role="cell" className="min-w-0 text-small">
        <Diff workspace={workspace} />
      </div>
      <div role="cell" className="min-w-0 text-small">
        {hasPullRequest(workspace) ? (
          <PullRequest workspace={workspace} words />
        ) : (
          <Nothing unknown={isPullRequestUnknown(workspace)} />
        )}
      </div>
      <div role="cell" className="text-small">
        {workspace.sessionSummaries.length > 0 ? (
          <Sessions workspace={workspace} />
        ) : (
          <Nothing unknown={isUnknown(workspace, "sessionSummaries")} />
        )}
      </div>
      <div role="cell" className="text-right text-small text-soft">
        <Activity workspace={workspace} />
      </div>
    </div>
  );
});

function Nothing({ unknown }: { unknown: boolean }) {
  return unknown ? (
    <span className="text-faint" title="Nobody has reported this yet">
      unknown
    </span>
  ) : (
    <span className="text-faint">
      <span aria-hidden="true">—</span>
      <span className="sr-only">none</span>
    </span>
  );
}
