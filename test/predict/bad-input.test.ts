import { beforeAll, describe, expect, test } from "vitest";
import { type DataHost, memoryHost } from "../../src/data/index.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { generate } from "../../src/predict/generate.ts";
import { loadRun } from "../../src/predict/load-run.ts";
import { predictSource } from "../../src/predict/predict.ts";
import type { RowFormat } from "../../src/predict/read-rows.ts";
import { openModel } from "../../src/predict/trained-model.ts";
import { decodeSafeTensors, encodeSafeTensors } from "../../src/train/safetensors.ts";
import { npy, type Trained, trained } from "./helpers.ts";

const csv = "age,city,risk\n31,Bern,low\n64,Basel,high\n48,Bern,high\n22,Genf,low\n";
let people: Trained;
let writer: Trained;

beforeAll(async () => {
  const quick = { optimizer: { name: "sgd", lr: 0.01 }, steps: 2 };
  people = await trained(
    { ...quick, data: { csv: "people.csv", target: "risk" }, model: { kind: "linear" } },
    { "people.csv": csv },
  );
  writer = await trained(
    {
      ...quick,
      data: { text: "a.txt", context: 4 },
      model: { kind: "transformer", layers: 1, width: 8, heads: 2 },
    },
    { "a.txt": "abc".repeat(40) },
  );
});

const run = (text: string | Uint8Array, format: RowFormat): Promise<void> => {
  const host: DataHost = memoryHost({ new: text });
  return predictSource(people.model, { host, path: "new", format }, {}, async () => {});
};

describe("a file is refused with place and remedy", () => {
  const cases: [string, string | Uint8Array, RowFormat, string, RegExp, RegExp][] = [
    [
      "without a column",
      "age,town\n31,Bern\n",
      "csv",
      "csv-column",
      /needs the column "city"/,
      /"age", "town"/,
    ],
    ["with a misspelt column", "age,cty\n31,Bern\n", "csv", "csv-column", /"city"/, /rename "cty"/],
    [
      "with a new category",
      "age,city\n31,Oslo\n",
      "csv",
      "csv-categories",
      /row 2.*"Oslo"/,
      /"Basel", "Bern", "Genf"/,
    ],
    ["with a word for a number", "age,city\nold,Bern\n", "csv", "csv-cell", /row 2, column "age"/, /correct/],
    [
      "with an empty cell",
      "age,city\n31,Bern\n,Bern\n",
      "csv",
      "csv-missing",
      /row 3, column "age"/,
      /^fill it in, or leave the row out$/,
    ],
    ["with a short row", "age,city\n31\n", "csv", "csv-ragged", /row 2 has 1 cells/, /delimiter/],
    ["that is empty", "", "csv", "data-empty", /empty/, /rows/],
    ["that is no JSON", '{"age": 1, "city": "Bern"}\n{age}\n', "jsonl", "jsonl", /line 2/, /JSON record/],
    ["of JSON without a column", '{"age": 1}\n', "jsonl", "csv-column", /"city"/, /"age"/],
    ["of nested JSON", '{"age": [1], "city": "Bern"}\n', "jsonl", "data-row", /row 1 holds a list/, /record/],
    [
      "of arrays of another size",
      npy(new Float64Array(6), [2, 3]),
      "npy",
      "data-shape",
      /3 values.*\[4\]/,
      /rows as/,
    ],
    [
      "with a number that is none",
      npy(Float64Array.of(1, Number.NaN, 0, 0), [1, 4]),
      "npy",
      "data-not-finite",
      /row 1/,
      /fill/,
    ],
  ];
  test.each(cases)("%s", async (_, text, format, id, message, help) => {
    await expect(run(text, format)).rejects.toMatchObject({
      id,
      message: expect.stringMatching(message),
      help: expect.stringMatching(help),
    });
  });

  test("rows before the one that is refused are passed on", async () => {
    const lines = Array.from({ length: people.model.batchSize + 5 }, () => "31,Bern");
    const host = memoryHost({ new: `age,city\n${lines.join("\n")}\n31,Oslo\n` });
    let rows = 0;
    await expect(
      predictSource(people.model, { host, path: "new", format: "csv" }, {}, async (piece) => {
        rows += piece.predictions.length;
      }),
    ).rejects.toMatchObject({ id: "csv-categories" });
    expect(rows).toBe(people.model.batchSize);
  });
});

describe("in code", () => {
  test("records in any order, lists and files agree; weights have the model's names", async () => {
    const model = await loadRun(people.bytes);
    expect(model.classes).toEqual(["high", "low"]);
    expect([...model.weights.keys()]).toEqual(["0.weight", "0.bias"]);
    const [byName, byPlace] = model.predict([{ city: "Bern", age: 40, id: 7 }, [40, "Bern"]]);
    expect(byName).toEqual(byPlace);
    expect(byName!.probabilities!.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    expect(() => model.predict([{ age: 40 }])).toThrow(/"city"/);
    expect(() => model.predict([[40]])).toThrow(/1 values, and 2/);
  });

  test("a checkpoint without the model's description says where to find it", async () => {
    const { tensors } = decodeSafeTensors(people.bytes, "x");
    const bare = encodeSafeTensors([...tensors.values()], { format: "steepest.checkpoint/1" });
    await expect(openModel(bare, { where: "x", backend: wasm })).rejects.toMatchObject({
      id: "model-record",
      help: expect.stringContaining("run folder"),
    });
    const later = encodeSafeTensors([...tensors.values()], { model: '{"format":"steepest.model/9"}' });
    await expect(openModel(later, { where: "x", backend: wasm })).rejects.toMatchObject({
      id: "model-record",
    });
  });
});

describe("a text model", () => {
  const write = (options: object): string =>
    [...generate(writer.model, { prompt: "ab", length: 12, ...options })].join("");

  test("writes the same for the same seed, and only the most probable at temperature 0 or with topK 1", () => {
    expect(write({ seed: 3 })).toBe(write({ seed: 3 }));
    expect(write({ seed: 3 })).not.toBe(write({ seed: 4 }));
    expect(write({ temperature: 0, seed: 1 })).toBe(write({ topK: 1, seed: 2 }));
    expect(write({})).toMatch(/^[abc]{12}$/);
  });

  test("refuses a character it has not met, an empty prompt, and rows", async () => {
    expect(() => write({ prompt: "abz" })).toThrow(/"z"/);
    expect(() => write({ prompt: "" })).toThrow(/0 characters/);
    expect(() => [...generate(people.model, { prompt: "a", length: 1 })]).toThrow(/not trained on a text/);
    const host = memoryHost({ new: "a" });
    await expect(
      predictSource(writer.model, { host, path: "new", format: "csv" }, {}, async () => {}),
    ).rejects.toMatchObject({ id: "predict-text" });
  });
});
