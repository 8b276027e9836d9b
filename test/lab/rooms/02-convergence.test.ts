/** Room 2: the numbers are those of independent runs (NumPy) and of the theorems, and broken promises are said so. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { BOUNDS } from "../../../src/tune/convergence/bounds.ts";
import { describeLab, inspect, openDrawers, settledHash } from "../harness.ts";

const title = (page: Page) => page.locator(".verdict .title");
const ready = (page: Page): Promise<void> =>
  page.locator(".chart .series").first().waitFor({ state: "attached" });
const part = (page: Page, bound: string, name: string) =>
  page.locator(`[data-bound=${bound}] [data-part=${name}]`);

/** "1.23 · 10⁻⁵" → 1.23e-5 */
const read = (text: string | null): number =>
  Number(
    text!.replace("−", "-").replace(/\s·\s10(.*)/, (_, power: string) => {
      const digits = [...power].map((c) => (c === "⁻" ? "-" : String("⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(c))));
      return `e${digits.join("")}`;
    }),
  );
async function shown(page: Page, bound: string, name: string): Promise<number> {
  return read(await part(page, bound, name).textContent());
}
const value = async (page: Page, name: string): Promise<number> =>
  read(await page.locator(`[data-value=${name}]`).textContent());

describeLab("room 2, convergence", (lab) => {
  test("is readable by everybody, in light and dark, on a phone and a laptop", async () => {
    await inspect(lab, "#/convergence", { name: "02-convergence", ready });
  });

  test("shows the gaps of independent runs and the bounds of the library", async () => {
    // NumPy, 20 curvatures from 1 to 100: at 1/L 4e-12 of the gap is left after 1000 steps, at 2/(L+μ) 9.3e-19
    const page = await lab.open("#/convergence?k=1000");
    await ready(page);
    expect(Math.abs((await value(page, "share")) / 4e-12 - 1)).toBeLessThan(0.05);
    const gap = (await value(page, "gap")) / (await value(page, "share"));
    const facts = { L: 1, mu: 0.01, lr: 1, distanceSquared: 20, gap };
    for (const { id, at } of BOUNDS) {
      expect(await part(page, id, "holds").textContent()).toBe("Kept at every step");
      const want = at(facts, 1000);
      expect(Math.abs((await shown(page, id, "value")) / want - 1)).toBeLessThan(0.01);
    }
    // at 1/L the steepest direction is done in one step, and the flattest keeps 0.99
    await page.locator("details.data summary").nth(1).click();
    const cells = await page.locator("details.data table tr").last().locator("td").allTextContents();
    expect(cells[0]).toBe("1000");
    expect(Number(cells[1])).toBe(0);
    expect(Number(cells[2]) / 0.99 ** 1000).toBeCloseTo(1, 5);
    await page.getByLabel("Learning rate × L, as a number").fill(String(2 / 1.01));
    await expect.poll(() => value(page, "share")).toBeLessThan(1e-17);
    expect(Math.abs((await value(page, "share")) / 9.3e-19 - 1)).toBeLessThan(0.01);
    expect((await shown(page, "linear-sharp", "value")) / gap).toBeCloseTo(4.2e-18, 19);
  });

  test("meets the worst case, and the flat sum of NumPy", async () => {
    const page = await lab.open("#/convergence?shape=worst&aim=100&k=100");
    await expect.poll(() => part(page, "convex-sharp", "ratio").textContent()).toBe("1");
    expect(await value(page, "gap")).toBeCloseTo(1 / 402, 6);
    expect(await part(page, "linear", "holds").count()).toBe(0);
    // f = ½Σxᵢ²/i², 200 coordinates: 9.98e-4 after 10⁴ steps
    const flat = await lab.open("#/convergence?shape=flat&steps=10000&k=10000");
    await expect.poll(() => value(flat, "gap")).toBeCloseTo(9.98e-4, 6);
  });

  test("says which promise is broken, and by what", async () => {
    const page = await lab.open("#/convergence?start=flattest");
    const rate = page.getByLabel("Learning rate × L, as a number");
    for (const [to, said] of [
      ["0.5", /All 5 bounds hold/],
      ["1.5", /Above 1\/L/],
      ["2.2", /1\/k|flies out|Above/],
    ] as const) {
      await rate.fill(to);
      await expect.poll(() => title(page).textContent()).toMatch(said);
    }
    // between 1/L and 2/L one promise is left without strong convexity, and it is kept
    const general = await lab.open("#/convergence?shape=flat&rate=1.5&steps=2000&axis=log");
    await expect
      .poll(() => part(general, "convex-general", "holds").textContent())
      .toBe("Kept at every step");
    expect(await general.locator("[data-bound=convex-general]").textContent()).toContain("Promised.");
    expect(await general.locator("[data-bound=convex]").textContent()).toContain("No promise");
    await openDrawers(page);
    await page.getByLabel("Start", { exact: true }).selectOption("all");
    await expect.poll(() => title(page).textContent()).toMatch(/flies out/);
    await page.getByLabel("Landscape").selectOption("saddle");
    await rate.fill("0.5");
    await expect.poll(() => title(page).textContent()).toMatch(/1\/k line is crossed/);
    expect(await part(page, "convex", "holds").textContent()).toBe("Crossed");
    await rate.fill("fast");
    expect(await page.getByRole("alert").textContent()).toContain("a number from 0.01 to 2.5");
    expect(await settledHash(page)).toBe("#/convergence?shape=saddle&rate=0.5");
  });

  test("keeps its state in the address, and works by keyboard", async () => {
    const page = await lab.open("#/convergence?shape=strong&kappa=10&steps=200&k=7");
    await ready(page);
    await page.locator(".scrub input").focus();
    await page.keyboard.press("ArrowRight");
    expect(await settledHash(page)).toBe("#/convergence?kappa=10&steps=200&k=8");
    const first = await value(page, "gap");
    const again = await lab.open(await settledHash(page));
    await ready(again);
    expect(await value(again, "gap")).toBe(first);
  });
});
