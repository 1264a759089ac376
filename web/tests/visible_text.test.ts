import { expect, test } from "vitest";
import { visible } from "../src/lib/visible_text.ts";

test("what turns a text around is seen, whatever else it holds", () => {
  expect(visible("fix\u202egnp.exe")).toBe("fix\ufffdgnp.exe");
  for (const code of [0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069]) {
    expect(visible(`a${String.fromCharCode(code)}b`)).toBe("a\ufffdb");
  }
  for (const text of ["مساحة-عمل", "שם עברי", "日本語ブランチ", "👩‍💻 pair", "plain"]) expect(visible(text)).toBe(text);
});
