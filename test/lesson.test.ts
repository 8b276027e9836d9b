/**
 * The lesson replayed against PyTorch 1.13 and NumPy 1.24 themselves: golden/seed-walkthrough.json was made by running
 * the lesson's code there (float32), the same code in float64, and its NumPy program.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Backend } from "../src/engine/backend.ts";
import { reference } from "../src/engine/backends/reference.ts";
import { wasm } from "../src/engine/backends/wasm.ts";
import { claims, runClaim, selectClaims } from "../src/lesson/claims.ts";
import { lessonContext } from "../src/lesson/context.ts";
import { journeys, scenes } from "../src/lesson/trajectories.ts";
import { gradientDescentHistories, optimizerHistories } from "../src/lesson/walkthrough.ts";

interface Run {
  readonly history: readonly number[];
}
interface Golden {
  readonly run1: Readonly<
    Record<
      "as_written_f32" | "f64_bce_clamped" | "f64_bce_with_logits",
      { sgd_lr0_001: Run; adam_lr0_01: Run }
    >
  >;
  readonly run1_claim_reproduced_f64_logits: Readonly<Record<string, { last: number }>>;
  readonly figures: {
    readonly trajectories_2d: Readonly<
      Record<
        string,
        { runs: Readonly<Record<string, { lr: number; path_first_60: readonly (readonly number[])[] }>> }
      >
    >;
  };
  readonly run2: { readonly as_written: Readonly<Record<string, { losses: readonly number[] }>> };
}
const golden = JSON.parse(
  readFileSync(new URL("golden/seed-walkthrough.json", import.meta.url), "utf8"),
) as Golden;

/** The largest relative difference over the whole history. */
function worst(actual: ArrayLike<number>, expected: readonly number[]): number {
  expect(actual.length).toBe(expected.length);
  return Math.max(...expected.map((e, i) => Math.abs(actual[i]! - e) / Math.abs(e)));
}

describe.each<Backend>([reference, wasm])("$name", (backend) => {
  test.each(["bce", "bce-with-logits"] as const)(
    "float64, %s: both histories within 1e-9 of PyTorch's",
    (loss) => {
      const { sgd, adam } = optimizerHistories({ backend, dtype: "float64", loss });
      const run = golden.run1[loss === "bce" ? "f64_bce_clamped" : "f64_bce_with_logits"];
      expect(worst(sgd, run.sgd_lr0_001.history)).toBeLessThan(1e-9);
      expect(worst(adam, run.adam_lr0_01.history)).toBeLessThan(1e-9);
    },
  );

  test("the three GD runs of the second program within 1e-9 of NumPy's", () => {
    const histories = gradientDescentHistories({ backend });
    ["lr=5.0", "lr=0.5", "lr=0.001"].forEach((name, i) => {
      expect(worst(histories[i]!, golden.run2.as_written[name]!.losses), name).toBeLessThan(1e-9);
    });
  });
});

describe("float32 as the lesson computes", () => {
  test("both histories within 1e-3 of PyTorch's", () => {
    const { sgd, adam } = optimizerHistories({ backend: wasm });
    expect(worst(sgd, golden.run1.as_written_f32.sgd_lr0_001.history)).toBeLessThan(1e-3);
    expect(worst(adam, golden.run1.as_written_f32.adam_lr0_01.history)).toBeLessThan(1e-3);
  });

  test("the GD runs within 1e-3 of NumPy's", () => {
    const histories = gradientDescentHistories({ backend: wasm, dtype: "float32" });
    ["lr=5.0", "lr=0.5", "lr=0.001"].forEach((name, i) => {
      expect(worst(histories[i]!, golden.run2.as_written[name]!.losses), name).toBeLessThan(1e-3);
    });
  });
});

test("the claims say what was claimed and what is measured", async () => {
  const results = await Promise.all(
    selectClaims("walkthrough").map(
      async (row) => (await runClaim(row, lessonContext({ backend: wasm }))).result,
    ),
  );
  const byId = Object.fromEntries(results.map((c) => [c.id, c]));
  expect(byId["walkthrough-sgd"]).toMatchObject({ claimed: 0.48, verdict: "does-not-hold" });
  expect(byId["walkthrough-sgd"]!.measured.final).toBeCloseTo(0.5268, 4);
  expect(byId["walkthrough-adam"]).toMatchObject({ claimed: 0.05, verdict: "does-not-hold" });
  expect(byId["walkthrough-adam"]!.measured.final).toBeCloseTo(0.4067, 4);
  // where the claimed numbers appear, PyTorch's float64 agrees
  const there = golden.run1_claim_reproduced_f64_logits;
  expect(byId["walkthrough-sgd"]!.condition).toContain(
    there["SGD 0.0008 (=2/L), 3300 epochs"]!.last.toFixed(4),
  );
  // at this rate Adam circles the minimum and rounding decides where: PyTorch's own float32 and float64 differ by 0.002
  const adam = Number(/ ([\d.]+)$/.exec(byId["walkthrough-adam"]!.condition!)![1]);
  expect(Math.abs(adam - there["Adam 0.5, 3300 epochs"]!.last)).toBeLessThan(0.005);
  expect(results.map((c) => [c.id, c.verdict])).toEqual([
    ["walkthrough-sgd", "does-not-hold"],
    ["walkthrough-adam", "does-not-hold"],
    ["walkthrough-gd-5", "does-not-hold"],
    ["walkthrough-gd-0.5", "holds"],
    ["walkthrough-gd-0.001", "holds"],
  ]);
});

test("docs/lesson.md has every claim of the table", async () => {
  const page = readFileSync(new URL("../docs/lesson.md", import.meta.url), "utf8");
  for (const row of claims) {
    const { claim, settings } = await row.load();
    expect(page).toContain(`### ${row.name}: ${row.about}`);
    expect(page).toContain(`- The claim: ${claim}.`);
    for (const [name, value] of Object.entries(settings)) expect(page).toContain(`\`${name}=${value}\``);
  }
});

test.each(scenes.map((s) => [s.surface, s] as const))(
  "optimizers on the %s go where PyTorch's go, to 1e-9 for 60 steps",
  (name, scene) => {
    const expected = golden.figures.trajectories_2d[name]!.runs;
    for (const { optimizer, lr, points } of journeys({ backend: wasm }, scene, 60)) {
      const run = expected[optimizer.toLowerCase()]!;
      expect(lr).toBe(run.lr);
      run.path_first_60.forEach((p, k) => {
        p.forEach((x, i) =>
          expect(Math.abs(points[k]![i]! - x), `${optimizer}, step ${k}`).toBeLessThan(1e-9),
        );
      });
    }
  },
);
