import type { ProjectRow } from "@snapboard/client";
import { DropdownMenu } from "radix-ui";
import { plural } from "../lib/facts.ts";
import { visible } from "../lib/visible_text.ts";
import { CheckIcon, ChevronIcon, WarningIcon } from "./icons.tsx";

interface ProjectPickerProps {
  readonly projects: readonly ProjectRow[];
  readonly current: ProjectRow;
  readonly onChoose: (projectId: string) => void;
  /** Called when the list is opened, so that its counts are fresh. */
  readonly onOpen: () => void;
}

/** The name of the project, and a way to another one when there is one. */
export function ProjectPicker({ projects, current, onChoose, onOpen }: ProjectPickerProps) {
  if (projects.length < 2) {
    return (
      <span dir="auto" className="truncate text-title font-semibold" title={visible(current.name)}>
        {visible(current.name)}
      </span>
    );
  }
  return (
    <DropdownMenu.Root modal={false} onOpenChange={(open) => open && onOpen()}>
      <DropdownMenu.Trigger className="-ml-1.5 inline-flex min-w-0 items-center gap-1 rounded-md px-1.5 py-0.5 hover:bg-hover">
        <span dir="auto" className="truncate text-title font-semibold">
          {visible(current.name)}
        </span>
        <span className="sr-only">, choose a project</span>
        <ChevronIcon className="shrink-0 text-faint" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="start"
          sideOffset={6}
          collisionPadding={8}
          className="z-50 max-h-[min(24rem,var(--radix-dropdown-menu-content-available-height))] w-72 max-w-[calc(100vw-1rem)] animate-fade overflow-y-auto rounded-lg border border-line bg-raised p-1 shadow-high"
        >
          <DropdownMenu.RadioGroup value={current.id} onValueChange={onChoose}>
            {projects.map((project) => (
              <DropdownMenu.RadioItem
                key={project.id}
                value={project.id}
                className="grid grid-cols-[1rem_minmax(0,1fr)_auto] items-center gap-x-2 rounded-md px-2 py-1.5 outline-none data-[highlighted]:bg-hover"
              >
                <DropdownMenu.ItemIndicator className="text-accent">
                  <CheckIcon />
                </DropdownMenu.ItemIndicator>
                <span dir="auto" className="col-start-2 truncate text-left font-medium">
                  {visible(project.name)}
                </span>
                {project.problem ? (
                  <WarningIcon className="text-danger" />
                ) : (
                  <span className="text-small text-faint tabular-nums" title={plural(project.workspaceCount, "workspace")}>
                    {project.workspaceCount}
                  </span>
                )}
                <span className="col-start-2 truncate text-small text-faint" title={project.repoPath ?? undefined}>
                  {project.repoPath ?? "no repository here"}
                </span>
              </DropdownMenu.RadioItem>
            ))}
          </DropdownMenu.RadioGroup>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}
