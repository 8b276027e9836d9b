/** Room 6: the lesson's program in the page ends where the library's ends. */
import { expect, test } from "vitest";
import { wasm } from "../../../src/engine/backends/wasm.ts";
import { firstProgram, optimizerHistories } from "../../../src/lesson/walkthrough.ts";
import { adam as adamOf, sgd as sgdOf } from "../../../src/optim/index.ts";
import { describeLab, inspect, settledHash } from "../harness.ts";

test("the sentences beside the figure say what the library gives", () => {
  const end = (rates: { sgd: number; adam: number }) => {
    const { sgd, adam } = optimizerHistories({ backend: wasm, lr: rates });
    return { sgd: sgd.at(-1)!, adam: adam.at(-1)! };
  };
  // "At an equal 0.001 SGD is ahead by a little: 0.5268 to 0.5290", "0.0015 still comes down here, to 0.519"
  const equal = end({ sgd: 0.001, adam: 0.001 });
  expect([equal.sgd.toFixed(4), equal.adam.toFixed(4)]).toEqual(["0.5268", "0.5290"]);
  expect(end({ sgd: 0.0015, adam: 0.01 }).sgd.toFixed(3)).toBe("0.519");
  // standardised: "SGD at a rate of 1 ends at 0.064 instead of 0.527, and Adam at 0.1 ends at 0.041"
  const ends = [sgdOf({ lr: 1 }), adamOf({ lr: 0.1 })].map((optimizer) => {
    const step = firstProgram({ backend: wasm, optimizer, start: "zeros", standardized: true });
    return Array.from({ length: 500 }, (_, k) => step.run(k + 1, step.lr).loss)
      .at(-1)!
      .toFixed(3);
  });
  expect(ends).toEqual(["0.064", "0.041"]);
});

describeLab("room 6, the walkthrough", (lab) => {
  test("shows what the lesson's program really ends at", async () => {
    const { sgd, adam } = optimizerHistories({ backend: wasm });
    const page = await lab.open("#/walkthrough");
    await page.locator(`[data-value=sgd]:text-is("${sgd.at(-1)!.toFixed(4)}")`).waitFor();
    expect(await page.locator("[data-value=adam]").textContent()).toBe(adam.at(-1)!.toFixed(4));
    expect(await page.locator("[data-value=sgd-reached]").textContent()).toBe("not in 500 epochs");
    // the same program by the library, its weights times the sizes of the features
    const shares = (["sgd", "adam"] as const).map((name) => {
      const step = firstProgram({
        backend: wasm,
        optimizer: name === "sgd" ? sgdOf({ lr: 0.001 }) : adamOf({ lr: 0.01 }),
        start: name,
      });
      for (let k = 0; k < 500; k++) step.run(k + 1, name === "sgd" ? 0.001 : 0.01);
      const [a, b, c] = step.state.find((t) => t.values.length === 3)!.values;
      const parts = [Math.abs(a!), 100 * Math.abs(b!), Math.abs(c!) / 100];
      return parts.map((p) => `${Math.round((100 * p) / parts.reduce((x, y) => x + y, 0))} %`).join(", ");
    });
    await page
      .getByRole("img", { name: `after epoch 500: SGD ${shares[0]}; Adam ${shares[1]}; wanted a third each` })
      .waitFor();
  });

  test("the rates that do end at the printed numbers, by a link of the page", async () => {
    const page = await lab.open("#/walkthrough");
    await page.getByRole("link", { name: "Where the printed numbers do appear" }).click();
    await page.getByText("Both numbers the lesson prints, at last").waitFor();
    expect(Number(await page.locator("[data-value=sgd]").textContent())).toBeCloseTo(0.48, 2);
    expect(Number(await page.locator("[data-value=adam]").textContent())).toBeCloseTo(0.05, 2);
  });

  test("keeps its state in the address, and takes the keyboard", async () => {
    const page = await lab.open("#/walkthrough");
    await page.getByRole("switch", { name: "Standardise the features first" }).press("Space");
    await page.getByLabel("Adam's rate, as a number").fill("0.1");
    const hash = await settledHash(page);
    expect(hash).toBe("#/walkthrough?adam=0.1&standardise=1");
    await page.waitForFunction(() => Number(document.querySelector("[data-value=adam]")?.textContent) < 0.3);
    const shown = await page.locator("[data-value=adam]").textContent();
    const again = await lab.open(hash);
    await again.locator(`[data-value=adam]:text-is("${shown}")`).waitFor();
  });

  test("is readable by everybody", () =>
    inspect(lab, "#/walkthrough", {
      name: "06-walkthrough",
      ready: (p) => p.locator("[data-value=sgd]:not(:text-is('…'))").waitFor(),
    }));
});
