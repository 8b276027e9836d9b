/** Room 8: every schedule can be drawn, and what is shown is what the library computes. */
import { expect, test } from "vitest";
import { makeSchedule, type Schedule } from "../../../src/optim/schedules/index.ts";
import { describeLab, inspect, settledHash } from "../harness.ts";

describeLab("schedules", (lab) => {
  test("the numbers are the library's", async () => {
    const page = await lab.open(
      `#/schedules?name=one-cycle&lr=0.4&steps=80&options=${encodeURIComponent('{"pctStart":0.25}')}`,
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
    await page.getByRole("button", { name: "PyTorch", exact: true }).click();
    expect(await page.locator("pre").textContent()).toContain(
      "OneCycleLR(optimizer, max_lr=0.4, total_steps=80, pct_start=0.25)",
    );
  });

  test("an option is edited by keyboard, kept in the address, and comes back", async () => {
    const page = await lab.open("#/schedules?name=step&with=");
    await page.getByLabel("gamma").fill("0.5");
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

  test("every schedule of the list can be chosen", async () => {
    const page = await lab.open("#/schedules?with=");
    const names = await page.locator("#schedule-name option").allTextContents();
    expect(names.length).toBeGreaterThan(35);
    for (const name of names) {
      await page.locator("#schedule-name").selectOption(name);
      await page.locator("[data-value=first]").waitFor({ timeout: 3000 });
    }
  });

  test("nothing axe objects to, on a phone and a laptop, light and dark", async () => {
    await inspect(lab, "#/schedules", {
      name: "08-schedules",
      ready: (p) => p.locator(".chart .series").first().waitFor({ state: "attached" }),
    });
  });
});
