/** Room 9: the shares and the sharpness shown are those of claims C18 and C18b, run by the library. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { wasm } from "../../../src/engine/backends/wasm.ts";
import { sharpness, valley } from "../../../src/lesson/claims/c18b.ts";
import { isFlat, SHARP, wells } from "../../../src/lesson/wells.ts";
import { share } from "../../../src/lesson/words.ts";
import { sgd } from "../../../src/optim/index.ts";
import { describeLab, inspect, openDrawers, settledHash } from "../harness.ts";

const context = { backend: wasm, pause: async (): Promise<void> => {} };
const value = (page: Page, name: string): Promise<string | null> =>
  page.locator(`[data-value=${name}]`).textContent();
/** The worker may be busy with a thousand runs. */
const ready = (page: Page): Promise<void> =>
  page.locator(".verdict .title:not(:text-is('Walking'))").nth(1).waitFor();

describeLab("room 9, sharp and flat minima", (lab) => {
  test("is readable by everybody", () => inspect(lab, "#/minima", { name: "09-minima", ready }));

  test("the shares are those of claim C18", async () => {
    const runs = wells(context, new Float64Array(1000).fill(SHARP.at), sgd({ lr: 1, momentum: 0.9 }), {
      seed: 1,
    });
    runs.data["sigma"]![0] = 3;
    for (let k = 0; k < 2000; k++) runs.step(0.02);
    const want = `${(100 * share(runs.at["x"]!, isFlat)).toFixed(1)} %`;
    const page = await lab.open("#/minima");
    await expect.poll(() => value(page, "flat")).toBe(want);
    // the border 2(1 + β)/50, from both sides, without noise: the audit's rates
    for (const [link, flat] of [
      ["just below the border all stay", "0.0 %"],
      ["just above it all leave", "100.0 %"],
      ["this", "0.0 %"],
    ] as const) {
      await page.getByRole("link", { name: link, exact: true }).first().click();
      await expect.poll(() => value(page, "flat")).toBe(flat);
    }
  });

  test("the sharpness is that of claim C18b, and momentum stays in sharper places", async () => {
    const page = await lab.open("#/minima");
    const shown: number[] = [];
    for (const memory of [0, 0.9]) {
      const run = valley(context, [4, 0.3], sgd({ lr: 1, momentum: memory }));
      for (let k = 0; k < 2000; k++) run.step(0.2);
      const want = String(Number(sharpness(run).toPrecision(4)));
      await page.getByLabel("Momentum in the valley, as a number").fill(String(memory));
      await expect.poll(() => value(page, "sharpness")).toBe(want);
      shown.push(Number(want));
    }
    // Audit C18b: 2.34 and 12.09
    expect(shown[0]).toBeCloseTo(2.34, 2);
    expect(shown[1]).toBeCloseTo(12.09, 2);
    await page.getByLabel("Momentum in the valley, as a number").fill("0");
    await page.getByLabel("Rate in the valley, as a number").fill("0.25");
    await expect.poll(() => value(page, "sharpness")).toBe("diverged");
  });

  test("keeps its state in the address, plays by keyboard, and changing a rate does not move the step", async () => {
    const page = await lab.open("#/minima?k=100");
    await ready(page);
    await page.keyboard.press(".");
    await page.getByLabel("Learning rate, as a number").fill("0.05");
    await openDrawers(page);
    await page.getByLabel("Start").selectOption("anywhere");
    const hash = await settledHash(page);
    expect(hash).toBe("#/minima?lr=0.05&from=anywhere&k=101");
    const places = (p: Page) =>
      p.locator("circle.run").evaluateAll((all) => all.map((c) => c.getAttribute("cx")));
    await expect.poll(async () => (await places(page)).length).toBeGreaterThan(20);
    const again = await lab.open(hash);
    await again.locator("circle.run").first().waitFor();
    const both = async (): Promise<boolean> =>
      (await value(page, "flat-now")) === (await value(again, "flat-now")) &&
      String(await places(page)) === String(await places(again));
    await expect.poll(both).toBe(true);
  });
});
