/** Room 5: what the race shows is what the library computes, at every step, and every control says what it does. */
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { stillFalls } from "../../../lab/src/rooms/race/still-falls.ts";
import {
  createDescent,
  makeSurface,
  parseFormula,
  type Trajectory,
  trajectory,
  tunedTrajectory,
} from "../../../src/surface/index.ts";
import { describeLab, inspect, openDrawers, settledHash } from "../harness.ts";

const title = (page: Page) => page.locator(".verdict .title");
const ready = (page: Page): Promise<void> => title(page).waitFor();
const numberOf = (text: string): number => Number(text.replaceAll("−", "-"));

/** The numbers of one row of the table of terms. */
const term = async (page: Page, name: string): Promise<number[]> =>
  (await page.locator(`[data-term="${name}"] td:not(.words)`).allTextContents()).map(numberOf);

/** The trails as drawn. */
const trails = (page: Page): Promise<string> =>
  page
    .locator(".trails canvas")
    .first()
    .evaluate((c) => (c as HTMLCanvasElement).toDataURL());

test("what still falls is told from what comes to rest", () => {
  const steps = Array.from({ length: 101 }, (_, k) => k);
  expect(stillFalls(steps.map((k) => 3 - 0.1 * k))).toBe(true);
  expect(stillFalls(steps.map((k) => -(k ** 2)))).toBe(true);
  expect(stillFalls(steps.map((k) => Math.exp(-k / 20)))).toBe(false);
  expect(stillFalls(steps.map(() => 1))).toBe(false);
  expect(stillFalls([2, 1])).toBe(false);
});

/** Runs the call that stands below the race, less its imports. */
async function called(page: Page): Promise<Trajectory> {
  const text = (await page.locator(".take code").textContent())!;
  const code = text.slice(text.lastIndexOf('";') + 2);
  const names = { trajectory, makeSurface, parseFormula };
  const call = new Function(...Object.keys(names), `return (async () => { ${code}; return path; })()`);
  return call(...Object.values(names));
}

describeLab("room 5, the race", (lab) => {
  test("is readable by everybody", () => inspect(lab, "#/race", { name: "05-race", ready }));

  test("shows every term of every step as the library has it", async () => {
    const lr = 0.3;
    const descent = createDescent({ surface: makeSurface("beale"), optimizer: "adam", lr });
    for (let k = 1; k < 7; k++) descent.advance();
    const want = descent.step();
    const page = await lab.open(`#/race?run=sgd,adam:lr%3D${lr}&k=7&look=1`);
    await ready(page);
    await page.locator('[data-term="Δ"]').waitFor();
    const terms = {
      θ: want.at,
      g: want.gradient,
      m: want.state["m"]!,
      v: want.state["v"]!,
      "m\u0302": want.corrected["m\u0302"]!,
      "v\u0302": want.corrected["v\u0302"]!,
      Δ: want.update,
      "|Δ/g|": want.effective,
      "new θ": want.position,
    };
    for (const [name, values] of Object.entries(terms)) {
      const shown = await term(page, name);
      expect(shown).toHaveLength(2);
      for (const [i, v] of values.entries()) expect(Math.abs(shown[i]! / v - 1), name).toBeLessThan(6e-3);
    }
    expect(await term(page, "η")).toEqual([lr]);
    const f = await page.locator('[data-racer="1"] td').first().textContent();
    expect(Math.abs(numberOf(f!) / want.loss - 1)).toBeLessThan(6e-3);
    expect((await called(page)).points[7]).toEqual([...want.position]);
  });

  test("says who arrived first and why others did not, in agreement with the library", async () => {
    const surface = makeSurface("saddle");
    const stuck = trajectory({ surface, optimizer: "sgd", from: [1, 0], lr: 0.1, steps: 300 });
    expect(stuck.verdict.outcome).toBe("saddle");
    const page = await lab.open("#/race?on=saddle&run=sgd&x=1&y=0&rates=same&lr=0.1");
    await expect.poll(() => title(page).textContent()).toContain("sgd is stuck at a saddle");
    await openDrawers(page);
    await page.getByLabel("Noise on every slope, as a number").fill("0.1");
    await expect.poll(() => title(page).textContent()).not.toContain("stuck");

    const best = tunedTrajectory(
      { surface: makeSurface("ravine"), optimizer: { name: "sgd", momentum: 0.9 }, steps: 300 },
      { rates: [0.001, 0.00178, 0.00316, 0.00562, 0.01] },
    );
    const other = await lab.open("#/race?on=ravine&run=sgd,sgd:momentum%3D0.9,adam");
    await expect.poll(() => title(other).textContent()).toContain(`first, in ${best.verdict.step} steps`);
    expect(await other.getByLabel("Rate of lane 2, sgd momentum=0.9").inputValue()).toBe(String(best.lr));
    // a rate with a comma is understood, and the box then shows what was: even where nothing changes
    const box = other.getByLabel("Rate of lane 2, sgd momentum=0.9");
    await box.fill(String(best.lr).replace(".", ","));
    await box.press("Enter");
    expect(await box.inputValue()).toBe(String(best.lr));
    await other.getByRole("button", { name: "Automatic rate for lane 2" }).click();
    await openDrawers(other);
    await other.getByLabel("All rates ×, as a number").fill("100");
    await expect
      .poll(() => other.locator('[data-reason="0"]').textContent())
      .toMatch(/Diverged .* bears rates up to 0\.02,/);
  });

  test("plays, steps, keeps its state in the address, and comes back the same", async () => {
    const page = await lab.open("#/race?k=20");
    await ready(page);
    await page.keyboard.press(".");
    await page.keyboard.press(",");
    await page.keyboard.press(".");
    await page.getByLabel("Rate of lane 6, adam").fill("0.2");
    await page.keyboard.press("Enter");
    await page.getByRole("application").focus();
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Space");
    await expect.poll(() => page.getByRole("button", { name: "Pause" }).count()).toBe(1);
    await page.keyboard.press("Space");
    await page.locator(".scrub input").fill("40");
    const hash = await settledHash(page);
    expect(hash).toMatch(/run=.*adam%3Alr%3D0\.2&x=1\.0\d+&y=1\.5.*&k=40$/);
    const again = await lab.open(hash);
    await ready(again);
    const drawn = await trails(page);
    await expect.poll(async () => (await trails(again)) === drawn).toBe(true);
  });

  test("takes a formula, and points at the character that is wrong", async () => {
    const page = await lab.open("#/race?run=sgd,adam");
    await ready(page);
    await page.getByLabel("Function", { exact: true }).selectOption("formula");
    const input = page.getByLabel("f =", { exact: true });
    await input.fill("x^2 + * y");
    await expect.poll(() => page.locator(".field .error").textContent()).toMatch(/at character 7\n/);
    await input.fill("x^2 + 3y^2");
    await expect.poll(() => title(page).textContent()).toContain("reached");
    // without a minimum nobody can arrive, and that is no failure
    await input.fill("x^2 + y");
    await expect.poll(() => title(page).textContent()).toContain("the function still falls");
    await input.fill("x^2 + 3y^2");
    await expect.poll(() => title(page).textContent()).toContain("reached");
    expect((await called(page)).verdict.outcome).toBe("converged");
    await page.getByRole("button", { name: "Options of lane 2, adam" }).click();
    await page.getByLabel("Options of adam").fill("betas=[0.5,2]");
    await expect.poll(() => page.locator(".more .error").textContent()).toContain("betas");
    await page.getByRole("button", { name: "Add a lane" }).click();
    expect(await settledHash(page)).toBe(
      "#/race?on=formula&f=x%5E2%20%2B%203y%5E2&run=sgd,adam,ema-momentum&look=2",
    );
  });
});
