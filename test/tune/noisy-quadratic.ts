/**
 * Noisy quadratics as runs, made so that the answer is known: ½ Σ λᵢθᵢ² with additive Gaussian gradient noise, a fresh
 * draw at each step. The largest λ is L, so an optimizer's stability limit is its rule at L, with or without the noise.
 */
import { memoryHost } from "../../src/data/memory-host.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { add, constant, matmul, mean, mul, reshape, square, sum } from "../../src/engine/graph/index.ts";
import type { Layer } from "../../src/nn/layer.ts";
import { stream } from "../../src/random/index.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import { type BuiltRun, buildRun } from "../../src/train/build.ts";

export interface Quadratic {
  readonly id: number;
  readonly dimensions: number;
  /** Largest eigenvalue L, and L over the smallest. The others are evenly spaced between in log λ. */
  readonly largest: number;
  readonly condition: number;
  /** Norm of the gradient's noise over the expected norm of the first gradient. */
  readonly noise: number;
}

/** Number `id` of a family: dimensions 10–100, L 10–1000, condition 10–3000, all but the dimensions log-uniform. */
export function quadratic(id: number, noise: number | readonly [number, number] = [0.01, 0.1]): Quadratic {
  const [d = 0, l = 0, c = 0, v = 0] = stream(id, "quadratic").uniform(4);
  const level = typeof noise === "number" ? noise : noise[0] * (noise[1] / noise[0]) ** v;
  return {
    id,
    dimensions: Math.round(10 + 90 * d),
    largest: 10 * 100 ** l,
    condition: 10 * 300 ** c,
    noise: level,
  };
}

/** As long as the run, so that no noise comes twice. */
const ROWS = 1000;

export function quadraticRun(q: Quadratic, optimizer: Readonly<Record<string, unknown>>): Promise<BuiltRun> {
  const { dimensions: d, largest, condition } = q;
  const eigenvalues = Float64Array.from({ length: d }, (_, i) => largest * condition ** (-i / (d - 1)));
  // the initial weights are standard normal
  const gradient = Math.sqrt(eigenvalues.reduce((total, x) => total + x * x, 0));
  const noise = stream(q.id, "noise").normal(ROWS * d);
  const rows = noise.map((x) => (x * q.noise * gradient) / Math.sqrt(d));
  const model: Layer = {
    params: { theta: { shape: [d], init: (random) => random.normal(d, 0, 1) } },
    buffers: {},
    keys: 0,
    forward: ({ theta }, x) => {
      const lambda = constant(eigenvalues, { shape: [d], dtype: "float64" });
      const bowl = mul(constant(0.5, { dtype: "float64" }), sum(mul(lambda, square(theta!))));
      return { output: add(bowl, matmul(x, reshape(theta!, [d, 1]))), buffers: {} };
    },
  };
  const spec = parseRun({
    name: `quadratic-${q.id}`,
    data: { npy: "noise.npy" },
    model: { module: "quadratic" },
    loss: { module: "quadratic" },
    optimizer,
    batchSize: 1,
    epochs: 1,
    seed: q.id,
    dtype: "float64",
    validation: 0,
  });
  return buildRun(spec, {
    host: {
      ...memoryHost({ "noise.npy": npy(rows, [ROWS, d]) }),
      importFunction: async (_, name) => (name === "model" ? model : mean),
    },
    backend: wasm,
  });
}

/** NumPy's format 1.0, little-endian float64. */
function npy(values: Float64Array, shape: readonly number[]): Uint8Array {
  const text = `{'descr': '<f8', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const header = `${text.padEnd(128 - 10 - 1)}\n`;
  const magic = [
    0x93,
    ...[..."NUMPY"].map((c) => c.charCodeAt(0)),
    1,
    0,
    header.length & 255,
    header.length >> 8,
  ];
  const out = new Uint8Array(128 + values.byteLength);
  out.set([...magic, ...[...header].map((c) => c.charCodeAt(0))]);
  out.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 128);
  return out;
}
