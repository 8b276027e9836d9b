/** Rates of groups on least squares, where each group's limit is known: 2 over its own largest curvature. */
import { expect, test } from "vitest";
import { memoryHost } from "../../data/memory-host.ts";
import { wasm } from "../../engine/backends/wasm.ts";
import { parseRun } from "../../run/parse-run.ts";
import type { RunSpec } from "../../run/spec.ts";
import { type BuiltRun, buildRun } from "../../train/index.ts";
import { findLr } from "./find-lr.ts";
import { findGroupRates, type GroupRates } from "./groups.ts";

// a feature of ±0.01: the weight's curvature is 2e-4, the bias's 2, and they don't mix
const rows = Array.from({ length: 32 }, (_, i) => {
  const x = i % 2 === 0 ? 0.01 : -0.01;
  return `${x},${3 + 200 * x + 0.1 * (i % 4 < 2 ? 1 : -1)}`;
});
const csv = `x,y\n${rows.join("\n")}`;
const host = memoryHost({ "a.csv": csv });
const build = (spec: RunSpec): Promise<BuiltRun> => buildRun(spec, { host, backend: wasm });
const declared = (more: Readonly<Record<string, unknown>> = {}): Promise<BuiltRun> =>
  build(
    parseRun({
      data: { csv: "a.csv", target: "y", task: "regression" },
      model: { kind: "linear" },
      optimizer: { name: "sgd", lr: 0.1 },
      groups: [{ params: ["*.weight"], lr: 0.2 }],
      batchSize: "full",
      steps: 40,
      ...more,
    }),
  );
const search = async (spec: RunSpec, _: string, budget: number) =>
  findLr(await build(spec), { budget, sweep: false, curvature: false });

/** Loss after the whole run at these rates. */
async function lossAt(run: BuiltRun, bias: number, weight: number): Promise<number> {
  const { spec } = run;
  const groups = [{ ...spec.groups![0]!, lr: weight }];
  const at = await build({ ...spec, optimizer: { ...spec.optimizer, lr: bias }, groups });
  let loss = Number.NaN;
  for (let k = 0; k <= 40; k++) loss = at.advance(k, at.rate.lrAt(Math.min(k, 39))).loss;
  return loss;
}

test.each(["constant", "cosine-annealing"])("each group gets its own rate, with %s", async (schedule) => {
  const run = await declared({ schedule });
  const found = (await findGroupRates(run, { search })) as GroupRates;
  const [weight, bias] = found.groups;
  expect([weight!.params, bias!.params]).toEqual([["*.weight"], null]);
  expect([weight!.before, bias!.before]).toEqual([0.2, 0.1]);
  expect(bias!.lr).toBeLessThan(1);
  expect(weight!.lr).toBeLessThan(1e4);
  expect(weight!.lr).toBeGreaterThan(200);
  // the common factor can't raise the weight's rate beyond twice the bias's limit
  const together = found.together.suggestion!;
  const before = await lossAt(run, together, 2 * together);
  expect(await lossAt(run, bias!.lr, weight!.lr)).toBeLessThan(0.02 * before);
  // each search may cost one training more where all stay on a plateau
  expect(found.cost).toBeLessThan(found.budget + 3);
});

test("a group with a schedule of its own is left", async () => {
  const groups = [{ params: ["*.weight"], lr: 500, schedule: "constant" }];
  const found = await findGroupRates(await declared({ groups }), { search, budget: 8 });
  expect(found!.groups[0]).toMatchObject({ before: 500, lr: 500, spread: null });
  expect(found!.groups[1]!.lr).toBeLessThan(1);
});

test("with groups that take everything there is no rest, and a rate as good as the best stays in its ratio", async () => {
  const groups = [
    { params: ["*.weight"], lr: 400 },
    { params: ["*.bias"], lr: 0.04 },
  ];
  const found = await findGroupRates(await declared({ groups }), { search });
  const [weight, bias] = found!.groups;
  expect(found!.groups).toHaveLength(2);
  expect(weight!.lr / bias!.lr).toBeCloseTo(1e4, 3);
});

test.each([
  [{ groups: undefined }, {}, "the run has none"],
  [
    { batchSize: { sizes: [8, 16], starts: [0, 8], unit: "steps", lrScaling: "sqrt" } },
    {},
    "don't follow optimizer.lr alone",
  ],
  [{}, { budget: 2 }, "--budget 3 or more"],
])("%j, %j is refused", async (more, options, words) => {
  const error = await findGroupRates(await declared(more), { search, ...options }).catch(
    (e) => e as Error & { help: string },
  );
  expect(`${(error as Error).message} ${(error as { help?: string }).help}`).toContain(words);
});
