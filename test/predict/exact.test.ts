/** What a checkpoint predicts is what training evaluated, to the last bit, for every kind of model and of data. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryHost } from "../../src/data/index.ts";
import { evaluateSource } from "../../src/predict/evaluate.ts";
import type { Prediction } from "../../src/predict/interpret.ts";
import { predictSource } from "../../src/predict/predict.ts";
import type { RowSource } from "../../src/predict/read-rows.ts";
import { stream } from "../../src/random/index.ts";
import { npy, type Trained, trained } from "./helpers.ts";

async function predictions({ model }: Trained, source: RowSource): Promise<Prediction[]> {
  const found: Prediction[] = [];
  await predictSource(model, source, {}, async (piece) => void found.push(...piece.predictions));
  return found;
}

const quick = { optimizer: { name: "adam", lr: 0.01 }, steps: 12, batchSize: 16 };

function table(n: number, seed: number): string {
  const random = stream(seed, "rows");
  const lines = Array.from({ length: n }, (_, i) => {
    const [a, b] = random.normal(2);
    const colour = ["red", "green", "blue"][i % 3]!;
    const y = a! + (colour === "red" ? 1 : 0) > 0.5 ? 1 : 0;
    return `${a},${100 + 20 * b!},${colour},${y},${["no", "yes"][y]},${2 * a! - b!}`;
  });
  return `a,b,colour,y,answer,value\n${lines.join("\n")}\n`;
}

const csv = (target: string, others: readonly string[], more: object = {}): object => ({
  csv: "train.csv",
  test: "test.csv",
  target,
  exclude: others,
  standardize: true,
  ...more,
});
const tables = { "train.csv": table(200, 1), "test.csv": table(1234, 2) };

const kinds: [string, Record<string, unknown>][] = [
  ["softmax over words", { data: csv("answer", ["y", "value"]), model: { kind: "mlp", hidden: [8] } }],
  ["softmax over numbers", { data: csv("y", ["answer", "value"]), model: { kind: "linear" } }],
  ["focal", { data: csv("y", ["answer", "value"]), model: { kind: "mlp", hidden: [8] }, loss: "focal" }],
  [
    "a logit",
    { data: csv("y", ["answer", "value"]), model: { kind: "mlp", hidden: [8] }, loss: "bce-with-logits" },
  ],
  ["a probability", { data: csv("y", ["answer", "value"]), model: { kind: "linear" }, loss: "bce" }],
  ["a number", { data: csv("value", ["answer", "y"]), model: { kind: "mlp", hidden: [8], dropout: 0.5 } }],
  [
    "a number in float64",
    {
      data: csv("value", ["answer", "y"]),
      model: { kind: "mlp", hidden: [8] },
      dtype: "float64",
      loss: "huber",
    },
  ],
  [
    "schedule-free AdamW, which evaluates at other parameters",
    {
      data: csv("value", ["answer", "y"]),
      model: { kind: "linear" },
      optimizer: { name: "schedule-free-adamw", lr: 0.01 },
      clip: { globalNorm: 1 },
    },
  ],
];

describe("tables", () => {
  test.each(kinds)("%s", async (_, run) => {
    const ran = await trained({ ...quick, ...run }, tables);
    const measured = ran.built.evaluate("test")!;
    const source = { host: ran.host, path: "test.csv", format: "csv" } as const;
    const found = await evaluateSource(ran.model, source);
    expect(found.loss).toBe(measured["loss"]);
    expect(found.accuracy).toBe(measured["accuracy"]);
    const rows = await predictions(ran, source);
    expect(rows).toHaveLength(1234);
    // few rows, which a smaller program computes
    for (const few of [1, 3, 20]) {
      const text = `${tables["test.csv"]
        .split("\n")
        .slice(0, few + 1)
        .join("\n")}\n`;
      const some = { host: memoryHost({ "few.csv": text }), path: "few.csv", format: "csv" } as const;
      expect(await predictions(ran, some)).toEqual(rows.slice(0, few));
    }
    // training's is a float32 mean: the same number of rows is right
    if (found.classes)
      expect(found.classes.accuracy * 1234).toBeCloseTo(Math.round(measured["accuracy"]! * 1234), 6);
    if (found.numbers && run["loss"] === undefined)
      expect(found.numbers.rmse ** 2).toBeCloseTo(measured["loss"]!, 4);
    if (found.classes?.logLoss !== undefined && run["loss"] !== "focal")
      expect(found.classes.logLoss).toBeCloseTo(measured["loss"]!, 5);
  });
});

describe("arrays and texts", () => {
  const images = (n: number, seed: number): { x: Uint8Array; y: Uint8Array } => {
    const random = stream(seed, "images");
    const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
    const x = Float64Array.from(
      { length: n * 64 },
      (_, k) => labels[Math.floor(k / 64)]! * 40 + 20 * random.uniform(1)[0]!,
    );
    return { x: npy(x, [n, 1, 8, 8]), y: npy(labels, [n]) };
  };

  test("a CNN with batch norm and dropout on scaled and standardised images", async () => {
    const [a, b] = [images(60, 1), images(70, 2)];
    const files = { "x.npy": a.x, "y.npy": a.y, "tx.npy": b.x, "ty.npy": b.y };
    const ran = await trained(
      {
        ...quick,
        data: {
          npy: "x.npy",
          target: "y.npy",
          scale: 1 / 255,
          standardize: true,
          test: { npy: "tx.npy", target: "ty.npy" },
        },
        model: { kind: "cnn", channels: [4], batchNorm: true, hidden: [8], dropout: 0.3 },
      },
      files,
    );
    const measured = ran.built.evaluate("test")!;
    const source = { host: ran.host, path: "tx.npy", format: "npy" } as const;
    const found = await evaluateSource(ran.model, { ...source, target: "ty.npy" });
    expect(found.loss).toBe(measured["loss"]);
    expect(found.accuracy).toBe(measured["accuracy"]);
    const all = await predictions(ran, source);
    expect(all).toHaveLength(70);
    const host = memoryHost({ "few.npy": images(1, 2).x });
    expect(await predictions(ran, { host, path: "few.npy", format: "npy" })).toEqual(all.slice(0, 1));
  });

  test.each(["every", "next"])("a transformer that predicts %s", async (predict) => {
    const text = "the quick brown fox jumps over the lazy dog. ".repeat(12);
    const ran = await trained(
      {
        ...quick,
        steps: 4,
        data: { text: "a.txt", context: 8 },
        model: { kind: "transformer", layers: 1, width: 8, heads: 2, predict },
        validation: 0.2,
      },
      { "a.txt": text },
    );
    const held = Array.from(text)
      .slice(Math.ceil(text.length * 0.8))
      .join("");
    const source = { host: memoryHost({ "b.txt": held }), path: "b.txt", format: "text" } as const;
    const found = await evaluateSource(ran.model, source);
    expect(found.rows).toBe(ran.built.data.validation!.features.shape[0]);
    expect(found.loss).toBe(ran.built.evaluate("validation")!["loss"]);
    expect(found.perplexity).toBe(Math.exp(found.loss!));
  });
});

describe("any CSV", () => {
  const word = fc
    .string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(..."ab ,;\"'é\t=1") })
    .map((w) => `w${w.trim()}`);
  const column = fc.oneof(
    fc.record({ kind: fc.constant("number"), words: fc.constant([] as string[]) }),
    fc.record({ kind: fc.constant("word"), words: fc.uniqueArray(word, { minLength: 2, maxLength: 5 }) }),
  );
  const schema = fc.record({
    names: fc.uniqueArray(word, { minLength: 6, maxLength: 6 }),
    columns: fc.array(column, { minLength: 1, maxLength: 4 }),
    target: column,
    seed: fc.integer({ min: 0, max: 1e6 }),
    bom: fc.boolean(),
    crlf: fc.boolean(),
    standardize: fc.boolean(),
    reversed: fc.boolean(),
    extra: fc.boolean(),
    drop: fc.boolean(),
    broken: fc.nat(),
  });
  const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`;

  test("quotes, other orders and columns, a byte order mark, dropped rows: the same loss to the last bit; a new word or an empty cell is refused with its place", async () => {
    await fc.assert(
      fc.asyncProperty(
        schema,
        async ({ names, columns, target, seed, bom, crlf, standardize, reversed, extra, drop, broken }) => {
          const all = [...columns, target];
          const random = stream(seed, "cells");
          const rows = Array.from({ length: 24 }, (_, i) =>
            all.map(({ words }) =>
              // every word is met in training
              words.length > 0
                ? words[(i + Math.floor(random.uniform(1)[0]! * 2)) % words.length]!
                : String(random.normal(1)[0]! * 10 ** (seed % 4)),
            ),
          );
          for (const [j, { words }] of all.entries()) words.forEach((w, i) => (rows[i]![j] = w));
          const heads = names.slice(0, all.length);
          const end = crlf ? "\r\n" : "\n";
          const text = (
            order: readonly number[],
            more: boolean,
            lines: readonly (readonly string[])[],
          ): string =>
            [heads, ...lines]
              .map((cells, i) =>
                [
                  ...order.map((j) => quoted(cells[j]!)),
                  ...(more ? [quoted(i === 0 ? "an extra" : "?")] : []),
                ].join(","),
              )
              .join(end) + end;
          const order = all.map((_, j) => j);
          const files = {
            // training drops the row with an empty cell
            "train.csv": text(
              order,
              false,
              drop ? [...rows, all.map((_, j) => (j === 0 ? "" : rows[0]![j]!))] : rows,
            ),
            "new.csv": (bom ? "\ufeff" : "") + text(reversed ? [...order].reverse() : order, extra, rows),
          };
          const ran = await trained(
            {
              optimizer: { name: "sgd", lr: 1e-4 },
              steps: 2,
              model: { kind: "linear" },
              data: {
                csv: "train.csv",
                target: heads.at(-1),
                header: true,
                standardize,
                test: "train.csv",
                ...(drop && { missing: "drop" }),
              },
            },
            files,
          );
          const measured = ran.built.evaluate("test")!;
          const source = { host: ran.host, path: "new.csv", format: "csv" } as const;
          const found = await evaluateSource(ran.model, source);
          expect(found.loss).toBe(measured["loss"]);
          expect(found.accuracy).toBe(measured["accuracy"]);

          const [i, j] = [broken % rows.length, broken % columns.length];
          const isNew = columns[j]!.words.length > 0 && broken % 2 === 0;
          const odd = rows.map((cells, r) =>
            cells.map((cell, k) => (r === i && k === j ? (isNew ? "a new word" : "") : cell)),
          );
          const host = memoryHost({ "odd.csv": text(order, extra, odd) });
          await expect(predictions(ran, { host, path: "odd.csv", format: "csv" })).rejects.toMatchObject({
            id: isNew ? "csv-categories" : "csv-missing",
            message: expect.stringContaining(`row ${i + 2}, column "${heads[j]}"`),
          });
        },
      ),
      { numRuns: 25, seed: 7 },
    );
  });
});
