import type { Workspace } from "@snapboard/client";
import { useSyncExternalStore } from "react";
import { setRatchet } from "../lib/commands.ts";
import { RatchetSwitches } from "../lib/ratchet_switch.ts";

const switches = new RatchetSwitches(setRatchet);

/** The switch, where there is a worktree to fix something in. */
export function AutoFix({ workspace }: { workspace: Workspace }) {
  const { workspaceId } = workspace;
  const on = useSyncExternalStore(switches.subscribe, () => switches.shown(workspace));
  const error = useSyncExternalStore(switches.subscribe, () => switches.error(workspaceId));
  if (workspace.worktreePath === null) return on ? "on" : "off";
  return (
    <span className="flex flex-col items-start gap-1">
      <button
        type="button"
        role="switch"
        aria-checked={on}
        aria-label="Auto-fix"
        onClick={() => switches.turn(workspaceId, !on)}
        className="rounded-md border border-line px-2 hover:bg-hover"
      >
        {on ? "on" : "off"}
      </button>
      {error !== null && (
        <span role="alert" className="text-small text-danger">
          Not switched: {error}
        </span>
      )}
    </span>
  );
}
