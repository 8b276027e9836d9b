/** What is compared, and what is said of the outcome. */
import { describe, expect, test } from "vitest";
import { parseRun } from "../../run/parse-run.ts";
import type { CompareResult } from "../compare/compare.ts";
import { parseContestants } from "../compare/contestants.ts";
import type { RaceVerdict } from "../compare/race.ts";
import { adviceOf, adviceQuestion, candidatesWithin } from "./advise-run.ts";
import type { Problem } from "./problem.ts";
import { shortList } from "./shortlist.ts";

const problem = (more: Partial<Problem>): Problem => ({
  model: "mlp",
  data: "table",
  batchSize: 64,
  rows: 1000,
  steps: 500,
  parameters: 1e4,
  ...more,
});
const run = parseRun({
  data: { source: "lesson-logistic" },
  model: { kind: "linear" },
  optimizer: { name: "rmsprop", lr: 0.01 },
  steps: 10,
});

test("every kind has its list, of optimizers that there are, without repeats", () => {
  const kinds = [
    problem({}),
    problem({ model: "linear" }),
    problem({ model: "transformer", data: "text" }),
    problem({ model: "own", data: "text" }),
    problem({ model: "cnn", data: "pictures" }),
    problem({ batchSize: 32_768 }),
  ].map(shortList);
  expect(new Set(kinds.map((k) => k.kind)).size).toBe(5);
  for (const { candidates } of kinds) {
    const names = candidates.map((c) => c.optimizer);
    expect(parseContestants(names.join(","), { name: "" })).toHaveLength(5);
    expect(candidates.every((c) => c.because.length > 10)).toBe(true);
  }
});

test("a larger budget compares more, and one that compares nothing is refused", () => {
  expect([16, 29, 30, 50, 80, 300].map((budget) => candidatesWithin(budget, 4))).toEqual([2, 2, 2, 3, 4, 4]);
  expect(() => candidatesWithin(15, 4)).toThrow("a budget of 15 trainings compares nothing");
});

test("the run's own optimizer takes part, last, without its rate", () => {
  const { candidates } = shortList(problem({}));
  const labels = (budget: number, more: object = {}): string[] =>
    adviceQuestion({ ...run, ...more }, { candidates, budget }).contestants.map((c) => c.label);
  expect(labels(80)).toEqual(["adamw", "muon", "soap", "schedule-free-adamw", "rmsprop"]);
  expect(labels(32)).toEqual(["adamw", "rmsprop"]);
  expect(labels(16)).toEqual(["adamw", "rmsprop"]);
  expect(labels(32, { optimizer: { name: "adamw", weightDecay: 0.1 } })[0]).toBe("adamw weightDecay=0.1");
});

describe("the answer", () => {
  const question = adviceQuestion(run, { candidates: shortList(problem({})).candidates, budget: 80 });
  const result = (verdicts: Readonly<Record<string, RaceVerdict>>, absent: string[] = []): CompareResult => ({
    rankedBy: "training",
    seeds: [1],
    start: 10,
    target: { loss: 0.42, by: "common", chosen: true },
    judgement: null,
    halved: null,
    contestants: question.contestants.map(({ label, optimizer }) => {
      const mean = { mean: 0.4, se: null, n: 1 };
      const best = { lr: 0.5, final: mean, lowest: mean, training: mean, validation: null, atEdge: null };
      const toTarget = absent.includes(label) ? null : { lr: 0.25, steps: mean, seconds: 1 };
      const search = null;
      return { label, optimizer, rates: [], best, search, stableTo: 1, divergesFrom: null, sensitivity: null, toTarget }; // biome-ignore format: short
    }),
    race: {
      favourite: "muon",
      missed: 0,
      absent,
      trainings: 12,
      rivals: Object.entries(verdicts).map(([label, verdict]) => {
        const ratio = verdict === "ahead" ? 0.5 : verdict === "behind" ? 2 : 1;
        return {
          label,
          verdict,
          ratio,
          low: 0.9 * ratio,
          high: 1.1 * ratio,
          seconds: 1,
          seeds: 3,
          missed: 0,
        };
      }),
    },
  });
  test("names the favourite, whom it beats, whom it equals, and the rate that was judged", () => {
    const found = adviceOf(result({ soap: "ahead", rmsprop: "tie" }, ["adamw"]), question);
    expect(found.optimizer).toEqual({ name: "muon", lr: 0.25 });
    expect(found.sentence).toBe(
      "take muon at a rate of 0.25: muon reaches 0.42 in 0.5× the steps of soap (0.45–0.55, 3 seeds; 1× the seconds); beyond noise; a tie with rmsprop; adamw did not get there",
    );
    expect(found.cost).toBe(12);
  });
  test("of those within 5 % names the favourite", () => {
    const { optimizer, sentence } = adviceOf(result({ adamw: "tie", rmsprop: "undecided" }), question);
    expect(optimizer!.name).toBe("muon");
    expect(sentence).toContain("a tie with adamw; the seeds can't tell it from rmsprop");
  });
  test("names a rival that is faster than the favourite", () => {
    const { optimizer, sentence } = adviceOf(result({ adamw: "tie", rmsprop: "behind" }), question);
    expect(optimizer).toEqual({ name: "rmsprop", lr: 0.25 });
    expect(sentence).toContain("rmsprop reaches 0.42 in 0.5× the steps of muon");
  });
  test("without a race goes by the final loss, and says that it is one seed", () => {
    const { sentence } = adviceOf({ ...result({}), race: null }, question);
    expect(sentence).toContain("with one seed");
  });
  test("where everything diverged there is none", () => {
    const all = result({});
    const found = adviceOf(
      { ...all, contestants: all.contestants.map((c) => ({ ...c, best: null })) },
      question,
    );
    expect(found.optimizer).toBeNull();
    expect(found.sentence).toContain("diverged at every rate");
  });
});
