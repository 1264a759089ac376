import type { ProjectRow } from "@snapboard/client";
import { useProject, useWorkspace } from "@snapboard/client/react";
import { Dialog, Tabs } from "radix-ui";
import { useCallback, useEffect, useRef, useState } from "react";
import { client } from "../client.ts";
import { countAsking, problemTitle, troublesOf } from "../lib/facts.ts";
import { useMedia } from "../lib/media.ts";
import { mainId } from "../lib/nav_focus.ts";
import { closeWorkspace, openWorkspace, setUrlState, useUrlState } from "../lib/url_state.ts";
import { visible } from "../lib/visible_text.ts";
import { Archived } from "./archived.tsx";
import { Backdrop } from "./backdrop.tsx";
import { Board } from "./board.tsx";
import { ConnectionBanner, ConnectionDot, ConnectionLine } from "./connection.tsx";
import { Details } from "./details.tsx";
import { Empty, Loading } from "./empty.tsx";
import { BoardIcon, CrossIcon, ListIcon, Mark, MenuIcon } from "./icons.tsx";
import { List } from "./list.tsx";
import { NewWorkspace } from "./new_workspace.tsx";
import { NoSuchProject } from "./no_such_project.tsx";
import { ProjectPicker } from "./project_picker.tsx";
import { Sidebar } from "./sidebar.tsx";
import { SourceNotes } from "./source_notes.tsx";

interface ProjectPageProps {
  readonly projects: readonly ProjectRow[];
  readonly project: ProjectRow;
  /** Asks for the projects again. */
  readonly onRefresh: () => void;
}

/** One project, live: sidebar, board or list, and the details of one workspace. All read the same store. */
export function ProjectPage({ projects, project, onRefresh }: ProjectPageProps) {
  const state = useProject(client, project.id);
  const { view, workspace: chosen } = useUrlState();
  const detailed = useWorkspace(client, project.id, chosen);
  const railed = useMedia("(min-width: 56rem)");
  const { workspaces, connection } = state;

  const gone = connection.reason === "unknown_project";
  useEffect(() => {
    if (gone) onRefresh();
  }, [gone, onRefresh]);

  // What the project's row says goes with these: another server, the first or the last workspace, trouble with any.
  const hints = state.hasBaseline ? JSON.stringify([state.epoch, workspaces.length === 0, troublesOf(workspaces)]) : null;
  const knownHints = useRef(hints);
  useEffect(() => {
    if (knownHints.current !== null && hints !== knownHints.current) onRefresh();
    knownHints.current = hints;
  }, [hints, onRefresh]);

  const asking = gone ? 0 : countAsking(workspaces);
  useEffect(() => {
    document.title = `${asking > 0 ? `(${asking}) ` : ""}${visible(project.name)} · Snapboard`;
  }, [asking, project.name]);

  const onChoose = useCallback((id: string) => setUrlState({ project: id, workspace: null }), []);
  const picker = <ProjectPicker projects={projects} current={project} onChoose={onChoose} onOpen={onRefresh} />;
  const footer = (
    <>
      <ConnectionLine connection={connection} updatedAt={state.updatedAt} />
      <SourceNotes sources={state.sources} />
      {!project.external && <Archived projectId={project.id} onBack={openWorkspace} />}
    </>
  );
  const sidebar = <Sidebar workspaces={workspaces} chosen={chosen} onOpen={openWorkspace} />;

  if (gone) return <NoSuchProject others={projects.filter(({ id }) => id !== project.id)} seen />;
  return (
    <Tabs.Root
      value={view}
      onValueChange={(next) => setUrlState({ view: next === "list" ? "list" : "board" })}
      className={`flex h-full min-w-0 ${chosen === null ? "" : "2xl:pr-[26rem]"}`}
    >
      <a
        href={`#${mainId}`}
        className="absolute top-2 left-2 z-50 -translate-y-16 rounded-md bg-accent px-3 py-1.5 font-medium text-canvas focus:translate-y-0"
      >
        Skip to the workspaces
      </a>
      {railed && (
        <aside className="flex w-66 shrink-0 flex-col border-r border-line bg-sunken">
          <div className="flex h-12 shrink-0 items-center gap-2.5 px-4">
            <Mark />
            {picker}
          </div>
          {sidebar}
          <footer className="shrink-0 border-t border-line px-4 py-2.5">{footer}</footer>
        </aside>
      )}
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="flex h-12 shrink-0 items-center gap-2 border-b border-line px-3 rail:px-4">
          {railed ? (
            <span className="min-w-0 truncate font-mono text-small text-faint" title={project.repoPath ?? undefined}>
              {project.repoPath ?? "no repository here"}
            </span>
          ) : (
            <>
              <Drawer footer={footer} title={project.name}>
                {sidebar}
              </Drawer>
              {picker}
            </>
          )}
          <span className="ml-auto flex shrink-0 items-center gap-3">
            {!railed && <ConnectionDot connection={connection} />}
            {!project.external && <NewWorkspace project={project} onMade={openWorkspace} />}
            <Tabs.List aria-label="View" className="flex gap-0.5 rounded-lg bg-sunken p-0.5">
              <ViewTab value="board" title="Board" Icon={BoardIcon} />
              <ViewTab value="list" title="List" Icon={ListIcon} />
            </Tabs.List>
          </span>
        </header>
        <ConnectionBanner connection={connection} onRetry={client.project(project.id).retryNow} />
        {project.problem && workspaces.length > 0 && (
          <p role="alert" className="shrink-0 border-b border-line bg-danger-tint px-4 py-1.5 text-small text-danger">
            <span className="font-medium">{problemTitle(project.problem.code)}.</span> {project.problem.message}
          </p>
        )}
        <main id={mainId} tabIndex={-1} className="flex min-h-0 flex-1 flex-col outline-none">
          {(["board", "list"] as const).map((tab) => (
            <Tabs.Content
              key={tab}
              value={tab}
              tabIndex={-1}
              className="flex min-h-0 flex-1 flex-col outline-none data-[state=inactive]:hidden"
            >
              {workspaces.length === 0 ? (
                <NoWorkspaces project={project} hasBaseline={state.hasBaseline} reason={connection.reason} />
              ) : tab === "board" ? (
                <Board workspaces={workspaces} chosen={chosen} onOpen={openWorkspace} />
              ) : (
                <List workspaces={workspaces} chosen={chosen} onOpen={openWorkspace} />
              )}
            </Tabs.Content>
          ))}
        </main>
      </div>
      {chosen !== null && state.hasBaseline && (
        <Details workspaceId={chosen} workspace={detailed} canChange={!project.external} onClose={closeWorkspace} />
      )}
    </Tabs.Root>
  );
}

function ViewTab({ value, title, Icon }: { value: string; title: string; Icon: typeof BoardIcon }) {
  return (
    <Tabs.Trigger
      value={value}
      aria-label={title}
      className="inline-flex h-7 items-center gap-1.5 rounded-md px-2 text-small font-medium text-soft data-[state=active]:bg-active data-[state=active]:text-ink data-[state=active]:shadow-card"
    >
      <Icon />
      <span className="hidden sm:inline">{title}</span>
    </Tabs.Trigger>
  );
}

/** The sidebar on a narrow screen. */
function Drawer({ title, children, footer }: { title: string; children: React.ReactNode; footer: React.ReactNode }) {
  const { workspace } = useUrlState();
  const [open, setOpen] = useState(false);
  useEffect(() => setOpen(false), [workspace]);
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger
        aria-label="Workspaces"
        className="-ml-1 grid size-8 shrink-0 place-items-center rounded-md text-soft hover:bg-hover hover:text-ink"
      >
        <MenuIcon width={16} height={16} />
      </Dialog.Trigger>
      <Dialog.Portal>
        <Backdrop />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed inset-y-0 left-0 z-40 flex w-[min(19rem,86vw)] animate-enter-left flex-col border-r border-line bg-sunken shadow-high outline-none"
        >
          <div className="flex h-12 shrink-0 items-center gap-2.5 px-4">
            <Mark />
            <Dialog.Title dir="auto" className="min-w-0 truncate text-title font-semibold">
              {visible(title)}
            </Dialog.Title>
            <Dialog.Close
              aria-label="Close"
              className="-mr-1.5 ml-auto grid size-8 place-items-center rounded-md text-faint hover:bg-hover hover:text-ink"
            >
              <CrossIcon />
            </Dialog.Close>
          </div>
          {children}
          <footer className="shrink-0 border-t border-line px-4 py-2.5">{footer}</footer>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

interface NoWorkspacesProps {
  readonly project: ProjectRow;
  readonly hasBaseline: boolean;
  readonly reason: string | null;
}

function NoWorkspaces({ project, hasBaseline, reason }: NoWorkspacesProps) {
  if (!hasBaseline) return <Loading what={reason === "not_ready" ? "The server is starting" : "Reading the workspaces"} />;
  if (project.problem) {
    return (
      <Empty title={problemTitle(project.problem.code)} role="alert">
        <p>{project.problem.message}</p>
        {project.repoPath !== null && <p className="font-mono text-small break-all">{project.repoPath}</p>}
      </Empty>
    );
  }
  if (project.external) {
    return (
      <Empty title="No workspaces yet">
        <p>This project has no repository here. Its workspaces appear when their producer reports them.</p>
      </Empty>
    );
  }
  return (
    <Empty title="No worktrees yet" command="git worktree add ../my-feature -b my-feature">
      <p>Every worktree of this repository appears here by itself, the moment git makes it.</p>
    </Empty>
  );
}
