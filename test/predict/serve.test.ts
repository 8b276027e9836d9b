/** The served model: answers, refusals, requests side by side, and how the command ends. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { createServeApp } from "../../src/cli/serve/app.ts";
import { predictionQueue } from "../../src/cli/serve/queue.ts";
import type { Prediction } from "../../src/predict/interpret.ts";
import { encodeRows, predictRows } from "../../src/predict/predict.ts";
import type { TrainedModel } from "../../src/predict/trained-model.ts";
import { folder, start } from "../cli/steepest.ts";
import { trained } from "./helpers.ts";

const csv = "age,city,risk\n31,Bern,low\n64,Basel,high\n48,Bern,high\n22,Genf,low\n";
let model: TrainedModel;
let writer: TrainedModel;

beforeAll(async () => {
  const quick = { optimizer: { name: "sgd", lr: 0.01 }, steps: 2 };
  const data = { csv: "people.csv", target: "risk" };
  ({ model } = await trained({ ...quick, data, model: { kind: "linear" } }, { "people.csv": csv }));
  const text = {
    data: { text: "a.txt", context: 4 },
    model: { kind: "transformer", layers: 1, width: 8, heads: 2 },
  };
  ({ model: writer } = await trained({ ...quick, ...text }, { "a.txt": "abc".repeat(40) }));
});

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & {
    readonly error?: { id: string; message: string; help?: string };
  };
}

async function ask(of: TrainedModel, path: string, body?: string, host = "localhost:4700"): Promise<Answer> {
  const app = createServeApp(of, { loopback: true, maxBytes: 40_000 });
  const answer = await app.request(`http://localhost${path}`, {
    headers: { host, ...(body !== undefined && { "content-length": String(body.length) }) },
    ...(body !== undefined && { method: "POST", body }),
  });
  return { status: answer.status, body: (await answer.json()) as Answer["body"] };
}

test("predicts rows with the probabilities by name, as the model does in code", async () => {
  const rows = [
    { age: 30, city: "Bern" },
    { city: "Genf", age: 70, id: 3 },
  ];
  const { status, body } = await ask(model, "/predict", JSON.stringify({ rows }));
  expect(status).toBe(200);
  const own = predictRows(model, rows).map(({ probabilities, ...rest }) => ({
    ...rest,
    probabilities: { high: probabilities![0], low: probabilities![1] },
  }));
  expect(body["predictions"]).toEqual(own);
});

test("more rows than a batch has are answered a batch at a time, with the same bits as rows alone", async () => {
  const rows = Array.from({ length: 2 * model.batchSize + 3 }, (_, i) => ({ age: 20 + i / 7, city: "Bern" }));
  const sizes: number[] = [];
  const watched = {
    ...model,
    width: model.width,
    forward: (x: ArrayLike<number>) => {
      sizes.push(x.length / model.rowSize);
      return model.forward(x);
    },
  };
  const { status, body } = await ask(watched, "/predict", JSON.stringify({ rows }));
  expect([status, sizes]).toEqual([200, [model.batchSize, model.batchSize, 3]]);
  const found = body["predictions"] as { probability: number }[];
  const alone = rows.map((row) => predictRows(model, [row])[0]!.probability);
  expect(found.map((p) => p.probability)).toEqual(alone);
});

describe("refuses with a status, an id and words", () => {
  const row = (more: object): string => JSON.stringify({ rows: [{ age: 1, city: "Bern", ...more }] });
  test.each([
    ["no JSON", "/predict", "{rows", 400, "json", /not JSON/],
    ["no rows", "/predict", "[]", 422, "request", /"rows"/],
    ["a missing column", "/predict", '{"rows":[{"age":1}]}', 422, "csv-column", /"city"/],
    ["a new category", "/predict", row({ city: "Oslo" }), 422, "csv-categories", /row 1.*"Oslo"/],
    ["a word for a number", "/predict", row({ age: "old" }), 422, "csv-cell", /"age"/],
    ["a row that is none", "/predict", '{"rows":[7]}', 422, "data-row", /row 1/],
    ["too many bytes", "/predict", row({ city: "x".repeat(40_000) }), 413, "request", /40000 bytes/],
    ["another path", "/nothing", "{}", 404, "not-found", /POST \/nothing/],
    ["text from a model of rows", "/generate", '{"prompt":"a"}', 404, "not-found", /generate/],
  ])("%s", async (_, path, sent, status, id, message) => {
    const answer = await ask(model, path, sent);
    expect(answer).toMatchObject({
      status,
      body: { error: { id, message: expect.stringMatching(message) } },
    });
  });

  test("a page that was rebound to localhost", async () => {
    expect((await ask(model, "/health", undefined, "evil.example")).status).toBe(421);
  });
});

test("a text model writes, and checks what it is asked", async () => {
  const asked = { prompt: "ab", length: 5, seed: 1 };
  const { status, body } = await ask(writer, "/generate", JSON.stringify(asked));
  expect([status, body["text"]]).toEqual([200, expect.stringMatching(/^[abc]{5}$/)]);
  for (const wrong of [
    { length: 0 },
    { temperature: -1 },
    { topK: 0.5 },
    { seed: -1 },
    { prompt: 3 },
    { prompt: "é" },
  ]) {
    expect((await ask(writer, "/generate", JSON.stringify({ ...asked, ...wrong }))).status).toBe(422);
  }
});

test("the document has the model's own columns, words and classes", async () => {
  const document = JSON.stringify((await ask(model, "/openapi.json")).body);
  for (const part of [
    '"openapi":"3.1.0"',
    '"enum":["Basel","Bern","Genf"]',
    '"enum":["high","low"]',
    "/predict",
  ])
    expect(document).toContain(part);
  expect((await ask(model, "/health")).body).toEqual({ status: "ok", model: "t", step: 2 });
});

test("requests that wait together are computed together, and one that is wrong fails alone", async () => {
  let calls = 0;
  const counted = {
    ...model,
    width: model.width,
    forward: (x: ArrayLike<number>) => {
      calls++;
      return model.forward(x);
    },
  };
  const queue = predictionQueue(counted);
  const predict = async (rows: readonly unknown[]): Promise<Prediction[]> =>
    queue(encodeRows(model.record, rows), rows.length);
  const ages = Array.from({ length: 50 }, (_, i) => 20 + i);
  const answers = await Promise.allSettled([
    ...ages.map((age) => predict([{ age, city: "Bern" }])),
    predict([{ age: 1, city: "Oslo" }]),
  ]);
  expect(calls).toBe(1);
  expect(answers.at(-1)).toMatchObject({ status: "rejected", reason: { id: "csv-categories" } });
  const alone = ages.map((age) => predictRows(model, [{ age, city: "Bern" }]));
  expect(answers.slice(0, -1).map((a) => a.status === "fulfilled" && a.value)).toEqual(alone);
});

test("the command says where it answers, and ends with 0 when a supervisor asks", async () => {
  const cwd = folder();
  writeFileSync(join(cwd, "people.csv"), csv);
  const run = { name: "people", data: { csv: "people.csv", target: "risk" }, model: { kind: "linear" } };
  writeFileSync(
    join(cwd, "run.json"),
    JSON.stringify({ ...run, optimizer: { name: "sgd", lr: 0.01 }, steps: 2 }),
  );
  await start(["train", "run.json", "--quiet", "--no-plots"], { cwd }).finished;
  const { child, finished } = start(["serve", "runs/people-1", "--port", "0", "--json"], { cwd });
  const line = await new Promise<string>((resolve) => child.stdout!.once("data", resolve));
  const { url } = JSON.parse(line) as { url: string };
  const answer = await fetch(`${url}predict`, { method: "POST", body: '{"rows":[{"age":5,"city":"Bern"}]}' });
  expect(answer.status).toBe(200);
  child.kill("SIGTERM");
  expect((await finished).code).toBe(0);
});
