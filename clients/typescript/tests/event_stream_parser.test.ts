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
