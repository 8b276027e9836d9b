/** Room 8: every schedule can be drawn, and what is shown is what the library computes. */
import { expect, test } from "vitest";
import { DRAWN, meanLosses, toy, withCorner } from "../../../lab/src/rooms/schedules/drawn.ts";
import { batchSizesOf } from "../../../src/data/index.ts";
import { makeSchedule, type Schedule } from "../../../src/optim/schedules/index.ts";
import { stream } from "../../../src/random/index.ts";
import type { BatchSizes } from "../../../src/run/spec.ts";
import { describeLab, inspect, settledHash } from "../harness.ts";

test("the mean loss of the toy is that of many runs made one by one", () => {
  const lrs = Float64Array.from({ length: 40 }, (_, k) => 0.15 * (1 - k / 40));
  const exact = meanLosses(lrs);
  const runs = 4000;
  const noise = stream(1, "toy").normal(2 * 40 * runs);
  let total = 0;
  for (let r = 0; r < runs; r++) {
    const at = toy.curvatures.map(() => toy.start as number);
    for (let k = 0; k < 40; k++)
      toy.curvatures.forEach((c, i) => {
        at[i]! -= lrs[k]! * (c * at[i]! + toy.sigma * noise[2 * (40 * r + k) + i]!);
      });
    total += toy.curvatures.reduce((sum, c, i) => sum + 0.5 * c * at[i]! ** 2, 0) / runs;
  }
  // the mean of 4,000 runs is good to two percent
  expect(total / exact.at(-1)!).toBeGreaterThan(0.94);
  expect(total / exact.at(-1)!).toBeLessThan(1.06);
  expect(exact[0]).toBe(5.25);
});

test("a batch of four times as many rows has a quarter of the noise's variance", () => {
  // by hand: steep 1 → 0.01 → 0.0025, flat 1 → 0.95² + 0.01 → 0.95² · 0.9125 + 0.0025
  const losses = meanLosses([0.1, 0.1], [32, 128]);
  expect(losses[2]).toBeCloseTo(0.5 * (10 * 0.0025 + 0.5 * (0.9025 * 0.9125 + 0.0025)), 12);
});

test("a drawn corner goes where it was put, and the others stay", () => {
  const before = Float64Array.from({ length: 61 }, (_, k) => 0.1 * Math.cos((Math.PI * k) / 130));
  const { lr, options } = withCorner(before, 31, 0.2);
  const drawn = makeSchedule(DRAWN, lr, options, { totalSteps: 61 }) as Schedule;
  for (const k of [0, 5, 10, 25, 35, 60]) expect(drawn(k) / before[k]!).toBeCloseTo(1, 2);
  expect(drawn(30)).toBeCloseTo(0.2, 3);
});

describeLab("schedules", (lab) => {
  test("the numbers are the library's", async () => {
    const page = await lab.open(
      `#/schedules?name=one-cycle&lr=0.4&steps=80&grow=1&options=${encodeURIComponent('{"pctStart":0.25}')}`,
    );
    const schedule = makeSchedule("one-cycle", 0.4, { pctStart: 0.25 }, { totalSteps: 80 }) as Schedule;
    const lrs = Array.from({ length: 80 }, (_, k) => schedule(k));
    const shown = async (name: string) =>
      Number(((await page.locator(`[data-value=${name}]`).textContent()) ?? "").replace("−", "-"));
    expect(await shown("first")).toBeCloseTo(lrs[0]!, 4);
    expect(await shown("max")).toBeCloseTo(Math.max(...lrs), 4);
    expect(await shown("mean")).toBeCloseTo(lrs.reduce((a, b) => a + b) / 80, 4);
    await page.locator(".chart .series").first().waitFor({ state: "attached" });
    expect(await page.locator("pre").textContent()).toContain('"pctStart": 0.25');
    const written = JSON.parse((await page.locator("pre").textContent())!) as { batchSize: BatchSizes };
    expect(batchSizesOf(written.batchSize, 80).map((s) => s.batchSize)).toEqual(
      Array.from({ length: 80 }, (_, k) => (k < 40 ? 32 : 64)),
    );
    await page.getByRole("button", { name: "PyTorch", exact: true }).click();
    expect(await page.locator("pre").textContent()).toContain(
      "OneCycleLR(optimizer, max_lr=0.4, total_steps=80, pct_start=0.25)",
    );
  });

  test("an option is edited by keyboard, kept in the address, and comes back", async () => {
    const page = await lab.open("#/schedules?name=step&with=");
    await page.getByLabel("gamma").fill("0,5");
    await page.getByLabel("stepSize").fill("20");
    const hash = await settledHash(page);
    expect(decodeURIComponent(hash)).toContain('"gamma":0.5');
    const last = await page.locator("[data-value=last]").textContent();
    expect(Number(last)).toBeCloseTo(0.1 * 0.5 ** 4, 6);
    const again = await lab.open(hash);
    expect(await again.locator("[data-value=last]").textContent()).toBe(last);
    expect(await again.getByLabel("gamma").inputValue()).toBe("0.5");
  });

  test("bad options are said in words, and the room goes on", async () => {
    const page = await lab.open("#/schedules?name=step");
    await page.getByLabel("stepSize").fill("-3");
    await page.getByText(/stepSize is -3/).waitFor();
    await page.getByLabel("stepSize").fill("many");
    await page.getByText("write a number").waitFor();
    await page.getByLabel("stepSize").fill("25");
    await page.locator("[data-value=last]").waitFor();
  });

  test("the rate is drawn on the chart, and the toy below answers", async () => {
    const page = await lab.open("#/schedules?name=constant&with=&lr=0.1");
    await page.locator(".chart .series").first().waitFor({ state: "attached" });
    await page.getByRole("switch", { name: "Draw the rate" }).click();
    const title = page.locator(".verdict .title");
    const before = await title.textContent();
    const box = (await page.locator(".chart svg").first().boundingBox())!;
    await page.mouse.move(box.x + 0.6 * box.width, box.y + 0.8 * box.height);
    await page.mouse.down();
    await page.mouse.move(box.x + 0.97 * box.width, box.y + 0.8 * box.height, { steps: 12 });
    await page.mouse.up();
    await expect.poll(() => title.textContent()).not.toBe(before);
    const hash = decodeURIComponent(await settledHash(page));
    expect(hash).toContain("name=piecewise-interpolate");
    const loss = (text: string | null): number =>
      Number(/a loss of ([\d.e−]+)/.exec(text ?? "")![1]!.replace("−", "-"));
    // lower rates at the end: less noise stays
    expect(loss(await title.textContent())).toBeLessThan(0.7 * loss(before));
  });

  test("every schedule of the list can be chosen", async () => {
    const page = await lab.open("#/schedules?with=");
    const names = await page.locator("#schedule-name option").allTextContents();
    expect(names.length).toBeGreaterThan(35);
    for (const name of names) {
      await page.locator("#schedule-name").selectOption(name);
      await page.locator("[data-value=first]").waitFor();
    }
  });

  test("nothing axe objects to, on a phone and a laptop, light and dark", async () => {
    await inspect(lab, "#/schedules", {
      name: "08-schedules",
      ready: (p) => p.locator(".chart .series").first().waitFor({ state: "attached" }),
    });
  });
});
