// The table at the end of a measurement: what was measured beside what is wanted. Part of ./dev bench.
import { after } from "node:test";

const rows = [];

export const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];

/** `measured` against its target, which is a least or a most. */
export function row(what, { measured, target, least = false }) {
  rows.push({ what, measured, target: `${least ? ">=" : "<="} ${target}`, met: least ? measured >= target : measured <= target });
}

after(() => {
  const width = Math.max(...rows.map(({ what }) => what.length));
  console.log(`\n${"what".padEnd(width)} | measured | target     | met`);
  for (const { what, measured, target, met } of rows) {
    const text = measured >= 1_000 ? measured.toFixed(0) : measured.toPrecision(3);
    console.log(`${what.padEnd(width)} | ${text.padStart(8)} | ${target.padEnd(10)} | ${met ? "yes" : "no"}`);
  }
});
