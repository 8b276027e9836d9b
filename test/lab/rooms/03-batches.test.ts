/** Room 3: the paths and floors shown are the library's, the variance follows σ²/B, and the controls do what they say. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { byBatch, escape, walk } from "../../../lab/src/rooms/batches/measure.ts";
import { codeOf } from "../../../lab/src/rooms/batches/take-away.ts";
import { batchPlan } from "../../../src/data/index.ts";
import { stream } from "../../../src/random/index.ts";
import { noiseFloor } from "../../../src/tune/index.ts";
import { describeLab, inspect, settledHash } from "../harness.ts";

const ready = (page: Page): Promise<void> => page.locator("path.trail").nth(3).waitFor({ state: "attached" });
const value = (page: Page, name: string) => page.locator(`[data-value=${name}]`);

test.each(["epochs", "replaced"] as const)(
  "the call below the figure walks as the figure does: %s",
  async (sampling) => {
    const asked = { batch: 8, lr: 0.2, sampling, x: -2, y: 1.5, seed: 3 };
    const seen = walk({ ...asked, batches: [8], from: [-2, 1.5] });
    const { x, target } = seen.data;
    const csv = ["x,height wanted", ...Array.from(x, (v, i) => `${v},${target[i]}`)].join("\r\n");
    const names = { readFile: async () => csv, batchPlan, stream, noiseFloor };
    const code = `return (async () => { ${codeOf(asked, seen)}; return path; })()`;
    const path: number[][] = await new Function(...Object.keys(names), code)(...Object.values(names));
    for (const [k, w] of path.entries())
      for (const i of [0, 1]) expect(w[i]).toBeCloseTo(seen.walks[0]!.points[2 * (k + 1) + i]!, 10);
  },
);

describeLab("room 3, batches", (lab) => {
  test("is readable by everybody, in light and dark, on a phone and a laptop", async () => {
    await inspect(lab, "#/batches", { name: "03-batches", ready });
  });

  test("shows the library's numbers, and the variance is σ²/B", async () => {
    const page = await lab.open("#/batches?batch=4&lr=0.1&sampling=replaced&seed=5&k=120");
    await ready(page);
    const { walks, trace } = walk({ batches: [4], lr: 0.1, sampling: "replaced", from: [-2, 1.5], seed: 5 });
    const shown = async (name: string): Promise<number> => Number(await value(page, name).textContent());
    expect(await shown("gap")).toBeCloseTo(walks[0]!.gaps[120]!, 4);
    expect(await shown("samples")).toBe(480);
    expect(await shown("theory")).toBeCloseTo((0.1 * trace) / 16, 5);
    const { sizes, variance, expected, floor, theory } = byBatch({ lr: 0.1, seed: 5 });
    for (const [i, b] of sizes.entries()) {
      expect(variance.replaced[i]! / expected.replaced[i]!).toBeGreaterThan(0.85);
      expect(variance.replaced[i]! / expected.replaced[i]!).toBeLessThan(1.15);
      expect(floor.replaced[i]! / theory[i]![0]).toBeGreaterThan(0.5);
      expect(floor.replaced[i]! / theory[i]![1]).toBeLessThan(2);
      if (b > 1) expect(floor.epochs[i]!).toBeLessThan(floor.replaced[i]!);
    }
    expect(variance.without.at(-1)).toBeLessThan(1e-20);
  });

  test("leaves a saddle with noise, and only then", async () => {
    const page = await lab.open("#/batches?sigma=0");
    await expect.poll(() => value(page, "left").textContent()).toBe("never");
    await page.getByLabel("Noise on each slope, as a number").fill("0.05");
    const { left } = escape({ sigma: 0.05, seed: 1 });
    await expect.poll(() => value(page, "left").textContent()).toBe(String(left));
    await page.getByRole("button", { name: "Try 400 runs" }).click();
    await page.getByRole("img", { name: "Runs that left their well" }).waitFor();
  });

  test("keeps its state in the address, works by keyboard, and says what a large rate does", async () => {
    const page = await lab.open("#/batches?batch=16&k=3");
    await ready(page);
    await page.keyboard.press(".");
    await page.getByLabel("Learning rate, as a number").fill("0.1");
    expect(await settledHash(page)).toBe("#/batches?batch=16&lr=0.1&k=4");
    await page.getByLabel("Batch size, as a number").fill("64");
    await expect.poll(() => page.locator(".verdict .title").first().textContent()).toMatch(/no noise/);
    await page.getByLabel("Batch size, as a number").fill("65");
    expect(await page.getByRole("alert").textContent()).toContain("whole number from 1 to 64");
  });
});
