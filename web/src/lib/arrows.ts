import type { KeyboardEvent } from "react";

/**
 * Arrow keys move between the controls marked `data-nav`: up and down inside a group, left and right to the group
 * beside it (`data-nav-group`).
 */
export function moveByArrows(event: KeyboardEvent<HTMLElement>): void {
  const { key, currentTarget } = event;
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (!["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"].includes(key)) return;
  const focused = document.activeElement;
  if (!(focused instanceof HTMLElement) || !("nav" in focused.dataset)) return;

  const groups = [...currentTarget.querySelectorAll<HTMLElement>("[data-nav-group]")];
  const controls = (group: Element) => [...group.querySelectorAll<HTMLElement>("[data-nav]")];
  const group = groups.findIndex((candidate) => candidate.contains(focused));
  if (group < 0) return;
  const row = controls(groups[group]!).indexOf(focused);

  let next: HTMLElement | undefined;
  if (key === "ArrowUp" || key === "ArrowDown") {
    next = controls(groups[group]!)[row + (key === "ArrowDown" ? 1 : -1)];
  } else {
    const direction = key === "ArrowRight" ? 1 : -1;
    for (let at = group + direction; at >= 0 && at < groups.length && !next; at += direction) {
      const there = controls(groups[at]!);
      next = there[Math.min(row, there.length - 1)];
    }
  }
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}
