/** Room 1: what is shown equals the independent NumPy paths of seed-walkthrough.json, and the controls do what they say. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { describeLab, inspect, settledHash } from "../harness.ts";

interface GoldenRun {
  readonly lr: number;
  readonly beta?: number;
  readonly path: readonly (readonly [number, number])[];
}
const { figures } = JSON.parse(
  readFileSync(new URL("../../golden/seed-walkthrough.json", import.meta.url), "utf8"),
) as { readonly figures: { readonly three_paths: { readonly runs: Readonly<Record<string, GoldenRun>> } } };
const runs = Object.values(figures.three_paths.runs);

const ready = (page: Page): Promise<void> =>
  page.locator("path.trail").first().waitFor({ state: "attached" });
const rate = (page: Page) => page.getByLabel("Learning rate, as a number");
const verdict = (page: Page) => page.locator(".verdict .title");
const value = (page: Page, name: string) => page.locator(`[data-value=${name}]`);
const start = (page: Page) => page.getByRole("application");

/** Rows of the first figure's data table: path, rate, step, x, y, f. */
async function rows(page: Page): Promise<string[][]> {
  const table = page.locator(".data").first();
  if ((await table.getAttribute("open")) === null) await table.locator("summary").click();
  return page
    .locator(".data table tbody")
    .first()
    .evaluate((body) => [...body.children].map((row) => [...row.children].map((cell) => cell.textContent)));
}

/** The end of the path of this name, once its rate is shown. */
async function end(page: Page, name: string, lr: number): Promise<readonly string[]> {
  const shown = String(Number(lr.toPrecision(7)));
  await expect.poll(async () => (await rows(page)).some(([n, at]) => n === name && at === shown)).toBe(true);
  return (await rows(page)).findLast(([n]) => n === name)!;
}

function near(shown: string, want: number): void {
  expect(Math.abs(Number(shown) - want)).toBeLessThanOrEqual(1e-6 * Math.abs(want) + 1e-30);
}

describeLab("room 1, step size", (lab) => {
  test("is readable by everybody, in light and dark, on a phone and a laptop", async () => {
    await inspect(lab, "#/step-size", { name: "01-step-size", ready });
  });

  test("shows the numbers of an independent run, whatever the rate", async () => {
    const page = await lab.open("#/step-size?with=momentum");
    for (const { lr, path } of runs.filter((r) => r.beta === undefined)) {
      await rate(page).fill(String(lr));
      const [, , step, x, y, f] = await end(page, "yours", lr);
      const [wantX, wantY] = path.at(-1)!;
      expect(Number(step)).toBe(path.length - 1);
      near(x!, wantX);
      near(y!, wantY);
      near(f!, 0.5 * (wantX ** 2 + 10 * wantY ** 2));
    }
    const { lr, path } = runs.find((r) => r.beta === 0.9)!;
    const [, , step, x, y] = await end(page, "momentum", lr);
    near(x!, path[Number(step)]![0]);
    near(y!, path[Number(step)]![1]);
    expect(Number(await value(page, "turns-momentum").textContent())).toBeGreaterThan(0.5);
    expect(Number(await value(page, "turns").textContent())).toBeLessThan(0.5);
  });

  test("says what each rate does, and a rate that diverges leaves the picture readable", async () => {
    const page = await lab.open("#/step-size");
    const before = await page.locator(".plane").boundingBox();
    for (const [lr, said] of [
      ["0.005", /Too small/],
      ["0.09", /Safe/],
      ["0.181818", /Just right/],
      ["0.19", /bounces, and settles/],
      ["0.2", /On the border/],
      ["0.21", /Too large/],
      ["1", /Too large/],
    ] as const) {
      await rate(page).fill(lr);
      await expect.poll(() => verdict(page).textContent()).toMatch(said);
    }
    await end(page, "yours", 1);
    // at the border it jumps between two walls: along y all places are apart
    await rate(page).fill("0.2");
    await expect.poll(() => page.locator(".slices svg > g").nth(1).locator("circle").count()).toBe(41);
    await rate(page).fill("1");
    const plane = await page.locator(".plane").boundingBox();
    expect(plane).toEqual(before);
    await rate(page).fill("fast");
    expect(await page.getByRole("alert").textContent()).toContain("a number from 0.001 to 1");
    expect(await verdict(page).textContent()).toMatch(/Too large/);
  });

  test("works by keyboard: play, step, back, and the start", async () => {
    const page = await lab.open("#/step-size?k=3");
    await ready(page);
    await page.keyboard.press(".");
    await page.keyboard.press(".");
    await page.keyboard.press(",");
    expect(await settledHash(page)).toBe("#/step-size?k=4");
    await rate(page).fill("0.1");
    expect(await settledHash(page)).toBe("#/step-size?lr=0.1&k=4");
    await start(page).focus();
    const before = await start(page).getAttribute("aria-label");
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => start(page).getAttribute("aria-label")).not.toBe(before);
    await page.keyboard.press("Space");
    await expect.poll(() => page.getByRole("button", { name: "Pause" }).count()).toBe(1);
    await page.keyboard.press("Space");
  });

  test("follows the pointer, and its address brings the same picture back", async () => {
    const page = await lab.open("#/step-size");
    await ready(page);
    const box = (await page.locator(".plane svg").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.045, box.y + box.height * 0.3);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + box.height * 0.25, { steps: 4 });
    await page.mouse.up();
    await page.getByRole("checkbox", { name: "momentum" }).check();
    const hash = await settledHash(page);
    // a pixel is 0.03 wide, and as high: the stage shows y from −9 to 9
    expect(hash).toMatch(
      /^#\/step-size\?x=(5|5\.0\d|4\.9\d)&y=(4\.5|4\.5\d|4\.4\d)&with=tiny,fastest,momentum$/,
    );
    const drawn = (p: Page) =>
      p.locator("path.trail").evaluateAll((all) => all.map((path) => path.getAttribute("d")));
    await expect.poll(async () => (await drawn(page)).length).toBe(4);
    const again = await lab.open(hash);
    await expect.poll(async () => (await drawn(again)).length).toBe(4);
    // both begin with one pass
    await page.getByRole("button", { name: "Play" }).waitFor();
    await again.getByRole("button", { name: "Play" }).waitFor();
    expect(await drawn(again)).toEqual(await drawn(page));
  });
});
