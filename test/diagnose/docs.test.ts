import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { judgeAll, score } from "../../scripts/accuracy.ts";
import { labelledRuns } from "../../scripts/labelled-runs.ts";
import { FEATURES, features } from "../../src/diagnose/features.ts";
import { rules } from "../../src/diagnose/index.ts";

const page = readFileSync(new URL("../../docs/diagnosis.md", import.meta.url), "utf8");

it("documents every rule and every feature in the words of the table", () => {
  for (const rule of rules) expect(page).toContain(`| \`${rule.name}\` | ${rule.severity} | ${rule.about}`);
  for (const [name, about] of Object.entries(FEATURES)) expect(page).toContain(`| \`${name}\` | ${about} |`);
});

it("measures the features in the order of their table, which the model counts on", () => {
  const loss = Float64Array.from({ length: 20 }, (_, i) => 1 / (i + 1));
  const measured = features({ steps: loss.map((_, i) => i), loss, lr: null, gradNorm: null })!;
  expect(Object.keys(measured)).toEqual(Object.keys(FEATURES));
});

it("prints the accuracy that is measured", async () => {
  const s = score(judgeAll(await labelledRuns()));
  expect(page).toContain(
    `| steepest | ${(100 * s.accuracy).toFixed(1)} % | ${(100 * s.macroRecall).toFixed(1)} % |`,
  );
});
