import { diagnoseRun } from "../../diagnose/index.ts";
import type { RunLog } from "../../run/log.ts";
import { defineExperiment, type Experiment } from "../claim.ts";
import { flippedMinimum, losses, type Problem, secondProgram } from "../second-program.ts";
import { last, rises, show } from "../words.ts";

type Row = "too high" | "slightly high" | "good" | "too low";

/** Rates from a search, and the row of the table that each is an example of. */
const cases: readonly (readonly [problem: Problem, lr: number, row: Row])[] = [
  ["flipped", 0.001, "too low"],
  ["flipped", 0.5, "good"],
  ["flipped", 11, "slightly high"],
  ["flipped", 12, "slightly high"],
  ["flipped", 15, "too high"],
  ["flipped", 30, "too high"],
  ["squared", 5, "too high"],
];

/** What the table says to divide the rate by. It gives no factor for a rate that is too low. */
const ACTION: Readonly<Record<Row, number>> = { "too high": 10, "slightly high": 2.5, good: 1, "too low": 1 };

/** The table's symptoms as arithmetic; `least` is the smallest loss there is. */
function symptom(curve: Float64Array, min: number): Row {
  const [first, end] = [curve[0]!, last(curve)];
  if (!(end <= first)) return "too high";
  if (rises(curve) > 0.1 * curve.length) return "slightly high";
  return end - min < 0.2 * (first - min) ? "good" : "too low";
}

export const experiment: Experiment = defineExperiment({
  claim:
    "the loss tells the learning rate: spikes or NaN too high, oscillation slightly high, smooth decrease good, hardly any too low",
  claimed: "four symptoms, four actions",
  settings: { epochs: 500, factor: 1 },
  run: async (context, { epochs, factor }) => {
    const { loss: minimum } = flippedMinimum(context);
    const seen = cases.map(([problem, base, row]) => {
      const lr = base * factor;
      const run = secondProgram(context, problem);
      const min = problem === "flipped" ? minimum : 0;
      const curve = losses(run, epochs, lr);
      const found = symptom(curve, min);
      const after = symptom(losses(run, epochs, lr / ACTION[found]), min);
      return { problem, lr, row, found, after, doctor: diagnoseRun(log(curve)).verdict, loss: last(curve) };
    });
    const right = seen.filter((s) => s.found === s.row);
    const rows = new Set(right.map((s) => s.row)).size;
    const high = seen.filter((s) => ACTION[s.found] > 1);
    const cured = high.filter((s) => s.after === "good").length;
    const agrees = seen.filter((s) => s.doctor.replace("-", " ") === s.found).length;
    const all = right.length === seen.length && cured === high.length;
    return {
      summary: `${right.length} of ${seen.length} runs show the table's symptom, ${rows} of 4 rows; its action cures ${cured} of ${high.length}`,
      measured: {
        final: right.length / seen.length,
        rows,
        cured,
        high: high.length,
        doctorAgrees: agrees,
        runs: seen,
      },
      verdict: all ? "holds" : rows > 2 ? "holds-if" : "does-not-hold",
      condition: `${seen
        .map(({ problem, lr, found, loss }) => {
          const what = problem === "squared" ? "Squared loss" : "Flipped labels";
          return `${what} at ${show(lr)}: ${found} (loss ${show(loss, 2)})`;
        })
        .join(
          "; ",
        )}. From the curve alone, not knowing the least loss, \`steepest diagnose\` says the same of ${agrees}`,
    };
  },
});

function log(values: Float64Array): RunLog {
  return {
    source: "the lesson",
    format: "steepest",
    run: null,
    stepUnit: "epoch",
    series: [{ name: "loss", role: "loss", steps: values.map((_, k) => k), values }],
    notes: [],
    meta: {},
  };
}
