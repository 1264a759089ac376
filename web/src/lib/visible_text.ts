// Characters that turn the text around them or mark its direction, and are themselves not seen.
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** A name as it may be shown: nothing in it can rearrange what stands beside it, and what tries to is seen. */
export function visible(text: string): string {
  return text.replace(turning, "\ufffd");
}
