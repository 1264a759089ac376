import { afterEach, expect, test, vi } from "vitest";
import { listProjects } from "../src/api.ts";

afterEach(() => void vi.unstubAllGlobals());

const list = (answer: () => Response) => {
  vi.stubGlobal("fetch", async () => answer());
  return listProjects("http://127.0.0.1:7420", null);
};
const cutOff = () => new Response(new ReadableStream({ start: (body) => body.error(new TypeError("terminated")) }));

test.each([
  ["a page", () => new Response("<!doctype html>")],
  ["nothing", () => new Response("")],
  ["no list", () => new Response("{}")],
  ["the half of it", cutOff],
])("a list of projects that is %s is an ApiError as any other", async (_, answer) => {
  await expect(list(answer)).rejects.toMatchObject({ name: "ApiError", refusal: "other", status: 200 });
});

test("a row without an id costs itself only", async () => {
  const rows = [null, 7, { name: "x" }, { id: 7 }, { id: "p1", name: "one" }];
  expect(await list(() => new Response(JSON.stringify(rows)))).toEqual([{ id: "p1", name: "one" }]);
});

test("a refusal says when to come back, within bounds", async () => {
  const refused = (retryAfter: string) => () => new Response('{"detail":"not yet"}', { status: 503, headers: { "retry-after": retryAfter } });
  await expect(list(refused("1"))).rejects.toMatchObject({ message: "not yet", refusal: "not_ready", retryAfterMs: 1_000 });
  await expect(list(refused("-1"))).rejects.toMatchObject({ retryAfterMs: null });
  await expect(list(refused("1e9"))).rejects.toMatchObject({ retryAfterMs: 30_000 });
});
