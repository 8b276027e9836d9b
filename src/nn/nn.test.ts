import { describe, expect, test } from "vitest";
import golden from "../../test/golden/nn.json" with { type: "json" };
import { interpret } from "../engine/backends/reference.ts";
import { constant, type Expr, input, mul, sizeOf, sum } from "../engine/graph/index.ts";
import { gradients } from "../engine/rules/differentiate.ts";
import { stream, torchGenerator } from "../random/index.ts";
import * as nn from "./index.ts";

const int = (value: number): Expr => constant(value, { dtype: "int32" });
const key = (k: number): nn.Key => [int(k), int(7)];
const ones = (shape: readonly number[]): Expr => constant(1, { shape, dtype: "float64" });

describe("composition", () => {
  const model = nn.sequential(
    nn.linear(4, 3),
    nn.relu(),
    nn.sequential(nn.linear(3, 2, { bias: false }), nn.batchNorm(2)),
  );

  test("names tensors like PyTorch's Sequential", () => {
    expect(nn.paramSpecs(model).map((p) => [p.name, p.shape])).toEqual([
      ["0.weight", [3, 4]],
      ["0.bias", [3]],
      ["2.0.weight", [2, 3]],
      ["2.1.weight", [2]],
      ["2.1.bias", [2]],
    ]);
    expect(Object.keys(model.buffers)).toEqual(["2.1.running_mean", "2.1.running_var"]);
    expect(nn.countParams(model)).toBe(25);
  });

  test("new buffers come back under their full names, and only from training", () => {
    const x = input("x", [5, 4]);
    const tensors = Object.fromEntries(
      Object.entries({ ...model.params, ...model.buffers }).map(([n, s]) => [n, input(n, s.shape)]),
    );
    const trained = model.forward(tensors, x, { training: true });
    expect(Object.keys(trained.buffers)).toEqual(["2.1.running_mean", "2.1.running_var"]);
    expect(model.forward(tensors, x, { training: false }).buffers).toEqual({});
  });
});

describe("initial values", () => {
  const models: Readonly<Record<string, nn.Layer>> = {
    mlp: nn.sequential(nn.linear(4, 3), nn.relu(), nn.linear(3, 2)),
    conv2d: nn.conv2d(4, 2, [2, 3], { groups: 2 }),
    gru: nn.gru(2, 3, { layers: 2 }),
    embedding: nn.embedding(5, 4),
  };

  test.each(golden.initialValues)(
    "$name draws what PyTorch draws from seed 42",
    ({ name, seed, params_f32 }) => {
      const values = nn.initParams(models[name]!, nn.torchInit(torchGenerator(seed), "float32"), "float32");
      expect(Object.keys(values)).toEqual(Object.keys(params_f32));
      // uniforms are exact; blocks of float32 normals differ by PyTorch's own vector code
      const tolerance = name === "embedding" ? 2e-6 : 0;
      for (const [param, wanted] of Object.entries(params_f32 as Record<string, { data: number[] }>)) {
        wanted.data.forEach((w, i) => {
          expect(Math.abs(values[param]![i]! - w), `${param}[${i}]`).toBeLessThanOrEqual(tolerance);
        });
      }
    },
  );

  test("our stream gives the same numbers in both dtypes, up to rounding", () => {
    const draw = (dtype: nn.ParamDType) =>
      nn.initParams(models["mlp"]!, nn.streamInit(stream(1, "init")), dtype);
    const [single, double] = [draw("float32"), draw("float64")];
    expect(single["0.weight"]).toBeInstanceOf(Float32Array);
    expect([...single["0.weight"]!]).toEqual([...double["0.weight"]!].map(Math.fround));
    expect(new Set(double["0.weight"]).size).toBe(12);
  });

  test("a GPT starts like GPT-2: deviation 0.02, residual projections smaller, norms 1", () => {
    const model = nn.gpt({ vocabulary: 50, context: 16, layers: 2, width: 32, heads: 4 });
    const values = nn.initParams(model, nn.streamInit(stream(3, "init")), "float64");
    const deviation = (name: string): number =>
      Math.sqrt(Float64Array.from(values[name]!).reduce((s, v) => s + v * v, 0) / values[name]!.length);
    expect(deviation("tokens.weight")).toBeCloseTo(0.02, 2);
    expect(deviation("blocks.0.linear2.weight")).toBeGreaterThan(0.009);
    expect(deviation("blocks.0.linear2.weight")).toBeLessThan(0.011);
    expect([...values["blocks.1.norm1.weight"]!]).toEqual(new Array(32).fill(1));
    expect(values["blocks.1.self_attn.in_proj_bias"]!.every((v) => v === 0)).toBe(true);
  });
});

describe("dropout", () => {
  const x = ones([40, 25]);
  const run = (layer: nn.Layer, k: number): number[] => [
    ...interpret([layer.forward({}, x, { training: true, key: key(k) }).output])[0]!,
  ];

  test("zeroes a share p, scales the rest by 1/(1 − p), and keeps the key's mask", () => {
    const values = run(nn.dropout(0.25), 1);
    expect(new Set(values)).toEqual(new Set([0, 1 / 0.75]));
    const dropped = values.filter((v) => v === 0).length / values.length;
    // 1000 draws: standard error 0.0137
    expect(Math.abs(dropped - 0.25)).toBeLessThan(0.055);
    expect(run(nn.dropout(0.25), 1)).toEqual(values);
    expect(run(nn.dropout(0.25), 2)).not.toEqual(values);
  });

  test("each dropout of a model draws its own mask", () => {
    const pass = nn.identity();
    const model = nn.sequential(nn.dropout(0.5), nn.sequential(pass, nn.dropout(0.5)), nn.dropout(0.5));
    expect(model.keys).toBe(3);
    // independent masks leave 1/8; a repeated one would leave more
    const alive = run(model, 5).filter((v) => v !== 0).length / 1000;
    expect(Math.abs(alive - 0.125)).toBeLessThan(0.045);
  });

  test("masks of attention weights, blocks and GRU layers are counted too", () => {
    expect(nn.transformerBlock(4, 2, { dropout: 0.1 }).keys).toBe(4);
    expect(nn.gru(2, 2, { layers: 3, dropout: 0.1 }).keys).toBe(2);
    expect(nn.gpt({ vocabulary: 3, context: 2, layers: 2, width: 4, heads: 2, dropout: 0.1 }).keys).toBe(9);
  });

  test("the gradient passes where the value does", () => {
    const p = input("p", [8], "float64");
    const { output } = nn.dropout(0.5).forward({}, p, { training: true, key: key(3) });
    const [value, slope] = interpret(
      [output, ...gradients(sum(output), [p])],
      new Map([[p as Expr, new Array(8).fill(3)]]),
    );
    expect([...value!]).toEqual([...slope!].map((g) => g * 3));
  });

  test("does nothing when evaluating, and asks for a key when training", () => {
    const layer = nn.dropout(0.5);
    expect(layer.forward({}, x, { training: false }).output).toBe(x);
    expect(() => layer.forward({}, x, { training: true })).toThrow(/needs key words/);
  });
});

describe("gradients against central differences", () => {
  const h = 1e-5;
  test.each<[string, nn.Layer, readonly number[]]>([
    [
      "conv2d → batchNorm → maxPool2d",
      nn.sequential(nn.conv2d(1, 2, 3), nn.batchNorm(2), nn.maxPool2d(2)),
      [2, 1, 6, 6],
    ],
    ["transformerBlock", nn.transformerBlock(4, 2, { causal: true, dropout: 0.2 }), [1, 3, 4]],
    ["gru", nn.gru(2, 2, { layers: 2 }), [1, 3, 2]],
  ])("%s", (_, model, shape) => {
    const random = nn.streamInit(stream(11, "test"));
    const values = {
      ...nn.initParams(model, random, "float64"),
      ...nn.initBuffers(model, random, "float64"),
    };
    const tensors = Object.fromEntries(
      Object.entries({ ...model.params, ...model.buffers }).map(([n, s]) => [
        n,
        input(n, s.shape, "float64"),
      ]),
    );
    const x = input("x", shape, "float64");
    const { output } = model.forward(tensors, x, { training: true, key: key(1) });
    const weights = constant(random.normal(sizeOf(output.shape), 0, 1), {
      shape: output.shape,
      dtype: "float64",
    });
    const loss = sum(mul(output, weights));
    const given = new Map<Expr, Float64Array>([[x, random.normal(sizeOf(shape), 0, 1)]]);
    for (const [n, e] of Object.entries(tensors)) given.set(e, Float64Array.from(values[n]!));
    for (const [e, data] of given) {
      const [slope] = interpret(gradients(loss, [e]), given);
      if (Object.entries(tensors).some(([n, t]) => t === e && n in model.buffers)) continue;
      const at = Math.floor(data.length / 2);
      const shifted = (d: number): number =>
        interpret([loss], new Map([...given, [e, data.map((v, i) => (i === at ? v + d : v))]]))[0]![0]!;
      expect(slope![at]).toBeCloseTo((shifted(h) - shifted(-h)) / (2 * h), 6);
    }
  });
});
