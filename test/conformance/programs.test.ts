/** Whole programs: state that overwrites itself, shared values, and random graphs, step by step against the interpreter. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Backend, ProgramSpec } from "../../src/engine/backend.ts";
import { reference } from "../../src/engine/backends/reference.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import * as ops from "../../src/engine/graph/index.ts";
import { type Expr, input, type Node, type Shape } from "../../src/engine/graph/index.ts";
import { writers } from "./backends.ts";
import { errorOf, values } from "./harness.ts";
import { drawnProgram, randomProgram } from "./random-programs.ts";

type State = { name: string; shape: Shape; next: (s: Record<string, Expr>) => Expr };

function program(
  states: readonly State[],
  outputs: (s: Record<string, Expr>) => Record<string, Expr>,
): ProgramSpec {
  const leaves = states.map((s) => input(s.name, s.shape, "float64"));
  const named = Object.fromEntries(leaves.map((l) => [l.attrs.name, l as Expr]));
  return {
    inputs: [],
    state: states.map((s, i) => ({ input: leaves[i] as Node<"input">, next: s.next(named) })),
    outputs: Object.entries(outputs(named)).map(([name, value]) => ({ name, value })),
  };
}

/** Runs the program on each writer and on the interpreter for some steps; every state and output must agree after each. */
function together(
  spec: ProgramSpec,
  { steps = 3, on = writers }: { steps?: number; on?: readonly Backend[] } = {},
): void {
  for (const backend of on) agreeStepByStep(backend, spec, steps);
}

function agreeStepByStep(backend: Backend, spec: ProgramSpec, steps: number): void {
  const [a, b] = [backend.compile(spec), reference.compile(spec)];
  const names = [...spec.state.map((s) => s.input.attrs.name), ...spec.outputs.map((o) => o.name)];
  spec.state.forEach((s, i) => {
    const start = values(s.input.shape, { seed: i + 1 });
    a.view(s.input.attrs.name).set(start);
    b.view(s.input.attrs.name).set(start);
  });
  for (let step = 1; step <= steps; step++) {
    a.run();
    b.run();
    for (const name of names) {
      const error = errorOf(a.view(name), b.view(name), true);
      if (error > 1e-11)
        throw new Error(
          `step ${step}, ${name} is off by ${error}:\n got ${a.view(name)}\nwant ${b.view(name)}`,
        );
    }
  }
}

describe("state is replaced as a whole after the step", () => {
  test("two tensors swap", () => {
    together(
      program(
        [
          { name: "a", shape: [5], next: (s) => s["b"]! },
          { name: "b", shape: [5], next: (s) => s["a"]! },
        ],
        () => ({}),
      ),
    );
  });
  test("a matrix becomes its own transpose, shifted", () => {
    together(
      program([{ name: "a", shape: [4, 4], next: (s) => ops.add(ops.transpose(s["a"]!), 1) }], (s) => ({
        old: ops.sum(s["a"]!),
      })),
    );
  });
  test("a tensor is divided by its own sum", () => {
    together(
      program(
        [{ name: "a", shape: [40], next: (s) => ops.div(s["a"]!, ops.add(ops.sum(ops.abs(s["a"]!)), 1)) }],
        (s) => ({ norm: ops.sum(ops.square(s["a"]!)) }),
      ),
    );
  });
  test("one update is used twice, and outputs see the values before the step", () => {
    const update = (s: Record<string, Expr>): Expr => ops.mul(ops.sub(s["a"]!, s["b"]!), 0.5);
    together(program([
      { name: "a", shape: [7, 3], next: (s) => ops.sub(s["a"]!, update(s)) },
      { name: "b", shape: [7, 3], next: (s) => ops.add(s["b"]!, update(s)) },
      { name: "c", shape: [7, 3], next: (s) => ops.sub(s["a"]!, update(s)) },
    ], (s) => ({ gap: ops.sum(ops.abs(ops.sub(s["a"]!, s["b"]!))), copy: s["a"]! }))); // biome-ignore format: one program
  });
  test("a matrix is multiplied by itself", () => {
    together(
      program(
        [{ name: "a", shape: [3, 3], next: (s) => ops.tanh(ops.matmul(s["a"]!, s["a"]!)) }],
        () => ({}),
      ),
    );
  });
});

test.each(writers)("random programs on $name agree with the interpreter, step by step", (backend) => {
  fc.assert(
    fc.property(drawnProgram, (drawn) => together(randomProgram(drawn, "float64"), { on: [backend] })),
    // each native program starts a compiler
    { numRuns: backend === wasm ? 300 : 100, seed: 20261123, endOnFailure: true },
  );
});

test.each(writers)(
  "$name: a row's log-softmax of a stretched bias, with a logit past exp's range",
  (backend) => {
    const [z, b] = [input("z", [4, 10], "float32"), input("b", [10], "float32")];
    const value = ops.logSoftmax(ops.add(z as Expr, b as Expr));
    const p = backend.compile({
      inputs: [z, b],
      state: [],
      outputs: [
        { name: "y", value },
        { name: "loss", value: ops.mean(value) },
      ],
    });
    p.view("z")[3] = 97.5;
    p.view("b").fill(0.25);
    p.run();
    expect(p.view("y")[3]).toBe(0);
    expect(p.view("y")[4]).toBeCloseTo(-97.5, 4);
    expect(p.view("loss")[0]).toBeCloseTo((-97.5 * 9 - 30 * Math.log(10)) / 40, 4);
  },
);

test.each(writers)("$name: the same program gives the same bits every time", (backend) => {
  const x = input("x", [1000], "float32");
  const spec: ProgramSpec = {
    inputs: [x],
    state: [],
    outputs: [{ name: "y", value: ops.sum(ops.exp(ops.sin(x as Expr))) }],
  };
  const run = (): number => {
    const p = backend.compile(spec);
    p.view("x").set(values([1000]));
    p.run();
    return p.view("y")[0]!;
  };
  expect(run()).toBe(run());
});

test("a program that 32-bit memory cannot hold is refused with the bytes it needs", () => {
  const x = input("x", [40_000, 40_000], "float32");
  const spec: ProgramSpec = { inputs: [x], state: [], outputs: [{ name: "y", value: ops.sum(x as Expr) }] };
  expect(() => wasm.compile(spec)).toThrow(/needs 64000\d+ bytes/);
  expect(() =>
    wasm.compile({ ...spec, inputs: [input("x", [10], "float32")], outputs: [] }, { maxBytes: 16 }),
  ).toThrow(/bytes/);
});
