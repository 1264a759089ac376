import type { KanbanColumn, Workspace } from "@snapboard/client";
import { Tabs } from "radix-ui";
import { memo, useMemo, useRef, type Ref } from "react";
import { moveByArrows } from "../lib/arrows.ts";
import { columns, splitBy } from "../lib/facts.ts";
import { useMedia } from "../lib/media.ts";
import { useKeptFocus } from "../lib/nav_focus.ts";
import { Card } from "./card.tsx";

interface BoardProps {
  readonly workspaces: readonly Workspace[];
  readonly chosen: string | null;
  readonly onOpen: (workspaceId: string) => void;
}

/** The kanban board: three columns side by side, on a narrow screen one at a time. */
export const Board = memo(function Board({ workspaces, chosen, onOpen }: BoardProps) {
  const split = useMemo(() => splitBy<KanbanColumn>(workspaces, (workspace) => workspace.kanbanColumn), [workspaces]);
  const wide = useMedia("(min-width: 44rem)");
  const root = useRef<HTMLDivElement>(null);
  useKeptFocus(root);
  const cards = (id: KanbanColumn, hint: string) => {
    const list = split.get(id) ?? [];
    if (list.length === 0) {
      return <p className="rounded-lg border border-dashed border-line px-3 py-6 text-center text-small text-faint">{hint}</p>;
    }
    return (
      <ul className="grid grid-cols-[repeat(auto-fill,minmax(min(100%,19rem),1fr))] gap-2">
        {list.map((workspace) => (
          <li key={workspace.workspaceId} className="grid grid-cols-[minmax(0,1fr)]">
            <Card workspace={workspace} chosen={workspace.workspaceId === chosen} onOpen={onOpen} />
          </li>
        ))}
      </ul>
    );
  };

  if (!wide) return <NarrowBoard ref={root} split={split} cards={cards} />;
  return (
    <div
      ref={root}
      role="presentation"
      onKeyDown={moveByArrows}
      className="grid min-h-0 flex-1 grid-cols-3 gap-px overflow-hidden bg-line/70"
    >
      {columns.map(({ id, title, hint }) => (
        <section
          key={id}
          aria-label={`${title}, ${split.get(id)?.length ?? 0}`}
          data-nav-group
          data-column={id}
          className="flex min-h-0 min-w-0 flex-col bg-canvas"
        >
          <header className="flex h-10 shrink-0 items-center gap-2 px-4">
            <h2 className="font-semibold">{title}</h2>
            <span className="text-small text-faint tabular-nums">{split.get(id)?.length ?? 0}</span>
          </header>
          <div className="min-h-0 flex-1 overflow-y-auto px-3 pt-px pb-4">{cards(id, hint)}</div>
        </section>
      ))}
    </div>
  );
});

interface NarrowProps {
  readonly ref: Ref<HTMLDivElement>;
  readonly split: ReadonlyMap<KanbanColumn, readonly Workspace[]>;
  readonly cards: (id: KanbanColumn, hint: string) => React.ReactNode;
}

function NarrowBoard({ ref, split, cards }: NarrowProps) {
  const count = (id: KanbanColumn) => split.get(id)?.length ?? 0;
  const first = count("WAITING") > 0 || count("WORKING") === 0 ? "WAITING" : "WORKING";
  return (
    <Tabs.Root ref={ref} defaultValue={first} className="flex min-h-0 flex-1 flex-col">
      <Tabs.List aria-label="Column" className="mx-3 mt-2.5 grid shrink-0 grid-cols-3 gap-1 rounded-lg bg-sunken p-1">
        {columns.map(({ id, title }) => (
          <Tabs.Trigger
            key={id}
            value={id}
            className="flex h-8 items-center justify-center gap-1.5 rounded-md font-medium text-soft data-[state=active]:bg-active data-[state=active]:text-ink data-[state=active]:shadow-card"
          >
            {title}
            <span className="text-small text-faint tabular-nums">{count(id)}</span>
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {columns.map(({ id, hint }) => (
        <Tabs.Content
          key={id}
          value={id}
          data-nav-group
          data-column={id}
          onKeyDown={moveByArrows}
          className="min-h-0 flex-1 overflow-y-auto px-3 pt-3 pb-6 data-[state=inactive]:hidden"
        >
          {cards(id, hint)}
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
