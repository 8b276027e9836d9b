/** Room 10: a network on real digits, trained in the page: steered, paused, asked, and compared with the library's own run. */
import { expect, test } from "vitest";
import { writeRates } from "../../../lab/src/lib/rates.ts";
import { picture, readInk, writeInk } from "../../../lab/src/rooms/train/ink.ts";
import { type Asked, readChanges, runFile } from "../../../lab/src/rooms/train/run-file.ts";
import { smooth } from "../../../lab/src/rooms/train/smooth.ts";
import { memoryHost } from "../../../src/data/index.ts";
import { nodeHost } from "../../../src/data/node-host.ts";
import { wasm } from "../../../src/engine/backends/wasm.ts";
import { parseRun } from "../../../src/run/index.ts";
import { buildRun, runLandscape } from "../../../src/train/index.ts";
import { describeLab, inspect, openDrawers, settledHash } from "../harness.ts";

const asked: Asked = {
  data: "digits",
  model: "mlp",
  hidden: 8,
  optimizer: "sgd-momentum",
  schedule: "warmup-cosine",
  batch: 32,
  steps: 60,
  seed: 3,
};
const hash = "#/train?hidden=8&schedule=warmup-cosine&batch=32&steps=60&seed=3";

test("a drawing goes to the address and back, and is centred as the training digits are", () => {
  const strokes = [
    [
      [3, 2],
      [5, 60],
    ],
    [[9, 9]],
  ] as const;
  expect(readInk(writeInk(strokes))).toEqual(strokes);
  for (const bad of ["A", "A!", "AA..AA", "é0"]) expect(readInk(bad)).toBeNull();
  const corner = picture([
    [
      [0, 0],
      [0, 20],
    ],
  ]);
  const other = picture([
    [
      [40, 30],
      [40, 50],
    ],
  ]);
  expect(corner).toEqual(other);
  expect(picture([]).every((p) => p === 0)).toBe(true);
  const column = (x: number): number =>
    Math.max(...Array.from({ length: 28 }, (_, y) => corner[28 * y + x]!));
  expect([column(13), column(14), column(5), column(22)]).toEqual([1, 1, 0, 0]);
});

test("rates and optimizers of an address must rise in steps from 0", () => {
  const changes = [
    [0, 0.05, "sgd"],
    [120, 0.01],
    [200, 0.01, "adam"],
  ] as const;
  expect(readChanges("0:0.05:sgd,120:0.01,200:0.01:adam")).toEqual(changes);
  expect(writeRates(changes)).toBe("0:0.05:sgd,120:0.01,200:0.01:adam");
  for (const bad of [
    "",
    "5:0.1",
    "0:0.1,0:0.2",
    "0:0",
    "0:x",
    "0",
    "0:1:2",
    "0:0.1:no",
    "0:0.1:sgd:1",
    "0:0.1,",
  ])
    expect(readChanges(bad)).toBeNull();
});

test("a finer picture of the loss keeps the samples, and follows a cubic between them", () => {
  const cubic = (x: number, y: number): number => x ** 2 - 3 * x + x * y + 2 * y ** 2;
  const [columns, rows] = [5, 4];
  const values = Float64Array.from({ length: columns * rows }, (_, i) =>
    cubic(i % columns, Math.floor(i / columns)),
  );
  const fine = smooth({ x: [0, 4], y: [0, 3], columns, rows, values }, 4);
  expect([fine.columns, fine.rows]).toEqual([17, 13]);
  // away from the rim, where the fourth sample is guessed, a quadratic comes out exactly
  for (let r = 4; r <= 8; r++)
    for (let c = 4; c <= 12; c++) expect(fine.values[r * 17 + c]).toBeCloseTo(cubic(c / 4, r / 4), 10);
  values[7] = Number.NaN;
  const hole = smooth({ x: [0, 4], y: [0, 3], columns, rows, values }, 4);
  expect(hole.values[4 * 17 + 8]).toBeNaN();
  expect(hole.values[8 * 17 + 8]).toBeCloseTo(cubic(2, 2), 10);
});

describeLab("room 10, train", (lab) => {
  test("an address with steps and changed rates shows the library's own numbers", async () => {
    const built = await buildRun(parseRun(runFile(asked, 0.1)), { host: nodeHost(), backend: wasm });
    const later = await buildRun(parseRun(runFile(asked, 0.02)), { host: nodeHost(), backend: wasm });
    for (let k = 0; k < 60; k++) {
      const { rate } = k < 30 ? built : later;
      built.advance(k, rate.lrAt(k));
    }
    const expected = built.evaluate("test")!;
    const page = await lab.open(`${hash}&lr=0.02&rates=0:0.1,30:0.02&k=60`);
    await page.locator("[data-value=step]:text-is('60 of 60')").waitFor();
    const accuracy = page.locator(
      `[data-value=accuracy]:text-is('${(100 * expected["accuracy"]!).toFixed(1)} %')`,
    );
    await accuracy.waitFor();
    await page.locator("details.data summary").nth(2).click();
    const cells = await page
      .locator("details.data table")
      .first()
      .locator("tbody tr")
      .last()
      .locator("td")
      .allTextContents();
    expect(Number(cells[0])).toBe(60);
    expect(Number(cells[1])).toBeCloseTo(expected["loss"]!, 4);
    expect(Number(cells[2])).toBeCloseTo(expected["accuracy"]!, 6);
    expect(await settledHash(page)).toContain("k=60");
  });

  test("begins by itself with one pass, of which the address knows nothing", async () => {
    const page = await lab.open("#/train?hidden=8");
    await page.getByText("After 60 steps").waitFor();
    expect(await settledHash(page)).toBe("#/train?hidden=8");
    await page.getByRole("button", { name: "One step" }).click();
    await page.locator("[data-value=step]:text-is('61 of 600')").waitFor();
    await expect.poll(() => settledHash(page)).toBe("#/train?hidden=8&k=61");
  });

  test("trains, pauses, takes another rate without starting again, and goes on", async () => {
    const page = await lab.open("#/train?steps=5000&hidden=64&k=0");
    const step = async (): Promise<number> =>
      Number((await page.locator("[data-value=step]").textContent())!.split(" ")[0]);
    await page.locator("[data-value=says]").waitFor();
    await page.getByRole("button", { name: "Train", exact: true }).press("Enter");
    await page
      .locator("[data-value=step]")
      .filter({ hasText: /^(\d{3,}|[3-9]\d) of/ })
      .waitFor();
    await page.getByLabel("Learning rate, as a number").fill("0.01");
    await page.locator("[data-value=rate]:text-is('0.01')").waitFor();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).waitFor();
    const paused = await step();
    expect(paused).toBeGreaterThan(20);
    expect(await settledHash(page)).toMatch(
      new RegExp(`lr=0\\.01.*k=${paused}&rates=0%3A0\\.05,\\d+%3A0\\.01`),
    );
    await page.getByRole("button", { name: "One step" }).click();
    await page.locator(`[data-value=step]:text-is('${paused + 1} of 5000')`).waitFor();
    // another optimizer takes the weights as they are
    const right = async (): Promise<number> =>
      Number.parseFloat((await page.locator("[data-value=accuracy]").textContent())!);
    const before = await right();
    await page.getByLabel("Optimizer").selectOption("sgd");
    await expect
      .poll(() => settledHash(page))
      .toMatch(/rates=0%3A0\.05%3Asgd-momentum,\d+%3A0\.01,\d+%3A0\.01%3Asgd/);
    await page.getByRole("button", { name: "One step" }).click();
    await page.locator(`[data-value=step]:text-is('${paused + 2} of 5000')`).waitFor();
    expect(Math.abs((await right()) - before)).toBeLessThan(10);
    await page.getByRole("button", { name: "Go on" }).click();
    await page.getByRole("button", { name: "Pause" }).click();
    await page.getByRole("button", { name: "Go on" }).waitFor();
    expect(await step()).toBeGreaterThanOrEqual(paused);
    // a network cannot change under way: the run stays, until a new one is asked for
    await openDrawers(page);
    await page.getByLabel("Seed", { exact: true }).fill("5");
    await page.getByText("The run keeps the network it began with").waitFor();
    expect(await step()).toBeGreaterThanOrEqual(paused);
    await page.getByRole("button", { name: "New run" }).click();
    await page.locator("[data-value=step]:text-is('0 of 5000')").waitFor();
    const kept = page.getByRole("region", { name: "Runs of this visit" }).locator("tbody tr");
    expect(await kept.count()).toBe(1);
    expect(await kept.textContent()).toContain("0.05, then 0.01");
  });

  test("says that a rate is too high, and still answers for drawings by mouse and unseen digits by keyboard", async () => {
    const page = await lab.open("#/train?hidden=8&optimizer=rmsprop&lr=10&steps=20&k=20&rates=nonsense");
    await page.getByText("is no list such as").waitFor();
    await page.locator(".verdict:is(.warning, .critical)").waitFor();
    await page.locator("[data-value=says]").waitFor();
    const pad = page.getByLabel("Drawing area");
    await pad.scrollIntoViewIfNeeded();
    const box = (await pad.boundingBox())!;
    await page.mouse.move(box.x + box.width / 2, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2, box.y + box.height - 20, { steps: 8 });
    await page.mouse.up();
    await page.getByLabel("Your drawing, 28 by 28 pixels").waitFor();
    expect(await settledHash(page)).toContain("ink=");
    await page.getByRole("button", { name: "Next mistake" }).press("Enter");
    await page.locator("[data-value=says]:has-text('It is a')").waitFor();
    expect(await settledHash(page)).not.toContain("ink=");
    const shares = await page.locator("[data-p]").allTextContents();
    expect(shares.reduce((sum, s) => sum + parseFloat(s), 0)).toBeCloseTo(100, 0);
  });

  test("learns a table of the reader's, shows its answer over the plane, and cuts the loss as the library does", async () => {
    const rows = Array.from({ length: 80 }, (_, i) => {
      const [a, b] = [Math.sin(3 * i), Math.cos(5 * i)];
      return `${a.toFixed(4)},${b.toFixed(4)},${a * b > 0 ? "same" : "other"}`;
    });
    const text = `a,b,sign\n${rows.join("\n")}\n`;
    const own: Asked = {
      data: "csv",
      file: "signs.csv",
      target: "sign",
      model: "mlp",
      hidden: 4,
      optimizer: "adam",
      schedule: "constant",
      batch: 16,
      steps: 50,
      seed: 1,
    };
    const built = await buildRun(parseRun(runFile(own, 0.05)), {
      host: memoryHost({ "signs.csv": text }),
      backend: wasm,
    });
    for (let k = 0; k < 50; k++) built.advance(k, built.rate.lrAt(k));
    const cut = (await runLandscape(built, { plane: "random" }))!;

    const page = await lab.open(
      "#/train?data=csv&hidden=4&optimizer=adam&lr=0.05&batch=16&steps=50&pace=full&plane=random&k=0",
    );
    await page.getByText("Choose a table of your own").waitFor();
    await page
      .getByLabel("Your table (CSV)")
      .setInputFiles({ name: "signs.csv", mimeType: "text/csv", buffer: Buffer.from(text) });
    await page.getByRole("button", { name: "Train", exact: true }).click();
    const right = (100 * built.evaluate("validation")!["accuracy"]!).toFixed(1);
    await page.getByText(`After 50 steps ${right} % of 20 unseen rows are right`).waitFor();
    await page.getByRole("img", { name: "The network’s answer over the plane of a and b" }).waitFor();
    await page.getByRole("button", { name: "Cut the loss open" }).click();
    const short = (x: number): string => String(Number(x.toPrecision(3)));
    const highest = Math.max(...cut.grid.values);
    await page
      .getByText(`Around step 50 the loss rises from ${short(cut.loss)} to ${short(highest)} on this cut`)
      .waitFor();
  });

  test("puts the guide to the test", async () => {
    const page = await lab.open("#/train?hidden=4&budget=20&seeds=1&k=0");
    await page.getByText("For the run above it names sgd with momentum").waitFor();
    await page.getByRole("button", { name: "Put it to the test" }).click();
    await page.getByText("The guide says sgd with momentum").waitFor({ timeout: 60_000 });
    expect(await page.getByRole("region", { name: "Result of the test" }).locator("tbody tr").count()).toBe(
      3,
    );
  });

  test(
    "is readable by everybody",
    () =>
      inspect(lab, `${hash}&k=60`, {
        name: "10-train",
        ready: async (p) => {
          await p.locator("[data-value=step]:text-is('60 of 60')").waitFor();
          await p.locator("[data-value=says]").waitFor();
        },
      }),
    60_000,
  );
});
