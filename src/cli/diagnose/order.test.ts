import { expect, it } from "vitest";
import { at, makeLog } from "../../../test/diagnose/make-log.ts";
import type { RunLog } from "../../run/log.ts";
import { realFirst } from "./order.ts";

const run = (source: string, name: string, points: number): RunLog => ({
  ...makeLog(points > 0 ? { loss: () => 1 } : {}, { points, more: [at("other", [0, 1], [1, 2])] }),
  source,
  run: name,
});
const order = (logs: readonly RunLog[]): string[] => realFirst(logs).map((l) => `${l.source} ${l.run}`);

it("tells a run with a curve before the pieces beside it, and keeps everything else in its order", () => {
  expect(
    order([run("a", "piece", 3), run("a", "none", 0), run("a", "real", 200), run("b", "real", 50)]),
  ).toEqual(["a real", "a piece", "a none", "b real"]);
  expect(order([run("a", "first", 20), run("a", "second", 300)])).toEqual(["a first", "a second"]);
  expect(order([run("a", "short", 3), run("b", "long", 300)])).toEqual(["a short", "b long"]);
});
