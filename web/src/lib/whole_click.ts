import type { MouseEvent } from "react";

/**
 * Whether a click inside a card or a row means all of it: everything but a link does. The keyboard's way in is the button
 * inside, whose click arrives here too; nothing lies over the facts, so each of them can be pointed at.
 */
export function isOnWhole({ target }: MouseEvent): boolean {
  return target instanceof Element && target.closest("a") === null;
}
