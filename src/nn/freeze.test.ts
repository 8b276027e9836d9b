import { expect, test } from "vitest";
import { square, sub, sum } from "../engine/graph/index.ts";
import { adamw } from "../optim/index.ts";
import { stream } from "../random/index.ts";
import { trainStep } from "../train/program.ts";
import { batchNorm, freeze, keepsStatistics, linear, relu, sequential, streamInit } from "./index.ts";
import { initBuffers, initParams } from "./init.ts";

const net = () => sequential(linear(3, 4), relu(), linear(4, 4), batchNorm(4), linear(4, 1));
const frozenBy = (...patterns: string[]): readonly string[] => freeze(net(), patterns).frozen ?? [];

test("a pattern is a name, a module, or has * for any characters", () => {
  expect(frozenBy("0.weight")).toEqual(["0.weight"]);
  expect(frozenBy("0")).toEqual(["0.weight", "0.bias"]);
  expect(frozenBy("*.bias")).toEqual(["0.bias", "2.bias", "3.bias", "4.bias"]);
  expect(frozenBy("2.*", "0.bias")).toEqual(["0.bias", "2.weight", "2.bias"]);
  expect(() => freeze(net(), ["1"])).toThrow(/no parameter is called "1"/);
  expect(() => freeze(net(), ["0.wieght"])).toThrow(
    expect.objectContaining({ help: 'did you mean "0.weight"?' }),
  );
  expect(() => freeze(net(), ["*"])).toThrow(/nothing to train/);
});

test("the same seed gives the same initial values", () => {
  const values = (layer: ReturnType<typeof net>) => {
    const random = streamInit(stream(1, "init"));
    return { ...initParams(layer, random), ...initBuffers(layer, random) };
  };
  expect(values(freeze(net(), ["0", "4.bias"]))).toEqual(values(net()));
});

test("what is frozen has no state and does not move; the rest does, and statistics do", () => {
  const model = freeze(net(), ["0", "3.bias"]);
  expect(keepsStatistics(model)).toBe(true);
  expect(keepsStatistics(freeze(linear(2, 1), ["bias"]))).toBe(false);
  const step = trainStep({
    model,
    loss: (out, { y }) => sum(square(sub(out, y))),
    optimizer: adamw({ lr: 0.1, weightDecay: 0.5 }),
    batch: { x: [5, 3], y: [5, 1] },
  });
  expect(step.state.filter((t) => /optimizer.*(\.0\.|3\.bias)/.test(t.name))).toEqual([]);
  const before = new Map(step.state.map((t) => [t.name, [...t.values]]));
  const draw = stream(2, "x");
  step({ x: draw.normal(15), y: draw.normal(5) });
  const moved = step.state.filter((t) => String([...t.values]) !== String(before.get(t.name)));
  expect(moved.map((t) => t.name).filter((name) => !name.startsWith("optimizer."))).toEqual([
    "param.2.weight", "param.2.bias", "param.3.weight", "param.4.weight", "param.4.bias",
    "buffer.3.running_mean", "buffer.3.running_var",
  ]); // biome-ignore format: a list
});
