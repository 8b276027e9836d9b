import { expect, test } from "vitest";
import { memoryHost } from "../data/index.ts";
import { wasm } from "../engine/backends/wasm.ts";
import { parseRun } from "../run/index.ts";
import { buildRun } from "./build.ts";
import { modelRecord } from "./model-record.ts";
import { requireSameCharacters } from "./weights.ts";

const run = (text: string) =>
  buildRun(
    parseRun({
      data: { text: "t", context: 2 },
      model: { kind: "transformer", layers: 1, width: 4, heads: 1 },
      optimizer: { name: "sgd", lr: 0.1 },
    }),
    { host: memoryHost({ t: text }), backend: wasm },
  );

test("weights of a text with as many but other characters are refused, and both sides' are named", async () => {
  const trained = await run("abc".repeat(10));
  const stored = { metadata: { model: JSON.stringify(modelRecord(trained)) } };
  requireSameCharacters((await run("cba".repeat(10))).data, stored, "w");
  requireSameCharacters((await run("xyz".repeat(10))).data, { metadata: {} }, "w"); // says nothing of characters
  const { data } = await run("abd".repeat(10));
  expect(() => requireSameCharacters(data, stored, "w")).toThrow(
    expect.objectContaining({
      id: "init-weights",
      where: "w",
      help: expect.stringMatching(/know "c", only .* has "d"/),
    }),
  );
});
