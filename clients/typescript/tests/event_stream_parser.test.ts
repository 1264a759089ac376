import { expect, test } from "vitest";
import { EventStreamParser } from "../src/transports/event_stream_parser.ts";

const stream = ': hello\nid: c1\ndata: {"a":1}\n\nid: c2\r\ndata: one\r\ndata:two\r\n\r\nevent: x\n\ndata: half';

test("events are the same wherever the stream is cut", () => {
  for (let cut = 0; cut <= stream.length; ++cut) {
    const parser = new EventStreamParser();
    const events = [...parser.take(stream.slice(0, cut)), ...parser.take(stream.slice(cut))];
    expect(events).toEqual(['{"a":1}', "one\ntwo"]);
  }
});

test("an event of many pieces costs no more than its length", () => {
  const parser = new EventStreamParser();
  const [piece, pieces] = ["x".repeat(16_384), 1_024];
  const begun = performance.now();
  parser.take("data: ");
  for (let i = 0; i < pieces; ++i) expect(parser.take(piece)).toEqual([]);
  expect(parser.take("\n\n")[0]).toHaveLength(piece.length * pieces);
  expect(performance.now() - begun).toBeLessThan(3_000);
});
