/** Room 7: the lesson's three rates, and a search on real digits that can be trained with. */
import { expect, test } from "vitest";
import { symptoms } from "../../../lab/src/rooms/learning-rate/symptoms.ts";
import { wasm } from "../../../src/engine/backends/wasm.ts";
import { losses, secondProgram } from "../../../src/lesson/second-program.ts";
import { describeLab, inspect, settledHash } from "../harness.ts";

describeLab("room 7, learning rate", (lab) => {
  test("5.0 does not diverge as written, and does on squared loss", async () => {
    const expected = losses(secondProgram({ backend: wasm }, "as-written"), 500, 5).at(-1)!;
    const page = await lab.open("#/learning-rate");
    const last = page.locator("[data-last='0']");
    await last.waitFor();
    expect(Number(await last.textContent())).toBeCloseTo(expected, 4);
    await page.getByRole("link", { name: "5.0 on squared loss" }).click();
    await page.locator("[data-last='0']:text-is('not a number')").waitFor();
    expect(await settledHash(page)).toBe("#/learning-rate?problem=squared");
  });

  test("each symptom's example is judged as its row says, or the row says why not", async () => {
    const page = await lab.open("#/learning-rate");
    for (const [i, { verdict, why }] of symptoms.entries()) {
      const cell = page.locator(`[data-symptom="${i}"]:not(:text-is("…"))`);
      await cell.waitFor();
      const said = (await cell.textContent())!;
      if (said !== verdict) {
        expect(why, `row ${i} says ${said}`).not.toBe("");
        expect(said).toContain(why);
      }
    }
    // "the loss rests at 0.53 … 0.49 can be had"
    const flipped = secondProgram({ backend: wasm }, "flipped");
    expect(losses(flipped, 500, 11).at(-1)!.toFixed(2)).toBe("0.53");
    expect(losses(flipped, 500, 0.5).at(-1)!.toFixed(2)).toBe("0.49");
  });

  test("the rates live in the address", async () => {
    const page = await lab.open("#/learning-rate?problem=flipped&high=15&epochs=100");
    expect(await page.getByLabel("High rate, as a number").inputValue()).toBe("15");
    await page.getByLabel("Low rate, as a number").fill("0.01");
    expect(await settledHash(page)).toBe("#/learning-rate?problem=flipped&high=15&low=0.01&epochs=100");
  });

  test("a search on real digits ends with a rate, and can be stopped", async () => {
    const page = await lab.open("#/learning-rate?hidden=8&seeds=1&optimizer=sgd-momentum");
    await page.getByRole("button", { name: "Search on real digits" }).press("Enter");
    const rate = page.locator("[data-value=suggestion]");
    await rate.waitFor({ timeout: 90_000 });
    expect(Number(await rate.textContent())).toBeGreaterThan(0.001);
    await page.getByRole("button", { name: "Search on real digits" }).click({ timeout: 90_000 });
    await page.getByRole("button", { name: "Stop" }).click();
    await page.locator("progress").waitFor({ state: "detached" });
  }, 120_000);

  test("is readable by everybody", () =>
    inspect(lab, "#/learning-rate", {
      name: "07-learning-rate",
      ready: (p) => p.locator("[data-last='2']").waitFor(),
    }));
});
