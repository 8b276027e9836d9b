/** A trained run as ONNX: ONNX Runtime says of new rows what `predict` says, from the rows as they are. */
import { expect, test } from "vitest";
import { exportOnnx, type OnnxExport } from "../../src/handoff/index.ts";
import { lossTable } from "../../src/nn/losses/index.ts";
import { classesOf } from "../../src/predict/interpret.ts";
import { predictRows } from "../../src/predict/predict.ts";
import type { TrainedModel } from "../../src/predict/trained-model.ts";
import { stream } from "../../src/random/index.ts";
import { evaluationWeights } from "../../src/train/weights.ts";
import { type Feed, type OrtTensor, openOnnx } from "../handoff/onnxruntime.ts";
import { npy, trained } from "./helpers.ts";

type Options = { readonly probabilities?: boolean; readonly matrix?: boolean };

function written(model: TrainedModel, options: Options = {}): OnnxExport {
  const { layer, optimizer, state, record } = model;
  const weights = evaluationWeights({ layer, optimizer, state, dtype: record.dtype });
  return exportOnnx({ layer, record, weights, classes: classesOf(record), ...options });
}

async function run(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, Feed>>,
): Promise<Readonly<Record<string, OrtTensor>>> {
  return (await openOnnx(bytes)).run(feeds);
}

const close = (got: ArrayLike<unknown>, want: readonly number[]): void => {
  expect(got.length).toBe(want.length);
  want.forEach((w, i) => {
    expect(Math.abs(Number(got[i]) - w) / Math.max(1, Math.abs(w))).toBeLessThan(1e-5);
  });
};

interface Row {
  readonly year: number;
  readonly colour: string;
  readonly size: number;
}
const colours = ["red", "green", 'it\'s "blue", dark'];
const rowsOf = (n: number, seed: number): Row[] => {
  const random = stream(seed, "rows");
  return Array.from({ length: n }, (_, i) => {
    const [a, b] = random.normal(2);
    return {
      year: Math.fround(1_700_000_000 + 640 * Math.round(20 * a!)),
      colour: colours[i % 3]!,
      size: Math.fround(b!),
    };
  });
};
const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
const table = (rows: readonly Row[]): string =>
  [
    "year,colour,size,kind,sort,price",
    ...rows.map((r, i) => {
      const high = r.size + (r.colour === "red" ? 1 : 0) > 0.3;
      return `${r.year},${quoted(r.colour)},${r.size},${high ? 1 : 0},${"abc"[i % 3]},${3 * r.size + 7}`;
    }),
  ].join("\n");
const files = { "t.csv": table(rowsOf(120, 1)) };
const feedsOf = (rows: readonly Row[]): Record<string, Feed> => ({
  year: { values: Float32Array.from(rows, (r) => r.year), shape: [rows.length, 1] },
  colour: { values: rows.map((r) => r.colour), shape: [rows.length, 1] },
  size: { values: Float32Array.from(rows, (r) => r.size), shape: [rows.length, 1] },
});
const fresh = rowsOf(9, 2);
const quick = {
  optimizer: { name: "adam", lr: 0.05 },
  steps: 60,
  batchSize: 16,
  model: { kind: "mlp", hidden: [8] },
};
const data = (target: string): object => ({
  csv: "t.csv",
  target,
  exclude: ["kind", "sort", "price"].filter((name) => name !== target),
  standardize: true,
});

test("a table's columns come in as they are, and the answer has the target's name", async () => {
  // seconds since 1970: standardising them in float32 would leave three digits
  const { model } = await trained({ ...quick, data: data("price"), loss: "mse" }, files);
  const { bytes, inputs, outputs } = written(model);
  expect(inputs.map(({ name, type }) => [name, type])).toEqual([
    ["year", "float32"],
    ["colour", "string"],
    ["size", "float32"],
  ]);
  expect(outputs).toEqual([{ name: "price", type: "float32", shape: ["batch", 1] }]);
  const want = predictRows(model, fresh).map((p) => p.prediction as number);
  close((await run(bytes, feedsOf(fresh)))["price"]!.data, want);
  // one matrix of the features, in their order
  const matrix = fresh.flatMap((r) => [
    r.year,
    ...[...colours].sort().map((c) => Number(c === r.colour)),
    r.size,
  ]);
  const x = { values: Float32Array.from(matrix), shape: [fresh.length, 5] };
  close((await run(written(model, { matrix: true }).bytes, { x }))["price"]!.data, want);
});

const classifiers: [string, string, object][] = [
  ["softmax", "sort", {}],
  ["a logit", "kind", { loss: "bce-with-logits" }],
  ["a probability", "kind", { loss: "bce" }],
  ["focal", "kind", { loss: "focal" }],
  ["log-probabilities", "sort", { loss: "nll", model: { kind: "linear" } }],
  ["a schedule-free optimizer's averages", "sort", { optimizer: { name: "schedule-free-adamw", lr: 0.05 } }],
  ["float64", "sort", { dtype: "float64" }],
];

test.each(classifiers)("classes and probabilities: %s", async (_, target, more) => {
  const { model } = await trained({ ...quick, data: data(target), ...more }, files);
  const { bytes, outputs } = written(model, { probabilities: true });
  expect(outputs.map((o) => o.name)).toEqual(["prediction", "probabilities"]);
  const said = predictRows(model, fresh);
  const got = await run(bytes, feedsOf(fresh));
  expect(got["prediction"]!.data).toEqual(said.map((p) => p.prediction));
  close(
    got["probabilities"]!.data,
    said.flatMap((p) => [...p.probabilities!]),
  );
});

test("margins and numbers have no probabilities", async () => {
  const numbers = await trained({ ...quick, steps: 1, data: data("price"), loss: "mse" }, files);
  expect(() => written(numbers.model, { probabilities: true })).toThrow(/numbers, not classes/);
  const loss = lossTable.find((l) => l.link === null && l.target === "class")!.name;
  const margins = await trained({ ...quick, steps: 1, data: data("sort"), loss }, files);
  expect(() => written(margins.model, { probabilities: true })).toThrow(/has no probabilities/);
});

test("images, scaled and standardised", async () => {
  const random = stream(4, "images");
  const x = Float64Array.from(random.uniform(40 * 64), (u) => Math.floor(255 * u));
  const labels = Int32Array.from({ length: 40 }, (_, i) => i % 3);
  const { model } = await trained(
    {
      ...quick,
      steps: 12,
      data: { npy: "x.npy", target: "y.npy", scale: 1 / 255, standardize: true },
      model: { kind: "cnn", channels: [4], batchNorm: true, hidden: [8], dropout: 0.3 },
    },
    { "x.npy": npy(x, [40, 1, 8, 8]), "y.npy": npy(labels, [40]) },
  );
  const images = Array.from({ length: 5 }, (_, i) => [...x.slice(64 * i, 64 * i + 64)]);
  const got = await run(written(model, { probabilities: true }).bytes, {
    x: { values: Float32Array.from(images.flat()), shape: [5, 1, 8, 8] },
  });
  const said = predictRows(model, images);
  close(
    got["probabilities"]!.data,
    said.flatMap((p) => [...p.probabilities!]),
  );
});

test("a text model takes ids; the vocabulary is in the file", async () => {
  const text = "the quick brown fox jumps over the lazy dog. ".repeat(12);
  const { model } = await trained(
    {
      ...quick,
      steps: 4,
      data: { text: "a.txt", context: 8 },
      model: { kind: "transformer", layers: 1, width: 8, heads: 2 },
    },
    { "a.txt": text },
  );
  const { input, outputs } = model.record;
  const vocabulary = input.kind === "text" ? input.vocabulary : [];
  const ids = Int32Array.from(text.slice(0, 8), (c) => vocabulary.indexOf(c));
  const { bytes, outputs: ports } = written(model);
  const got = await run(bytes, { tokens: { values: BigInt64Array.from(ids, BigInt), shape: [1, 8] } });
  const full = new Int32Array(model.batchSize * model.rowSize);
  full.set(ids);
  close(got[ports[0]!.name]!.data, [...model.forward(full).slice(0, got[ports[0]!.name]!.data.length)]);
  expect(got[ports[0]!.name]!.dims.at(-1)).toBe(outputs);
  expect(Buffer.from(bytes).includes(Buffer.from(JSON.stringify(vocabulary)))).toBe(true);
});
