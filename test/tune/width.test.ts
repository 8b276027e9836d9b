/** Maximal-update parametrization: the standard model at its base width, and moves that do not depend on the width beyond. */
import { describe, expect, test } from "vitest";
import { memoryHost } from "../../src/data/index.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import { type BuiltRun, buildRun, train } from "../../src/train/index.ts";
import { rateFactor } from "../../src/train/width-rates.ts";
import { coordinateCheck } from "../../src/tune/find-lr/coordinates.ts";

const text = new TextEncoder().encode("the quick brown fox jumps over the lazy dog. ".repeat(12));
const mlp = (width: number): object => ({
  data: { source: "lesson-least-squares" },
  model: { kind: "mlp", hidden: [width, width], activation: "tanh" },
  optimizer: { name: "adam", lr: 0.01 },
  batchSize: 32,
  steps: 6,
});
const transformer = (width: number): object => ({
  data: { text: "t.txt", context: 8 },
  model: { kind: "transformer", layers: 1, width, heads: 2 },
  optimizer: { name: "adamw", lr: 0.003 },
  batchSize: 8,
  steps: 6,
});
const build = async (run: object, more: object = {}, optimizer: object = {}): Promise<BuiltRun> => {
  const { model, optimizer: own, ...rest } = run as { model: object; optimizer: object };
  const spec = parseRun({ ...rest, model: { ...model, ...more }, optimizer: { ...own, ...optimizer } });
  return buildRun(spec, { host: memoryHost({ "t.txt": text }), backend: wasm });
};
const kinds = [
  ["mlp", mlp],
  ["transformer", transformer],
] as const;

test("the rates are those of Table 8 of Yang et al. 2022", () => {
  const of = (name: string): number[] => [0, 1, 2].map((axes) => rateFactor(name, axes, 4));
  // tensors that do not grow, vectors (fan-in or fan-out grows), matrices (both)
  expect(of("sgd")).toEqual([1, 4, 1]);
  for (const name of ["adam", "adamw", "lion"]) expect(of(name)).toEqual([1, 1, 1 / 4]);
});

describe.each(kinds)("%s", (_, run) => {
  test("at its base width it is the standard model, to the bit", async () => {
    const plain = await build(run(16));
    const mup = await build(run(16), { parametrization: "mup", baseWidth: 16 });
    for (const one of [plain, mup]) await train(one);
    expect(mup.step.state.map((t) => [...t.values])).toEqual(plain.step.state.map((t) => [...t.values]));
  });

  test("the width does not decide how far the output moves, as it does in the standard one", async () => {
    const moved = async (width: number, more: object): Promise<number> => {
      const moves = coordinateCheck(await build(run(width), more));
      return moves.at(-1)!.change;
    };
    const mup = { parametrization: "mup", baseWidth: 16 };
    const growth = (await moved(128, {})) / (await moved(16, {}));
    const grown = (await moved(128, mup)) / (await moved(16, mup));
    expect(growth).toBeGreaterThan(2.5);
    expect(grown).toBeGreaterThan(0.5);
    expect(grown).toBeLessThan(2);
  });
});

test.each([
  ["soap", {}, "how the rates of soap follow the width is not known"],
  ["adamw", { groups: [{ params: "*", lr: 1 }] }, "groups of its own"],
])("refuses what does not go together: %s", async (name, more, message) => {
  const run = build({ ...mlp(16), ...more, optimizer: { name, lr: 0.01 } }, { parametrization: "mup" });
  await expect(run).rejects.toThrow(message);
});
