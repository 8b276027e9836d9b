import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { firstOddLine } from "./node-metrics.ts";

const path = join(mkdtempSync(join(tmpdir(), "steepest-metrics-")), "metrics.jsonl");
const HEAD = '{"schema":"steepest.metrics/1","name":"t"}';
const line = (step: number): string => `{"step":${step},"loss":${1 / step}}`;

test.each<[string, readonly string[], number | null]>([
  ["as a run writes it", [HEAD, line(1), line(2), line(2), line(5)], null],
  ["without its first line", [line(1), line(2)], 1],
  ["twice", [HEAD, line(1), line(2), HEAD, line(1), line(2)], 4],
  ["in another order", [HEAD, line(2), line(1)], 3],
  ["with a line of something else", [HEAD, line(1), "garbage", line(2)], 3],
  ["with other line ends", [`${HEAD}\r`, `${line(1)}\r`], 2],
])("a file %s", (_, lines, odd) => {
  writeFileSync(path, lines.map((text) => `${text}\n`).join(""));
  expect(firstOddLine(path)).toBe(odd);
});

test("a folder in its place is named", () => {
  expect(() => firstOddLine(join(path, ".."))).toThrow("is no file");
});
