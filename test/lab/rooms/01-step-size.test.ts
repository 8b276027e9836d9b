/** Room 1: what is shown equals the independent NumPy paths of seed-walkthrough.json, and the controls do what they say. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { expect, test } from "vitest";
import { describeLab, inspect, settledHash } from "../harness.ts";

interface Golden {
  readonly figures: {
    readonly three_paths: {
      readonly runs: Readonly<
        Record<
          string,
          {
            readonly lr: number;
            readonly beta?: number;
            readonly path: readonly (readonly [number, number])[];
          }
        >
      >;
    };
  };
}
const golden = JSON.parse(
  readFileSync(new URL("../../golden/seed-walkthrough.json", import.meta.url), "utf8"),
) as Golden;

const value = (page: Page, name: string): Promise<string> => page.locator(`[data-value=${name}]`).innerText();
const verdict = (page: Page): Promise<string> => page.locator(".verdict .title").innerText();
const ready = (page: Page): Promise<void> => page.locator("path.trail").first().waitFor();

describeLab("room 1, step size", (lab) => {
  test("is readable by everybody, in light and dark, on a phone and a laptop", async () => {
    await inspect(lab, "#/step-size", { name: "01-step-size", ready });
  });

  test("shows the numbers of an independent run", async () => {
    for (const { lr, path, beta } of Object.values(golden.figures.three_paths.runs)) {
      if (beta !== undefined) continue;
      const [x, y] = path.at(-1)!;
      const f = 0.5 * (x ** 2 + 10 * y ** 2);
      const page = await lab.open(`#/step-size?lr=${lr}&with=`);
      await ready(page);
      await page.getByText("Data", { exact: true }).first().click();
      const row = page.locator(".data table tr").last().locator("td");
      const shown = await row.allInnerTexts();
      expect(shown.slice(2, 3)).toEqual(["40"]);
      const numbers = shown.slice(3).map(Number);
      [x, y, f].forEach((want, i) => {
        expect(Math.abs(numbers[i]! - want)).toBeLessThanOrEqual(1e-6 * Math.abs(want) + 1e-30);
      });
      await page.context().close();
    }
  });
});
