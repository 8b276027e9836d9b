/** What the test asks a page for, in the page. */
import type { Backend, ProgramSpec } from "../../src/engine/backend.ts";
import { reference } from "../../src/engine/backends/reference.ts";
import { type WebGpuBackend, webgpuBackend } from "../../src/engine/backends/webgpu.ts";
import { findAdapter } from "../../src/engine/backends/webgpu-device.ts";
import {
  add,
  type Expr,
  input,
  matmul,
  mul,
  permute,
  reshape,
  type Shape,
  sin,
  sum,
  windows,
} from "../../src/engine/graph/index.ts";
import { chooseBackend, describeBackends } from "../../src/engine/registry.ts";
import { gradients as gradientsOf } from "../../src/engine/rules/differentiate.ts";
import type { SteepestError } from "../../src/run/errors.ts";
import { type Case, longSum, primitiveCases, wholeCases } from "../conformance/cases.ts";
import { gradientCases } from "../conformance/gradient-cases.ts";
import { errorOf, float, values } from "../conformance/harness.ts";
import { type Drawn, randomProgram } from "../conformance/random-programs.ts";
import { cases2026, moreCases, optimizerCases, runCase, toleranceOf } from "../optim/golden.ts";
import { runTwice } from "./ahead.ts";
import { disagreements } from "./late.ts";
import {
  buffersAlive,
  fitsLikeWasm,
  goesOnAfterLoss,
  outlivesDevice,
  stepsLikeWasm,
  transformerLosses,
} from "./steps.ts";

let opened: Promise<WebGpuBackend> | null = null;
const backend = (): Promise<WebGpuBackend> => (opened ??= webgpuBackend());

/** Of many cases that differ in size alone each third: a pipeline takes a software adapter a tenth of a second. */
const thinned = /over every choice of axes|matmul|argmax/;

/** An adapter that says to have less than it has. */
const withLimits = (adapter: GPUAdapter, limits: Readonly<Record<string, number>>): GPUAdapter =>
  new Proxy(adapter, {
    get: (_, key) => {
      if (key === "limits") return limits;
      const value: unknown = Reflect.get(adapter, key, adapter);
      return typeof value === "function" ? value.bind(adapter) : value;
    },
  });

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

/** State and outputs of each step against the interpreter's, relative to the largest number of each. */
function stepsUnlike(on: Backend, spec: ProgramSpec): string[] {
  const [a, b] = [on.compile(spec), reference.compile(spec)];
  const names = [...spec.state.map((s) => s.input.attrs.name), ...spec.outputs.map((o) => o.name)];
  spec.state.forEach(({ input: { shape, attrs } }, i) => {
    for (const p of [a, b]) p.view(attrs.name).set(Float32Array.from(values(shape, { seed: i + 1 })));
  });
  const wrong: string[] = [];
  for (let step = 1; step <= 3; step++) {
    for (const p of [a, b]) p.run();
    for (const name of names) {
      const error = errorOf(a.view(name), b.view(name), true);
      if (!(error <= 1e-5)) wrong.push(`step ${step}, ${name} is off by ${error}`);
    }
  }
  return wrong;
}

/** An update of 50 vectors and what each was, in one loop: more stores than one kernel of the device gets. */
function wideProgram(): ProgramSpec {
  const [g, t] = [input("g", [9]), input("t", [])];
  const pairs = Array.from({ length: 50 }, (_, i) => [input(`p${i}`, [9]), input(`m${i}`, [9])] as const);
  const state = pairs.flatMap(([p, m]) => {
    const next = add(mul(m, 0.5), mul(g, t));
    return [
      { input: p, next: add(p, mul(next, 0.25)) },
      { input: m, next },
    ];
  });
  return { inputs: [g, t], state, outputs: [{ name: "g²", value: mul(g, g) }] };
}

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
  /** Programs as they were drawn, three steps each. */
  random: async (drawn = "[]"): Promise<string[]> => {
    const specs = (JSON.parse(drawn) as Drawn[]).map((d) => randomProgram(d, "float32"));
    const wide = (await backend()).compile(wideProgram(), { late: true });
    if (wide.notes["loops"] !== 2) return [`${wide.notes["loops"]} loops for 101 stores`];
    specs.push(wideProgram());
    return runTwice(await backend(), (on) => specs.flatMap((spec) => stepsUnlike(on, spec)));
  },
  /** Cases of test/golden by their id. */
  golden: async (ids = "[]"): Promise<string[]> => {
    const cases = [...optimizerCases, ...moreCases, ...cases2026];
    const wanted = JSON.parse(ids) as string[];
    const found: string[] = [];
    for (const c of cases.filter(({ id }) => wanted.includes(id))) {
      const deviations = await runTwice(await backend(), (on) => runCase(c, on, "float32"));
      if (deviations.length < c.at.length) found.push(`${c.id}: ${deviations.length} comparisons`);
      for (const { error, what, step } of deviations)
        if (!(error <= toleranceOf(c, step, "float32")))
          found.push(`${c.id}: ${what} after step ${step} by ${error}`);
    }
    return found;
  },
  /** What `auto` takes for a step, for one that the device refuses, for few and short ones, and for callers who don't wait. */
  auto: async (): Promise<string[]> => {
    const x = input("x", [300]);
    const [long, double] = [input("x", [900_000]), input("x", [900_000], "float64")];
    const programOf = (e: Expr): ProgramSpec => ({
      inputs: [e as typeof x],
      state: [],
      outputs: [{ name: "y", value: sum(sin(e)) }],
    });
    const chosen: Backend[] = [await chooseBackend("auto")];
    for (const spec of [programOf(long), programOf(double), programOf(x)])
      chosen.push(await chooseBackend("auto", { late: spec }));
    chosen.push(await chooseBackend("auto", { late: programOf(long), runs: 7 }));
    const gpu = await chooseBackend("webgpu");
    const now = gpu.compile(programOf(x));
    now.view("x").fill(1);
    now.run();
    const reports = await describeBackends();
    const report = reports.find((r) => r.name === "webgpu")!;
    return [
      String(new Set(chosen.map((b) => b.name)).size),
      ...chosen.map((b) => b.why ?? b.name),
      `${now.notes["backend"]} ${(now.view("y")[0]! / 300).toFixed(4)}`,
      `${report.active} ${report.why}`,
    ];
  },
  /** What a program of 2 MiB and one of 1 KiB meet on an adapter whose buffers hold less than the first. */
  limits: async (): Promise<string[]> => {
    const sizes = { maxBufferSize: 2 ** 22, maxStorageBufferBindingSize: 2 ** 20 };
    const small = await webgpuBackend({ adapter: withLimits(await findAdapter(), sizes) });
    const told = (side: number): string => {
      try {
        const [a, b] = [input("a", [side, side]), input("b", [side, side])];
        const spec = { inputs: [a, b], state: [], outputs: [{ name: "c", value: matmul(a, b) }] };
        const program = small.compile(spec, { late: true });
        program.device?.release();
        return `${program.notes["backend"]}`;
      } catch (error) {
        const { id, message, help } = error as SteepestError;
        return `${id}: ${message}; ${help}`;
      }
    };
    const found = [told(8), told(418)];
    small.close();
    return found;
  },
  transformer: async (text = ""): Promise<number[]> => transformerLosses(await backend(), text),
  steps: async (): Promise<string[]> => stepsLikeWasm(await backend()),
  loss: (): Promise<string[]> => goesOnAfterLoss(webgpuBackend),
  fits: (): Promise<string[]> => fitsLikeWasm(webgpuBackend),
  outlives: (): Promise<string[]> => outlivesDevice(webgpuBackend),
  buffers: (times = "5"): Promise<number[]> => buffersAlive(webgpuBackend, Number(times)),
};

export type Checks = typeof checks;
Object.assign(globalThis, { checks });
