/** The file that `range_test` of steepest_probe.py writes: its trainings, judged as find-lr judges its own. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { parseRecord } from "../../logs/loose-json.ts";
import { SteepestError } from "../../run/errors.ts";
import { showNumber } from "../../run/show-number.ts";
import { judgeRecorded, type Recorded } from "../../tune/search/recorded.ts";
import type { Outcome, TrialRow } from "./report.ts";

const headSchema = z.object({
  schema: z.literal("steepest.curve/1"),
  optimizer: z.string(),
  groups: z.array(z.object({ name: z.string(), lr: z.number() })),
  steps: z.number().int().positive(),
  lr: z.number().positive(),
  group: z.string().nullable(),
  lowest: z.number().positive(),
  highest: z.number().positive(),
  paid: z.number(),
});
type Head = z.infer<typeof headSchema>;

export interface JudgedCurve {
  readonly outcome: Outcome;
  readonly title: string;
}

/** @throws SteepestError for a file that can't be read, or is no range test. */
export async function judgeCurve(file: string): Promise<JudgedCurve> {
  const { head, reference, recorded } = parseCurve(readText(file), file);
  const options = {
    first: head.lr,
    length: head.steps,
    reference,
    lowest: head.lowest,
    highest: head.highest,
  };
  const judged = await judgeRecorded(recorded, options);
  if (judged === null) {
    throw new SteepestError("no-training", "the range test holds no training", {
      where: file,
      help: [...reference.values()].some((x) => !Number.isFinite(x))
        ? "the loss is no number before the first step: look at the data, the initial weights and the loss"
        : "let range_test come to its end",
    });
  }
  const { result, trainings } = judged;
  const rows = trainings.map(
    ({ rate, seed, losses, score, lost }): TrialRow => ({
      lr: rate,
      seed,
      folder: file,
      steps: losses.length,
      loss: score,
      training: score,
      validation: null,
      diverged: lost,
      exitCode: null,
    }),
  );
  return {
    title: `${head.optimizer}${head.group === null ? "" : `, group ${head.group}`}`,
    outcome: {
      result: { ...result, paid: head.paid },
      for: "training",
      unit: "step",
      length: head.steps,
      folder: file,
      rows,
      notes: groupNotes(head, result.rate),
      bounds: { lower: "give range_test a lower lowest=", higher: "give range_test a higher highest=" },
      rateWithoutEffect: sameEverywhere(recorded)
        ? "the loss does not change with the weights that the optimizer trains"
        : null,
    },
  };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new SteepestError("not-readable", `the range test ${file} can't be read`, {
      help: "name the file that range_test of steepest_probe.py has written",
      cause,
    });
  }
}

interface Curve {
  readonly head: Head;
  /** Losses of the untouched model, by step. */
  readonly reference: ReadonlyMap<number, number>;
  readonly recorded: readonly Recorded[];
}

function parseCurve(text: string, file: string): Curve {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const head = headSchema.safeParse(parseRecord(lines[0] ?? ""));
  if (!head.success) {
    throw new SteepestError("not-a-curve", "this is no range test of steepest_probe.py", {
      where: file,
      help: "name the file that range_test has written; a training log is for steepest diagnose",
    });
  }
  const reference = new Map<number, number>();
  const found = new Map<string, { rate: number; seed: number; losses: number[] }>();
  for (const [i, line] of lines.slice(1).entries()) {
    const point = parseRecord(line);
    const { lr, seed, step, loss } = point ?? {};
    if (typeof lr !== "number" || typeof seed !== "number" || typeof step !== "number") {
      // a file that is being written ends anywhere
      if (i === lines.length - 2) break;
      throw badLine(file, i + 2);
    }
    const value = typeof loss === "number" ? loss : Number.NaN;
    if (lr === 0) {
      reference.set(step, value);
      continue;
    }
    const key = `${lr} ${seed}`;
    const training = found.get(key) ?? { rate: lr, seed, losses: [] };
    if (step !== training.losses.length + 1) throw badLine(file, i + 2);
    training.losses.push(value);
    found.set(key, training);
  }
  return { head: head.data, reference, recorded: [...found.values()] };
}

const badLine = (file: string, line: number): SteepestError =>
  new SteepestError("not-a-curve", `line ${line} is no point of a training, or one before it is missing`, {
    where: file,
    help: "let range_test write the file anew",
  });

/** What the rate is of, where the optimizer has several groups. */
function groupNotes({ groups, group }: Head, rate: number | null): string[] {
  if (rate === null || groups.length < 2) return [];
  if (group !== null) return [`the rate of group ${group}; the others kept theirs`];
  const first = groups[0]!.lr;
  const others = groups.slice(1).map((g) => `${g.name} ${showNumber((rate * g.lr) / first)}`);
  return [`the rate of group ${groups[0]!.name}; the others kept their ratio to it: ${others.join(", ")}`];
}

/** At every rate the same losses, as far as two trainings of the first seed go. */
function sameEverywhere(recorded: readonly Recorded[]): boolean {
  const firsts = recorded.filter((r) => r.seed === 0);
  const shortest = Math.min(...firsts.map((r) => r.losses.length));
  return (
    firsts.length > 2 &&
    firsts.every((r) => r.losses.slice(0, shortest).every((x, i) => Object.is(x, firsts[0]!.losses[i])))
  );
}
