import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

const css = readFileSync(new URL("../src/styles.css", import.meta.url), "utf8");
const darkAt = css.indexOf("@media (prefers-color-scheme: dark)");
const colours = (text: string) => new Map([...text.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value]));
const schemes = [
  ["light", colours(css.slice(0, darkAt))],
  ["dark", colours(css.slice(darkAt, css.indexOf("@theme")))],
] as const;

/** Of WCAG 2.2. */
function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [a, b].map(luminance).sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}
function luminance(colour: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5]
    .map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

const grounds = ["canvas", "raised", "sunken", "hover", "chosen", "active"];
const texts = ["ink", "soft", "faint", "accent", "working", "waiting", "attention", "success", "danger"];

test.each(schemes)("%s: every text is readable on every ground it may stand on, and a field has an edge", (_, scheme) => {
  const of = (name: string) => scheme.get(name) ?? expect.fail(`no colour ${name}`);
  const faint: string[] = [];
  const need = (front: string, ground: string, least: number) => {
    const ratio = contrast(of(front), of(ground));
    if (ratio < least) faint.push(`${front} on ${ground}: ${ratio.toFixed(2)}`);
  };
  for (const text of texts) for (const ground of grounds) need(text, ground, 4.5);
  for (const text of ["faint", "soft", "ink"]) need(text, "neutral-tint", 4.5);
  for (const tone of ["working", "waiting", "attention", "success", "danger"]) need(tone, `${tone}-tint`, 4.5);
  for (const ground of ["canvas", "raised", "sunken"]) need("line-field", ground, 3);
  expect(faint).toEqual([]);
});
