/** docs/library.md: every program runs as it stands on the page, and gives what the page says of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { codeBlocks, runFile, runSource } from "../../scripts/docs/from-sources.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const page = readFileSync(join(root, "docs/library.md"), "utf8");
const sections = new Map(
  page
    .split(/^## /m)
    .slice(1)
    .map((text) => [text.slice(0, text.indexOf("\n")), text] as const),
);

type Exports = Record<string, ReturnType<typeof JSON.parse>>;

/** What each program's exports have to be. The numbers are those of the formulas on the page. */
const recipes: Readonly<Record<string, (found: Exports) => void>> = {
  "Linear regression": ({ result, prediction }) => {
    expect(prediction).toBeCloseTo(2, 2);
    expect(result.best.loss).toBeLessThan(1e-4);
    expect(result.history.series.map((s: { role: string }) => s.role)).toContain("validation");
  },
  "More data than memory": ({ weight, finalLoss }) => {
    expect(finalLoss).toBeLessThan(1e-3);
    expect(weight[0]).toBeCloseTo(3, 1);
    expect(weight[1]).toBeCloseTo(-2, 1);
  },
  // the outliers are a tenth of the points; a mean of squares would be pulled to a slope and offset near 5
  "Your own loss": ({ predict }) => {
    const { values } = predict([0.5, -0.5]);
    expect(values[0]).toBeCloseTo(1, 1);
    expect(values[1]).toBeCloseTo(-1, 1);
  },
  "Your own layer": ({ names, finalLoss }) => {
    expect(names).toEqual(
      ["0.inner.weight", "0.inner.bias", "0.norm.scale", "0.norm.shift", "1.weight", "1.bias"].map(
        (n) => `param.${n}`,
      ),
    );
    expect(finalLoss).toBeLessThan(0.05);
  },
  "A convolutional network": ({ validation }) => expect(validation.accuracy).toBeGreaterThan(0.95),
  "A recurrent network": ({ validation }) => expect(validation.accuracy).toBeGreaterThan(0.8),
  "A transformer": ({ goesOn, finalLoss }) => {
    expect(goesOn).toBe(1);
    expect(finalLoss).toBeLessThan(0.1);
  },
  "Parameter groups and freezing": ({ before, after, loss }) => {
    expect(after).toEqual(before);
    expect(loss).toBeLessThan(0.1);
  },
  "Penalties and second passes": ({ loss, error }) => {
    expect(error).toBeLessThan(0.05);
    expect(loss).toBeGreaterThan(error);
  },
  "Several inputs": ({ loss }) => expect(loss).toBeLessThan(1e-6),
  "Gradients of the input": ({ slope }) =>
    [0, 1, 2].forEach((x, i) => expect(slope[i]).toBeCloseTo(Math.sin(x) + x * Math.cos(x), 12)),
  "Hessian-vector products": ({ product }) => expect(product).toEqual([22, 6]),
  "A physics-informed network": ({ atOne }) => expect(atOne).toBeCloseTo(Math.sin(1), 2),
  "Accumulation and other batch sizes": ({ weight, bias }) => {
    expect(weight).toBeCloseTo(2, 2);
    expect(bias).toBeCloseTo(1, 2);
  },
  "Saving, loading, predicting": ({ names, loaded, own }) => {
    expect(names).toEqual(["0.weight", "0.bias", "2.weight", "2.bias"]);
    expect(loaded).toEqual(own);
    expect(own[0]).toBeCloseTo(0.25, 1);
  },
  "Going on, and stopping": ({ resumed, direct }) => expect(resumed).toBe(direct),
  // the stable rates of gradient descent end at 2/L, L = 2·λmax of the features' second moments, near 1
  "Finding the rate, and what theory says": ({ found }) => {
    expect(found.refusal).toBeNull();
    expect(found.suggestion).toBeGreaterThan(0.01);
    expect(found.suggestion).toBeLessThan(2);
  },
  // H of the mean square is 2·XᵀX/n with a column of ones: its largest eigenvalue, from the data, by the power iteration
  "Which optimizer, and the curvature": ({ analysis, compared, best }) => {
    const rows = Array.from({ length: 64 }, (_, i) => [Math.sin(i), Math.cos(3 * i), 1]);
    let v = [1, 0.5, 0.25];
    let sharpness = 0;
    for (let k = 0; k < 500; k++) {
      const along = rows.map((row) => row.reduce((s, x, j) => s + x * v[j]!, 0));
      const h = [0, 1, 2].map((j) => (2 / 64) * rows.reduce((s, row, i) => s + row[j]! * along[i]!, 0));
      sharpness = Math.hypot(...h);
      v = h.map((x) => x / sharpness);
    }
    expect(analysis.start.largest.value).toBeCloseTo(sharpness, 3);
    expect(compared.contestants).toHaveLength(2);
    expect(new Map(best).get("sgd")).toBe(0.5);
  },
  "On a GPU": ({ loss, why }) => {
    expect(loss).toBeLessThan(1e-4);
    expect(why).toBeUndefined(); // Node has no WebGPU of its own
  },
  "A loop of your own on a GPU": ({ loss, weight }) => {
    expect(loss).toBeLessThan(1e-4);
    expect(weight).toBeCloseTo(3, 1);
  },
  "Charts and diagnosis": ({ verdict, action }) => {
    expect(verdict).toBe("too-high");
    expect(action.lr.multiply).toBeLessThan(1);
  },
};

test("every section with a program is here, and the worker's", () => {
  const withCode = [...sections].filter(([, text]) => text.includes("```ts")).map(([title]) => title);
  expect([...Object.keys(recipes), "In a worker"].sort()).toEqual(withCode.sort());
});

test.each(Object.entries(recipes))("%s", async (title, judge) => {
  const [code] = codeBlocks(sections.get(title)!, "ts");
  judge(await runSource<Exports>(code!));
});

test("In a worker", async () => {
  const folder = mkdtempSync(join(tmpdir(), "steepest-worker-"));
  const section = sections.get("In a worker")!;
  writeFileSync(join(folder, "main.ts"), codeBlocks(section, "ts")[0]!);
  writeFileSync(join(folder, "worker-block.ts"), codeBlocks(section, "js")[0]!);
  // the worker loads the page's code with the sources as its package
  writeFileSync(
    join(folder, "train-worker.js"),
    `import(${JSON.stringify(join(root, "node_modules/jiti/lib/jiti.mjs"))}).then(({ createJiti }) =>
      createJiti(${JSON.stringify(root)}, { alias: { steepest: ${JSON.stringify(join(root, "src/index.ts"))} } })
        .import(${JSON.stringify(join(folder, "worker-block.ts"))}));`,
  );
  const { slope } = await runFile<{ slope: number }>(join(folder, "main.ts"));
  expect(slope).toBeCloseTo(4, 2);
  rmSync(folder, { recursive: true });
});
