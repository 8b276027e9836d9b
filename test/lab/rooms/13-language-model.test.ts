/** Room 13: a language model trained in the page, held to the library's own run; its weights go to the command line and back. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { habit } from "../../../lab/src/rooms/language-model/habit.ts";
import { type Asked, runFile } from "../../../lab/src/rooms/language-model/run-file.ts";
import { between } from "../../../lab/src/rooms/language-model/unseen.ts";
import { memoryHost } from "../../../src/data/index.ts";
import { wasm } from "../../../src/engine/backends/wasm.ts";
import { loadRun } from "../../../src/predict/node-load-run.ts";
import { parseRun } from "../../../src/run/index.ts";
import { type BuiltRun, buildRun, loadWeights } from "../../../src/train/index.ts";
import { folder, steepest } from "../../cli/steepest.ts";
import { describeLab, inspect, settledHash } from "../harness.ts";

const asked: Asked = {
  text: "alice",
  layers: 1,
  width: 16,
  heads: 2,
  context: 8,
  batch: 4,
  optimizer: "adamw",
  schedule: "warmup-cosine",
  steps: 60,
  seed: 3,
};
const hash = "#/language-model?layers=1&width=16&heads=2&context=8&batch=4&steps=60&seed=3";
const texts = new URL("../../../lab/src/rooms/language-model/texts/", import.meta.url);
const alice = readFileSync(new URL("alice.txt", texts));
const built = (lr: number): Promise<BuiltRun> =>
  buildRun(parseRun(runFile(asked, lr)), { host: memoryHost({ "alice.txt": alice }), backend: wasm });

const written = (page: Page): Promise<string | null> => page.locator("[data-value=sample]").textContent();
const step = async (page: Page): Promise<number> =>
  Number((await page.locator("[data-value=step]").textContent())!.split(" ")[0]);
/** What the command `generate` writes of a file of weights, as the page asks for it. */
async function generated(file: string): Promise<string> {
  const prompt = "Alice was ";
  return prompt + (await loadRun(file)).generate({ prompt, temperature: 0.8, seed: 3, length: 240 });
}

test("the texts are UTF-8 without a stranger's notice, and each begins as it should", () => {
  const begins = {
    "alice.txt": "CHAPTER I. Down the Rabbit-Hole",
    "sonnets.txt": "From fairest creatures we desire increase,",
    "die-verwandlung.txt": "Als Gregor Samsa eines Morgens aus unruhigen Träumen erwachte",
  };
  for (const [name, first] of Object.entries(begins)) {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(new URL(name, texts)));
    expect(text.startsWith(first), name).toBe(true);
    expect(text).not.toMatch(/gutenberg|license|copyright|[\r_]/i);
    expect(text.length).toBeGreaterThan(90_000);
  }
});

test("a head's habit is the place with most weight, where that is no even spread", () => {
  const characters = [..."to be or"];
  const size = characters.length;
  const map = (weight: (i: number, j: number) => number): number[] =>
    Array.from({ length: size * size }, (_, at) => {
      const [i, j] = [Math.floor(at / size), at % size];
      return j <= i ? weight(i, j) : 0;
    });
  expect(
    habit(
      map((i) => 1 / (i + 1)),
      characters,
    ),
  ).toEqual({ words: "has no habit", share: null });
  const before = map((i, j) => (i === 0 ? 1 : j === i - 1 ? 0.9 : 0.1 / i));
  expect(habit(before, characters).words).toBe("looks at the character before");
  expect(habit(before, characters).share).toBeCloseTo(0.9, 12);
});

test("between two looks the curve is straight, and before the first and after the last there is none", () => {
  const evaluations = [
    { step: 2, loss: 4 },
    { step: 4, loss: 2 },
  ];
  expect(between(evaluations, 5)).toEqual([Number.NaN, 4, 3, 2, Number.NaN]);
});

describeLab("room 13, a language model", (lab) => {
  test("shows the library's numbers; its weights write and train on at the command line, and those of there here", async () => {
    const page = await lab.open(`${hash}&lr=0.005&rates=0:0.02,30:0.005&k=60`);
    const [first, later] = [await built(0.02), await built(0.005)];
    let expected = { loss: Number.NaN, gradNorm: Number.NaN };
    for (let k = 0; k < 60; k++) {
      const { rate } = k < 30 ? first : later;
      expected = { ...first.advance(k, rate.lrAt(k)) };
    }
    await page.locator("[data-value=step]:text-is('60 of 60')").waitFor();
    const figure = page.locator(".figure").nth(1);
    await figure.getByText("Data", { exact: true }).click();
    const cells = await figure.locator("tbody tr").last().locator("td").allTextContents();
    expect(Number(cells[0])).toBe(60);
    expect(Number(cells[1])).toBeCloseTo(expected.loss, 4);
    expect(Number(cells[3])).toBeCloseTo(expected.gradNorm, 4);
    await page.getByRole("button", { name: "Save weights" }).waitFor();

    // out: the command line writes what the page writes, and trains on
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Save weights" }).click(),
    ]);
    const cwd = folder();
    const weights = join(cwd, "language-model.safetensors");
    await download.saveAs(weights);
    expect(await written(page)).toBe(await generated(weights));
    writeFileSync(join(cwd, "alice.txt"), alice);
    writeFileSync(join(cwd, "alice.json"), JSON.stringify({ ...runFile(asked, 0.005), steps: 1 }));
    const args = ["train", "alice.json", "--init", weights, "--out", "run", "--no-plots"];
    const { code, stderr } = await steepest(args, { cwd });
    expect(code, stderr).toBe(0);
    const lines = readFileSync(join(cwd, "run/metrics.jsonl"), "utf8").split("\n");
    const fresh = await built(0.005);
    loadWeights(fresh.step, readFileSync(weights));
    expect((JSON.parse(lines[1]!) as { loss: number }).loss).toBeCloseTo(fresh.advance(0, 0).loss, 4);

    // back
    const back = join(cwd, "run/checkpoint-last.safetensors");
    await page.getByLabel("Load weights").setInputFiles(back);
    await page.getByText("Runs begin from checkpoint-last.safetensors").waitFor();
    await page.locator("[data-value=step]:text-is('0 of 60')").waitFor();
    expect(await written(page)).toBe(await generated(back));
    // another text has other characters
    await page.getByLabel("Or paste a text").fill("to be or not to be, ".repeat(30));
    await page.getByRole("button", { name: "Train on this text" }).click();
    await page.getByText("the weights were trained on a text of other characters").first().waitFor();
    await page.getByRole("button", { name: "Begin from random weights" }).click();
    await expect.poll(() => written(page)).toMatch(/^to [tobern, ]{240}$/);
  });

  test("is in motion when it opens, pauses, takes another rate, prompt and temperature, and goes on", async () => {
    const page = await lab.open(hash.replace("steps=60", "steps=20000"));
    // one pass, which the address does not see
    await page.locator("[data-value=step]:text-is('1000 of 20000')").waitFor();
    expect(await settledHash(page)).toBe(hash.replace("steps=60", "steps=20000"));
    await page.getByRole("button", { name: "Go on" }).press("Enter");
    await page.getByLabel("Learning rate, as a number").fill("0.002");
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).waitFor();
    const paused = await step(page);
    expect(await settledHash(page)).toMatch(
      new RegExp(`lr=0\\.002&.*k=${paused}&rates=0%3A0\\.01,\\d+%3A0\\.002`),
    );
    await page.getByLabel("A sample begins with").fill("The ");
    await page.locator("[data-value=sample] strong:text-is('The ')").waitFor();
    await page.getByLabel("A sample begins with").fill("Öl");
    await page.getByText('the model has not met the character "Ö"').waitFor();
    await page.getByLabel("A sample begins with").fill("Alice was ");
    await page.getByLabel("Temperature, as a number").fill("0");
    await page.locator("[data-value=sample] strong:text-is('Alice was ')").waitFor();
    await page.getByRole("button", { name: "Go on" }).press("Enter");
    await expect.poll(() => step(page)).toBeGreaterThan(paused);
    await page.getByRole("button", { name: "Pause" }).press("Enter");
    // a rate that is far too high: the doctor speaks while it trains, as the command line does
    await page.goto(
      `${lab.url()}${hash.replace("steps=60", "steps=400")}&optimizer=sgd&schedule=constant&lr=10&k=150`,
    );
    await page.locator(".verdict:is(.warning, .critical)").first().waitFor();
    expect(await page.locator(".verdict .body").first().textContent()).toContain("The doctor");
  });

  test(
    "is readable by everybody",
    () =>
      inspect(lab, `${hash}&k=60`, {
        name: "13-language-model",
        ready: (p) => p.locator("[data-value=step]:text-is('60 of 60')").waitFor(),
      }),
    60_000,
  );
});
