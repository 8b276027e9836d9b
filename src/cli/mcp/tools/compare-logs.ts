import { headlineOf, type Judged, nameOf, toJson } from "../../../diagnose/words.ts";
import { type Role, seriesOf } from "../../../run/log.ts";
import { logArguments, readLogs } from "../logs.ts";
import { answerOf, defineTool, type Tool } from "../tool.ts";

/** Runs in one answer. */
const MAX_RUNS = 50;

export const compareLogs: Tool = defineTool({
  name: "compare_logs",
  title: "Compare runs by their logs",
  description:
    "Reads the logs of several runs and lists them, the lowest final loss first: learning rate, loss over the last fifth, " +
    "lowest loss, held-out loss, steps, verdict. Runs of one task at different rates are judged against each other. Call it to " +
    "choose among finished or running trainings. Losses of different tasks or loss functions can't be compared.",
  input: logArguments,
  reads: true,
  async call(args, _, { folders }) {
    const { judged, notes, files } = await readLogs(args, folders);
    const rows = judged.map(rowOf).sort((a, b) => orderOf(a.loss) - orderOf(b.loss));
    if (rows.length > MAX_RUNS)
      notes.push(`${rows.length - MAX_RUNS} more runs are not shown: name their files`);
    const losses = new Set(judged.map(({ run }) => run.series.loss));
    if (losses.size > 1)
      notes.push("the runs' losses have different names: check that they are the same quantity");
    return answerOf(toJson({ schema: "steepest.log-comparison/1", runs: rows.slice(0, MAX_RUNS) }), {
      notes,
      files,
    });
  },
});

interface Row {
  readonly run: string;
  /** The highest that was logged. */
  readonly lr: number | null;
  /** Mean over the last fifth of the points; null where one of them is not finite. */
  readonly loss: number | null;
  readonly lowestLoss: number | null;
  readonly validation: number | null;
  readonly lastStep: number | null;
  readonly points: number;
  readonly verdict: string;
  readonly multiply: number | null;
  readonly headline: string;
}

function rowOf({ log, run }: Judged): Row {
  const values = (role: Role): number[] => [...(seriesOf(log, role)?.values ?? [])];
  return {
    run: nameOf(run),
    lr: short(
      values("lr")
        .filter(Number.isFinite)
        .reduce((a, x) => Math.max(a, x), Number.NEGATIVE_INFINITY),
    ),
    loss: short(tail(values("loss"))),
    lowestLoss: short(
      values("loss")
        .filter(Number.isFinite)
        .reduce((a, x) => Math.min(a, x), Number.POSITIVE_INFINITY),
    ),
    validation: short(tail(values("validation"))),
    lastStep: run.steps?.[1] ?? null,
    points: run.points,
    verdict: run.verdict,
    multiply: run.action.lr?.multiply ?? null,
    headline: headlineOf(run).words,
  };
}

function tail(values: readonly number[]): number {
  const last = values.slice(-Math.max(1, Math.floor(values.length / 5)));
  return last.reduce((a, x) => a + x, 0) / last.length;
}

const short = (x: number): number | null => (Number.isFinite(x) ? Number(x.toPrecision(5)) : null);
const orderOf = (loss: number | null): number => loss ?? Number.POSITIVE_INFINITY;
