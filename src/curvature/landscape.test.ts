/** Against a network written out in plain loops, and the eigenvalues of its Hessian by PyTorch: test/golden/make_curvature.py. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { wasm } from "../engine/backends/wasm.ts";
import { add, type Expr, input, matmul, mean, square, sub, tanh } from "../engine/graph/index.ts";
import { stream } from "../random/index.ts";
import { filterPlane, hessianPlane, type Plane, pathPlane, planeGrid, shadowOn } from "./landscape.ts";
import { lossProgram, type Objective, objectiveOf } from "./objective.ts";
import { dot, norm } from "./operator.ts";

const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/curvature.json", import.meta.url), "utf8"),
) as { mlp: { loss: number; eigenvalues: number[] } };

const shapes = { w1: [5, 3], b1: [5], w2: [1, 5], b2: [1] };
const x = Array.from({ length: 12 }, (_, i) => Math.sin(i + 1));
const y = [0.5, -1, 2, 0.25];
const theta = Float64Array.from({ length: 26 }, (_, i) => 0.7 * Math.sin(i + 1));

function objective(): Objective {
  const params = Object.fromEntries(
    Object.entries(shapes).map(([name, s]) => [name, input(name, s, "float64") as Expr]),
  );
  const { w1, b1, w2, b2 } = params as Record<string, Expr>;
  const hidden = tanh(add(matmul(input("x", [4, 3], "float64"), w1!, { transposeB: true }), b1!));
  const out = add(matmul(hidden, w2!, { transposeB: true }), b2!);
  const loss = mean(square(sub(out, input("y", [4, 1], "float64"))));
  return objectiveOf(lossProgram({ params, loss, backend: wasm }), theta, (view) => {
    view("x")?.set(x);
    view("y")?.set(y);
  });
}

/** The same loss, neuron by neuron. */
function byHand(p: ArrayLike<number>): number {
  let total = 0;
  for (let row = 0; row < 4; row++) {
    let out = p[25]!;
    for (let h = 0; h < 5; h++) {
      let sum = p[15 + h]!;
      for (let i = 0; i < 3; i++) sum += p[3 * h + i]! * x[3 * row + i]!;
      out += p[20 + h]! * Math.tanh(sum);
    }
    total += (out - y[row]!) ** 2 / 4;
  }
  return total;
}

const place = ({ origin, axes: [u, v] }: Plane, a: number, b: number): Float64Array =>
  origin.map((o, i) => o + a * u.vector[i]! + b * v.vector[i]!);

test("every sample is the loss at its place, found by hand, and the objective stays where it was", async () => {
  const f = objective();
  f.moveTo(theta.map((t) => t / 2));
  const plane = filterPlane(theta, Object.values(shapes), { seed: 4 });
  const told: number[] = [];
  const grid = await planeGrid(f, plane, {
    x: [-1, 2],
    y: [-0.5, 0.5],
    columns: 4,
    rows: 3,
    onStep: async (made) => {
      told.push(made);
      return true;
    },
  });
  for (const [r, b] of [-0.5, 0, 0.5].entries())
    for (const [c, a] of [-1, 0, 1, 2].entries())
      expect(grid!.values[4 * r + c]).toBeCloseTo(byHand(place(plane, a, b)), 12);
  expect(grid!.values[4 * 1 + 1]).toBeCloseTo(golden.mlp.loss, 13);
  expect(f.point()).toEqual(theta.map((t) => t / 2));
  expect(told).toEqual([4, 8, 12]);
  const ended = await planeGrid(f, plane, { x: [-1, 1], y: [-1, 1], onStep: async () => false });
  expect(ended).toBe(null);
});

test("a place where the loss is no number is NaN, and the rest is there", async () => {
  const f = objective();
  const away = new Float64Array(26);
  away[25] = 1e200; // its square overflows
  const plane: Plane = { origin: theta, axes: [{ vector: away }, { vector: new Float64Array(26) }] };
  const grid = await planeGrid(f, plane, { x: [0, 1], y: [0, 1], columns: 2, rows: 2 });
  expect([...grid!.values].map(Number.isNaN)).toEqual([false, true, false, true]);
  await expect(planeGrid(f, plane, { x: [0, 1], y: [0, 1], columns: 1 })).rejects.toMatchObject({
    id: "option",
  });
});

test("random directions are as long as the weights, filter by filter, and leave biases alone", () => {
  const { axes } = filterPlane(theta, Object.values(shapes), { seed: 1 });
  for (const { vector } of axes) {
    for (let h = 0; h < 5; h++)
      expect(norm(vector.subarray(3 * h, 3 * h + 3))).toBeCloseTo(norm(theta.subarray(3 * h, 3 * h + 3)), 12);
    expect(norm(vector.subarray(20, 25))).toBeCloseTo(norm(theta.subarray(20, 25)), 12);
    expect([...vector.subarray(15, 20), vector[25]]).toEqual([0, 0, 0, 0, 0, 0]);
  }
  expect(Math.abs(dot(axes[0].vector, axes[1].vector))).toBeLessThan(norm(theta) ** 2 / 2);
  const kernel = filterPlane(theta.slice(0, 24), [[2, 3, 2, 2]]).axes[0].vector;
  expect(norm(kernel.subarray(0, 12))).toBeCloseTo(norm(theta.subarray(0, 12)), 12);
  expect(() => filterPlane(theta, [[5, 3]])).toThrow(/15 numbers, the point has 26/);
});

test("the Hessian's plane has the two largest eigenvalues that PyTorch finds, and the loss curves so along it", async () => {
  const plane = await hessianPlane(objective(), { tolerance: 1e-10 });
  const h = 1e-3;
  for (const i of [0, 1] as const) {
    const { eigenvalue, vector } = plane.axes[i];
    expect(eigenvalue).toBeCloseTo(golden.mlp.eigenvalues.at(-1 - i)!, 9);
    expect(norm(vector)).toBeCloseTo(1, 12);
    const [left, right] =
      i === 0 ? [place(plane, -h, 0), place(plane, h, 0)] : [place(plane, 0, -h), place(plane, 0, h)];
    expect((byHand(left) + byHand(right) - 2 * byHand(theta)) / h ** 2).toBeCloseTo(eigenvalue!, 4);
  }
  expect(dot(plane.axes[0].vector, plane.axes[1].vector)).toBeCloseTo(0, 9);
});

test("a path in a plane is found whole; its shadows keep all distances", async () => {
  const random = stream(3, "test");
  const [p, q, o] = [random.normal(40), random.normal(40), random.normal(40)];
  const points = [
    [5, 1],
    [3, -1],
    [1, 0.5],
    [0, 0],
  ].map(([a, b]) => o.map((v, i) => v + a! * p[i]! + b! * q[i]!));
  const plane = await pathPlane(points);
  expect(plane.axes[0].share! + plane.axes[1].share!).toBeCloseTo(1, 12);
  expect(plane.axes[0].share).toBeGreaterThan(plane.axes[1].share!);
  const shadows = points.map((point) => shadowOn(plane, point));
  shadows.forEach((s, i) => {
    expect(s.off).toBeLessThan(1e-6);
    const apart = norm(points[i]!.map((v, k) => v - points[0]![k]!));
    const [[a, b], [c, d]] = [s.at, shadows[0]!.at];
    expect(Math.hypot(a - c, b - d)).toBeCloseTo(apart, 6);
  });
  await expect(pathPlane(points.slice(2))).rejects.toMatchObject({ id: "option" });
  await expect(pathPlane([0, 1, 2].map((t) => p.map((v) => t * v)))).rejects.toMatchObject({ id: "option" });
});

test("a shadow on axes at an angle is the nearest point of the plane", () => {
  const plane: Plane = {
    origin: Float64Array.of(1, 1, 1),
    axes: [{ vector: Float64Array.of(1, 0, 0) }, { vector: Float64Array.of(1, 1, 0) }],
  };
  const { at, off, distance } = shadowOn(plane, [6, 4, 3]);
  expect([...at, off, distance].map((v) => Number(v.toFixed(12)))).toEqual([
    2,
    3,
    2,
    Number(Math.sqrt(38).toFixed(12)),
  ]);
});
