import { expect, test } from "vitest";
import type { ProgramSpec } from "../../../backend.ts";
import * as ops from "../../../graph/index.ts";
import { type Expr, input } from "../../../graph/index.ts";
import { lower } from "../../lower.ts";
import { gatherProducts } from "../../passes/gather-products.ts";
import { splitHost } from "../../passes/host-split.ts";
import type { Traits } from "./kernel-text.ts";
import { type GpuProgram, writeProgram } from "./program.ts";

function written(outputs: readonly Expr[], inputs: ProgramSpec["inputs"], traits?: Traits): GpuProgram {
  const named = outputs.map((value, i) => ({ name: `out${i}`, value }));
  return writeProgram(gatherProducts(lower({ inputs, state: [], outputs: named })), traits);
}

test("elementwise work and what it ends in are one dispatch", () => {
  const x = input("x", [100, 3]);
  const { dispatches } = written([ops.mul(ops.tanh(ops.add(x, 1)), 2)], [x]);
  expect(dispatches).toHaveLength(1);
  expect(dispatches[0]!.groups).toEqual([2, 1]);
});

test("layers of equal shape share their pipelines, sizes apart", () => {
  const x = input("x", [64, 64]);
  const weights = [0, 1, 2].map((i) => input(`w${i}`, [64, 64]));
  const deep = weights.reduce<Expr>((h, w) => ops.sin(ops.matmul(h, w)), x);
  const { pipelines, dispatches } = written([deep], [x, ...weights]);
  expect(dispatches).toHaveLength(6);
  expect(pipelines).toHaveLength(2);
  expect(pipelines.every((p) => p.includes("var<uniform> at"))).toBe(true);
  const products = dispatches.filter((d) => d.pipeline === dispatches[0]!.pipeline);
  expect(new Set(products.map((d) => d.places.join())).size).toBe(3);

  const [a, b] = [input("a", [1000]), input("b", [77])];
  expect(written([ops.sqrt(a), ops.sqrt(b)], [a, b]).pipelines).toHaveLength(1);
});

test("a long sum of few results is shared by workgroups, and joined by a second dispatch", () => {
  const x = input("x", [100_000]);
  const { dispatches } = written([ops.sum(x)], [x]);
  expect(dispatches).toHaveLength(2);
  expect(dispatches[0]!.groups[0]).toBeGreaterThan(4);
  expect(dispatches[1]!.groups).toEqual([1, 1]);
});

test("in software no kernel waits at a barrier, and products of other sizes share a pipeline", () => {
  const software: Traits = { barriers: "slow", quads: true };
  const [x, w, v] = [input("x", [40, 40]), input("w", [40, 80]), input("v", [80, 60])];
  const { pipelines, notes } = written([ops.sum(ops.matmul(ops.matmul(x, w), v))], [x, w, v], software);
  expect(pipelines.filter((p) => p.includes("workgroupBarrier"))).toEqual([]);
  expect(pipelines.filter((p) => p.startsWith("enable subgroups;"))).toHaveLength(1);
  expect(notes["products"]).toBe(2);
});

test("more than 65,535 workgroups lie in rows", () => {
  const x = input("x", [65_536 * 256]);
  const [{ groups }] = written([ops.neg(x)], [x]).dispatches as [GpuProgram["dispatches"][0]];
  expect(groups[0]).toBeLessThanOrEqual(65_535);
  expect(groups[0] * groups[1]).toBeGreaterThanOrEqual(65_536);
});

test("a convolution's column matrix is stored nowhere", () => {
  const [x, w] = [input("x", [2, 3, 16, 16]), input("w", [8, 27])];
  const columns = ops.reshape(ops.permute(ops.windows(x, { sizes: [3, 3] }), [1, 4, 5, 0, 2, 3]), [
    27,
    2 * 14 * 14,
  ]);
  const { plan, notes } = written([ops.matmul(w, columns)], [x, w]);
  expect(notes["loops"]).toBe(0);
  expect(plan.total).toBeLessThan(4 * (27 * 2 * 14 * 14 + x.shape.reduce((a, b) => a * b) + 8 * 2 * 14 * 14));
});

test("functions of whole matrices are refused by name", () => {
  const [x, when] = [input("x", [4, 4]), input("when", [], "bool")];
  const roots = ops.eigenvectors(x, { when, otherwise: x });
  expect(() => written([roots], [x, when])).toThrow(/functions of whole matrices \(eigenvectors\)/);
});

test("scalars of the host are computed there in float64, and tensors get them rounded", () => {
  const [lr, step] = [input("lr", [], "float64"), input("step", [], "float64")];
  const [w, g] = [input("w", [5]), input("g", [5])];
  const rate = ops.div(lr, ops.sub(1, ops.pow(ops.constant(0.999, { dtype: "float64" }), step)));
  const norm = ops.sqrt(ops.cast(ops.sum(ops.square(g)), "float64"));
  const count = input("count", [], "float64");
  const { host, device, rounded } = splitHost({
    inputs: [lr, step, g],
    state: [
      { input: w, next: ops.sub(w, ops.mul(ops.cast(rate, "float32"), g)) },
      { input: count, next: ops.add(count, 1) },
    ],
    outputs: [
      { name: "norm", value: norm },
      { name: "rate", value: rate },
    ],
  });
  expect(host.inputs.map((e) => e.attrs.name)).toEqual(["lr", "step"]);
  expect(host.state.map((s) => s.input.attrs.name)).toEqual(["count"]);
  expect(host.outputs.map((o) => o.name)).toEqual(["rate", "host.0"]);
  expect(device.inputs.map((e) => `${e.attrs.name} ${e.dtype}`)).toEqual(["g float32", "host.0 float32"]);
  expect([...rounded]).toEqual(["norm"]);
});

test("float64 tensors are refused, with the remedy", () => {
  const x = input("x", [3], "float64");
  const spec = { inputs: [x], state: [], outputs: [{ name: "y", value: ops.neg(x) }] };
  expect(() => splitHost(spec)).toThrow(/"x" is a float64 tensor/);
});
