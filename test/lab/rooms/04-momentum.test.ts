/** Room 4: regimes, factors and limits are the library's, steps those of NumPy runs, and both forms walk the same path. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { race, walk } from "../../../lab/src/rooms/momentum/worker.ts";
import { heavyBallRate } from "../../../src/tune/convergence/bounds.ts";
import { describeLab, inspect, settledHash } from "../harness.ts";

const ready = (page: Page): Promise<void> =>
  page.locator("path.trail").first().waitFor({ state: "attached" });
const text = (page: Page, name: string) => page.locator(`[data-value=${name}]`).textContent();
const title = (page: Page) => page.locator(".verdict .title");
const disc = (page: Page) => page.getByRole("application", { name: /Steep direction/ });

describeLab("room 4, momentum", (lab) => {
  test("is readable by everybody, in light and dark, on a phone and a laptop", async () => {
    await inspect(lab, "#/momentum", { name: "04-momentum", ready });
  });

  test("counts the steps of independent runs and shows the library's numbers", async () => {
    const page = await lab.open("#/momentum?kappa=1000&lr=0.003&k=60");
    // NumPy: 3447 steps of gradient descent, 204 of heavy ball at κ = 1000
    await expect.poll(() => text(page, "steps-plain")).toBe("3447");
    expect(await text(page, "steps-best")).toBe("204");
    const { steps } = await race({ kappa: 1000, lr: 0.003, beta: 0.9 });
    expect(await text(page, "steps-yours")).toBe(String(steps.yours));
    const { walks } = walk({ kappa: 1000, lr: 0.003, beta: 0.9, from: [-4, 1] });
    const loss = walks.find((w) => w.name === "yours")!.losses[60]!;
    expect(Math.abs(Number(await text(page, "loss")) / loss - 1)).toBeLessThan(0.001);
    const flat = heavyBallRate({ lr: 0.003, beta: 0.9, L: 1, mu: 1 });
    expect(Number(await text(page, "factor-flat"))).toBeCloseTo(flat, 3);
  });

  test("has the border at 2(1+β)/L, and says on which side it is", async () => {
    const page = await lab.open("#/momentum?kappa=10&beta=0.5");
    await ready(page);
    expect(await text(page, "limit")).toBe("0.3");
    const rate = page.getByLabel("Learning rate, as a number");
    for (const [to, steep, said] of [
      ["0.297", "flips", /pace/],
      ["0.303", "flies out", /Outside the border/],
      ["0.1", "swings", /./],
      ["0.005", "slides", /pace/],
    ] as const) {
      await rate.fill(to);
      await expect.poll(() => text(page, "steep")).toBe(steep);
      await expect.poll(() => title(page).textContent()).toMatch(said);
    }
    for (const [lr, grows] of [
      [0.297, false],
      [0.303, true],
    ] as const) {
      const { losses } = walk({ kappa: 10, beta: 0.5, lr, from: [0, 1] }).walks.at(-1)!;
      expect(losses.at(-1)! > losses[0]!).toBe(grows);
    }
    await page.getByRole("button", { name: "Take the best" }).click();
    await expect.poll(() => title(page).textContent()).toMatch(/As quick as it gets/);
    await rate.fill("fast");
    expect(await page.getByRole("alert").textContent()).toContain("a number from 0.0001 to 4");
  });

  test("writes one path in two forms", async () => {
    const { walks, apart } = walk({ kappa: 20, lr: 0.04, beta: 0.9, from: [-4, 1] });
    expect(walks.find((w) => w.name === "average")!.lr).toBeCloseTo(0.4, 12);
    expect(apart).toBeLessThan(1e-12);
  });

  test("follows pointer and keys, and its address brings the same back", async () => {
    const page = await lab.open("#/momentum?k=9");
    await ready(page);
    await disc(page).focus();
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Tab");
    await page.keyboard.press(".");
    const hash = await settledHash(page);
    expect(hash).toMatch(/^#\/momentum\?lr=0\.04\d+&beta=0\.9\d+&k=10$/);
    const box = (await page.locator(".triangle svg").boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.9, box.y + box.height * 0.6);
    await expect.poll(() => text(page, "steep")).toBe("flies out");
    const after = await settledHash(page);
    const again = await lab.open(after);
    await ready(again);
    await expect.poll(() => text(again, "loss")).toBe(await text(page, "loss"));
  });
});
