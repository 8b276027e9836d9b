/** What the test asks a page for, in the page. */
import type { ProgramSpec } from "../../src/engine/backend.ts";
import { type WebGpuBackend, webgpuBackend } from "../../src/engine/backends/webgpu.ts";
import {
  type Expr,
  input,
  matmul,
  permute,
  reshape,
  type Shape,
  sin,
  sum,
  windows,
} from "../../src/engine/graph/index.ts";
import { chooseBackend, describeBackends } from "../../src/engine/registry.ts";
import { gradients as gradientsOf } from "../../src/engine/rules/differentiate.ts";
import { type Case, longSum, primitiveCases, wholeCases } from "../conformance/cases.ts";
import { gradientCases } from "../conformance/gradient-cases.ts";
import { float } from "../conformance/harness.ts";
import { disagreements } from "./late.ts";
import { buffersAlive, goesOnAfterLoss, outlivesDevice, stepsLikeWasm, transformerLosses } from "./steps.ts";

let opened: Promise<WebGpuBackend> | null = null;
const backend = (): Promise<WebGpuBackend> => (opened ??= webgpuBackend());

/** Of many cases that differ in size alone each third: a pipeline takes a software adapter a tenth of a second. */
const thinned = /over every choice of axes|matmul|argmax/;

const product = (a: Shape, b: Shape): Case => ({
  given: [float(a, "float32"), float(b, "float32", { seed: 5 })],
  build: (x, y) => matmul(x!, y!),
  options: { toMax: true },
});

/** Its column matrix is stored nowhere: the product reads the windows. */
const convolution: Case = {
  given: [float([2, 3, 9, 9], "float32"), float([20, 27], "float32", { seed: 5 })],
  build: (x, w) => {
    const seen = permute(windows(x!, { sizes: [3, 3] }), [1, 4, 5, 0, 2, 3]);
    return matmul(w!, reshape(seen, [27, 2 * 7 * 7]));
  },
  options: { toMax: true },
};

/** Those whose kernels differ from their values': what is moved, chosen, multiplied or gathered. */
const ofTheirOwn = [
  "div", "max", "amax", "logSoftmax", "matmul, transposed", "matmul, batched with a stretched operand", "slice", "pad", "concat",
  "gather", "scatterAdd", "windows", "foldWindows",
]; // biome-ignore format: a list

const gradients = (): Case[] =>
  ofTheirOwn.map((name) => {
    const { x, y = [1], f } = gradientCases[name]!;
    return {
      given: [x, y].map((shape, i) => float(shape, "float32", { seed: 11 + i })),
      build: (...leaves) => gradientsOf(sum(f(leaves[0]!, leaves[1]!)), leaves),
      options: { toMax: true, tol: 1e-5 },
    };
  });

const checks = {
  adapter: async (): Promise<string[]> => [(await backend()).adapter],
  primitives: async (): Promise<string[]> => {
    const groups = Object.entries({
      ...primitiveCases("float32"),
      ...wholeCases,
      "a million terms": [longSum("float32")],
    });
    const cases = groups.flatMap(([name, list]) =>
      thinned.test(name) ? list.filter((_, i) => i % 3 === 0) : list,
    );
    return disagreements(await backend(), [
      ...cases,
      product([70, 41], [41, 90]),
      product([6, 700], [700, 5]),
      convolution,
    ]);
  },
  gradients: async (): Promise<string[]> => disagreements(await backend(), gradients()),
  /** Other ways to make products than this adapter's own. */
  products: async (): Promise<string[]> => {
    const few = [product([70, 41], [41, 90]), product([6, 700], [700, 5]), convolution];
    const shapes = primitiveCases("float32")["matmul: shapes, transposes, batches, views"]!;
    const wrong: string[] = [];
    for (const [options, cases] of [
      [{ barriers: "cheap" }, [...shapes.filter((_, i) => i % 12 === 11), ...few]],
      [{ barriers: "slow", quads: false }, few],
    ] as const) {
      const other = await webgpuBackend(options);
      wrong.push(...(await disagreements(other, cases)).map((w) => `${JSON.stringify(options)}: ${w}`));
      other.close();
    }
    return wrong;
  },
  /** What `auto` takes for a step, for one that the device refuses, and for callers who don't wait. */
  auto: async (): Promise<string[]> => {
    const [x, double] = [input("x", [300]), input("x", [300], "float64")];
    const programOf = (e: Expr): ProgramSpec => ({
      inputs: [e as typeof x],
      state: [],
      outputs: [{ name: "y", value: sum(sin(e)) }],
    });
    const late = [programOf(x), programOf(double)].map((spec) => chooseBackend("auto", { late: spec }));
    const chosen = await Promise.all([...late, chooseBackend("auto")]);
    const gpu = await chooseBackend("webgpu");
    const now = gpu.compile(programOf(x));
    now.view("x").fill(1);
    now.run();
    const reports = await describeBackends();
    const report = reports.find((r) => r.name === "webgpu")!;
    return [
      ...chosen.map((b) => b.name),
      ...chosen.slice(0, 2).map((b) => b.why ?? ""),
      `${now.notes["backend"]} ${(now.view("y")[0]! / 300).toFixed(4)}`,
      `${report.active} ${report.why}`,
    ];
  },
  transformer: async (text = ""): Promise<number[]> => transformerLosses(await backend(), text),
  steps: async (): Promise<string[]> => stepsLikeWasm(await backend()),
  loss: (): Promise<string[]> => goesOnAfterLoss(webgpuBackend),
  outlives: (): Promise<string[]> => outlivesDevice(webgpuBackend),
  buffers: (): Promise<number[]> => buffersAlive(webgpuBackend),
};

export type Checks = typeof checks;
Object.assign(globalThis, { checks });
