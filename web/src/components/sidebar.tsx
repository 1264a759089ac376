import type { Workspace } from "@snapboard/client";
import { memo, useMemo, useRef } from "react";
import { moveByArrows } from "../lib/arrows.ts";
import { groupOf, groups, isReasonAssumed, problemTitle, splitBy, toneOf } from "../lib/facts.ts";
import { useKeptFocus } from "../lib/nav_focus.ts";
import { visible } from "../lib/visible_text.ts";
import { Activity, ToneDot } from "./chips.tsx";
import { toneText } from "./tone.ts";

interface SidebarProps {
  readonly workspaces: readonly Workspace[];
  readonly chosen: string | null;
  readonly onOpen: (workspaceId: string) => void;
}

/** Every workspace at a glance, by who has the next step. */
export const Sidebar = memo(function Sidebar({ workspaces, chosen, onOpen }: SidebarProps) {
  const split = useMemo(() => splitBy(workspaces, groupOf), [workspaces]);
  const root = useRef<HTMLElement>(null);
  useKeptFocus(root);
  return (
    <nav ref={root} aria-label="Workspaces" onKeyDown={moveByArrows} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
      <div data-nav-group>
        {groups.map(({ id, title }) => {
          const list = split.get(id) ?? [];
          return (
            <section key={id} aria-label={`${title}, ${list.length}`} data-group={id} className="pt-3">
              <h2 className="sticky top-0 z-10 flex items-center justify-between bg-sunken px-2 py-1 text-small font-medium text-faint">
                {title}
                <span className="tabular-nums">{list.length}</span>
              </h2>
              {list.length === 0 ? (
                <p className="px-2 py-1 text-small text-faint">None</p>
              ) : (
                <ul className="flex flex-col gap-px">
                  {list.map((workspace) => (
                    <li key={workspace.workspaceId}>
                      <Item workspace={workspace} chosen={workspace.workspaceId === chosen} onOpen={onOpen} />
                    </li>
                  ))}
                </ul>
              )}
            </section>
          );
        })}
      </div>
    </nav>
  );
});

interface ItemProps {
  readonly workspace: Workspace;
  readonly chosen: boolean;
  readonly onOpen: (workspaceId: string) => void;
}

const Item = memo(function Item({ workspace, chosen, onOpen }: ItemProps) {
  const { problem, statusReason, gitStats } = workspace;
  const name = visible(workspace.name);
  return (
    <button
      type="button"
      data-nav={workspace.workspaceId}
      aria-haspopup="dialog"
      aria-current={chosen ? "true" : undefined}
      onClick={() => onOpen(workspace.workspaceId)}
      className={`grid w-full grid-cols-[auto_minmax(0,1fr)_auto] items-center gap-x-2 rounded-md px-2 py-1 text-left [contain-intrinsic-size:auto_44px] [content-visibility:auto] ${
        chosen ? "marked bg-chosen" : "hover:bg-hover"
      }`}
    >
      <ToneDot workspace={workspace} />
      <span dir="auto" className="truncate font-medium" title={name}>
        {name || "(no name)"}
      </span>
      <Activity workspace={workspace} className="justify-self-end text-tiny text-faint" />
      <span className={`col-start-2 truncate text-small ${toneText[toneOf(workspace)]}`}>
        <span className={problem === null && isReasonAssumed(workspace) ? "assumed" : ""}>
          {problem ? problemTitle(problem.code) : statusReason.label}
        </span>
      </span>
      {gitStats && gitStats.total > 0 && (
        <span className="justify-self-end text-tiny text-faint tabular-nums">
          <span className="sr-only">changes </span>+{gitStats.additions.toLocaleString()} −
          {gitStats.deletions.toLocaleString()}
        </span>
      )}
    </button>
  );
});
