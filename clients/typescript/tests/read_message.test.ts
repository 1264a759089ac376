import { expect, test } from "vitest";
import { readMessage } from "../src/read_message.ts";

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);

test.each([
  ["", "a frame that is not JSON"],
  ["null", "a frame that is not an object"],
  ["[]", "a frame that is not an object"],
  ['{"type":"news"}', "a message of type news"],
  ["{}", "a message of type undefined"],
  ['{"type":{"toString":1,"valueOf":1}}', 'a message of type {"toString":1,"valueOf":1}'],
  [`{"type":${nested(100_000)}}`, "a message of type something nested too deeply"],
  ['{"type":"welcome","epoch":1}', "a welcome without epoch"],
  ['{"type":"batch","from":"0","to":1,"cursor":"c","ops":[]}', "a batch without its place"],
  ['{"type":"batch","from":0,"to":1,"cursor":"c","ops":[null]}', "a batch with an op that cannot be read"],
  ['{"type":"mark","revision":1}', "a mark without its place"],
])("frame %# cannot be read, and throws nothing", (frame, why) => {
  expect(readMessage(frame)).toEqual({ kind: "unreadable", why });
});
