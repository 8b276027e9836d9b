/**
 * Makes runs of the kinds of work that scripts/verdict/make_runs.py has none of, on our own engine: fine-tuning,
 * adapters, noisy and imbalanced targets, raw features, sums of losses, regularisation, long runs, other schedules.
 *
 *   node_modules/.bin/jiti scripts/verdict/make-families.ts OUT.jsonl [FROM TO [FAMILY…]]   # tasks FROM…TO of each family that is fitted
 *
 * Resumable: tasks that OUT holds already are skipped. A task is one line: its family, name and schedule, and its runs
 * from the highest rate down, each with label, losses and gradient norms of every step.
 * The label is a counterfactual over the task's grid, rates a factor 2 apart, with the same batches in the same order:
 * F = mean loss of the last tenth of the steps, F* the least F, F0 the first loss; good: F ≤ F* + 5 % of (F0 − F*);
 * below the good rates too-low, above them by less than 10^0.75 and finite slightly-high, else too-high.
 */
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { trainStep } from "../../src/train/index.ts";
import { FAMILIES, type Task } from "./families.ts";
import { FRESH_FAMILIES } from "./fresh-families.ts";
import { FURTHER_FAMILIES } from "./further-families.ts";
import { MORE_FAMILIES } from "./more-families.ts";
import { ONCE_FRESH_FAMILIES } from "./once-fresh-families.ts";
import { shapeOf } from "./schedules.ts";

type Label = "too-low" | "good" | "slightly-high" | "too-high";
interface Curve {
  readonly lr: number;
  readonly final: number;
  readonly loss: readonly number[];
  readonly gradNorm: readonly number[];
}

const NEAR = 10 ** 0.75;
/** Lower rates are no longer tried after so many that were too low. */
const LOW_ENOUGH = 6;

function curveOf(task: Task, step: ReturnType<typeof trainStep>, lr: number): Curve {
  const fill = task.batches();
  step.redraw(task.seed);
  for (const { name, values } of step.state) {
    const start = task.start?.[name];
    if (start) values.set(start);
  }
  const loss: number[] = [];
  const gradNorm: number[] = [];
  const relative = shapeOf(task.schedule);
  for (let t = 0; t < task.steps; t++) {
    fill(step.inputs);
    const { loss: value, gradNorm: norm } = step.run(t + 1, lr * relative(t, task.steps));
    loss.push(Number(value.toPrecision(5)));
    gradNorm.push(Number(norm.toPrecision(5)));
    if (!Number.isFinite(value)) return { lr, final: Number.POSITIVE_INFINITY, loss, gradNorm };
  }
  const tail = loss.slice(-Math.ceil(task.steps / 10));
  return { lr, final: tail.reduce((a, b) => a + b, 0) / tail.length, loss, gradNorm };
}

function runTask(task: Task): (Curve & { readonly label: Label })[] {
  const { schedule: _, ...parts } = task;
  const step = trainStep(parts);
  const curves: Curve[] = [];
  for (let lr = task.highest, low = 0; low < LOW_ENOUGH && curves.length < 26; lr /= 2) {
    const curve = curveOf(task, step, lr);
    curves.push(curve);
    const best = curves.reduce((a, c) => (c.final < a.final ? c : a));
    const worse = Number.isFinite(best.final) && curve.final > goodEnd(best);
    low = worse && curve.lr < best.lr ? low + 1 : 0;
  }
  const best = curves.reduce((a, c) => (c.final < a.final ? c : a));
  const good = curves.filter((c) => c.final <= goodEnd(best)).map((c) => c.lr);
  const [lowest, highest] = [Math.min(...good), Math.max(...good)];
  const label = ({ lr, final }: Curve): Label => {
    if (final <= goodEnd(best)) return "good";
    if (lr < lowest) return "too-low";
    return Number.isFinite(final) && lr < highest * NEAR ? "slightly-high" : "too-high";
  };
  return curves.map((c) => ({ ...c, label: label(c) }));
}

const goodEnd = (best: Curve): number => best.final + 0.05 * Math.max(0, best.loss[0]! - best.final);

const [out, from = "0", to = "14", ...only] = process.argv.slice(2);
if (!out) throw new Error("usage: make-families.ts OUT.jsonl [FROM TO]");
const done = new Set(
  existsSync(out)
    ? readFileSync(out, "utf8")
        .trim()
        .split("\n")
        .map((line) => /"task":"([^"]+)"/.exec(line)?.[1])
    : [],
);
const fitted = { ...FAMILIES, ...MORE_FAMILIES, ...ONCE_FRESH_FAMILIES, ...FURTHER_FAMILIES };
// the fresh ones are made when named: they take no part in the fit
const chosen =
  only.length === 0
    ? Object.entries(fitted)
    : Object.entries({ ...fitted, ...FRESH_FAMILIES }).filter(([name]) => only.includes(name));
for (let k = Number(from); k < Number(to); k++)
  for (const [family, make] of chosen) {
    const name = `${family}-${k}`;
    if (done.has(name)) continue;
    const began = performance.now();
    const task = make(k);
    const runs = runTask(task);
    const { schedule, steps } = task;
    appendFileSync(out, `${JSON.stringify({ family, task: name, schedule, steps, runs })}\n`);
    const count = (l: Label): number => runs.filter((r) => r.label === l).length;
    console.error(
      `${name}: ${Math.round(performance.now() - began)} ms, too-low ${count("too-low")}, good ${count("good")}, slightly-high ${count("slightly-high")}, too-high ${count("too-high")}`,
    );
  }
