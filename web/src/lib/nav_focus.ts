import { useLayoutEffect, type RefObject } from "react";

/** Where the focus goes when what had it is no more. */
export const mainId = "main";

/** The control that opens a workspace, inside `root`. It carries the workspace's id as `data-nav`. */
export function navOf(root: ParentNode, workspaceId: string): HTMLElement | undefined {
  return [...root.querySelectorAll<HTMLElement>("[data-nav]")].find((control) => control.dataset.nav === workspaceId);
}

/**
 * Keeps the focus on a workspace of the view under `root` whose control is made anew in another place, as it happens
 * when the workspace changes its column. Of one that left the view the main region takes it over.
 */
export function useKeptFocus(root: RefObject<HTMLElement | null>): void {
  const focused = document.activeElement;
  const held = focused instanceof HTMLElement && root.current?.contains(focused) ? focused : null;
  useLayoutEffect(() => {
    const id = held?.dataset.nav;
    if (id === undefined || held?.isConnected || !root.current) return;
    (navOf(root.current, id) ?? document.getElementById(mainId))?.focus({ preventScroll: true });
  });
}
