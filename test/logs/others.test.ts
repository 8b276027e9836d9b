/**
 * The second generator: styles of known programs and rough logs, written without knowledge of how the reader does on
 * them. All series that a style tells of are compared: values as printed, the loss's steps up to an offset and a unit,
 * the runs, and what the curve is.
 *
 * At first sight 31 of the 32 styles of `styles.ts` and 67 of the 76 of `trainers.ts` and `rough.ts` were read as
 * printed. One and four were misread in silence: Kaldi's CROSSVAL; scikit-learn's boosting table (as a loss), a part
 * before the total, "train= val=" beside a loss (accuracies), Catalyst's "(valid):". They are learnt from here.
 */
import { expect, test } from "vitest";
import { type RunLog, type Series, seriesOf } from "../../src/logs/index.ts";
import { SteepestError } from "../../src/run/errors.ts";
import { read } from "./helpers.ts";
import { ROUGH } from "./others/rough.ts";
import { STYLES } from "./others/styles.ts";
import type { Course, Style, Told } from "./others/told.ts";
import { TRAINERS } from "./others/trainers.ts";

/** "doubted": not as told, but said to be no supervised loss or to be a choice between readings. */
type Outcome = "right" | "doubted" | "refused" | "wrong";

const ALL: Readonly<Record<string, Style>> = { ...STYLES, ...TRAINERS, ...ROUGH };

/** A falling loss with noise, a validation loss beside it, a cosine rate. */
function course(seed: number): Course {
  let state = seed * 2_654_435_761 + 12_345;
  const random = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const n = 30 + Math.floor(random() * 25);
  const floor = 0.2 + random();
  const top = 1.5 + 2 * random();
  const at = (i: number): number => floor + top * Math.exp((-4 * i) / n) + 0.08 * (random() - 0.5);
  const steps = Array.from({ length: n }, (_, i) => i);
  return {
    loss: steps.map(at),
    val: steps.map((i) => at(i) + 0.15),
    lr: steps.map((i) => Number((5e-4 * (1 + Math.cos((Math.PI * i) / (n + 1)))).toPrecision(5))),
    acc: steps.map((i) => Number((0.9 - 0.7 * Math.exp((-4 * i) / n)).toFixed(4))),
    norm: steps.map(() => Number((0.5 + random()).toFixed(4))),
  };
}

function holds(series: Series | null, told: readonly string[] | undefined): boolean {
  const values = Array.from(series?.values ?? []);
  const wanted = (told ?? []).map(Number);
  return values.length === wanted.length && wanted.every((x, i) => Object.is(x, values[i]));
}

/** The same steps but for where they begin and what they count. */
function sameSteps(series: Series, steps: readonly number[]): boolean {
  const scale = (series.steps[1]! - series.steps[0]!) / (steps[1]! - steps[0]!);
  const own = steps.map((s) => series.steps[0]! + scale * (s - steps[0]!));
  return scale > 0 && own.every((s, i) => Math.abs(s - series.steps[i]!) < 1e-6);
}

function difference(logs: readonly RunLog[], told: Told): string {
  if (told.objective !== undefined)
    return logs.every((log) => log.objective === told.objective) ? "" : `objective ${logs[0]!.objective}`;
  if (logs.length !== (told.runs ?? 1)) return `${logs.length} runs`;
  const log = logs[0]!;
  for (const [role, curve] of [
    ["loss", told.loss],
    ["validation", told.val],
    ["lr", told.lr],
    ["gradNorm", told.norm],
  ] as const) {
    if (curve === undefined && (role === "lr" || role === "gradNorm")) continue;
    if (!holds(seriesOf(log, role), curve))
      return `${role}: ${seriesOf(log, role)?.values.length ?? 0} points`;
  }
  return told.steps && !sameSteps(seriesOf(log, "loss")!, told.steps) ? "steps" : "";
}

async function judge(told: Told): Promise<{ outcome: Outcome; why: string }> {
  let logs: RunLog[];
  try {
    logs = await read(told.text);
  } catch (error) {
    if (!(error instanceof SteepestError)) throw error;
    return { outcome: told.objective === "refused" ? "right" : "refused", why: error.message };
  }
  const why = difference(logs, told);
  if (why === "") return { outcome: "right", why };
  const log = logs[0]!;
  const doubted = (log.objective ?? "loss") !== "loss" || (log.reading?.notes.length ?? 0) > 0;
  return { outcome: doubted ? "doubted" : "wrong", why };
}

test("styles of known programs and rough logs are read as printed", async () => {
  const failures: string[] = [];
  const by: Record<Outcome, number> = { right: 0, doubted: 0, refused: 0, wrong: 0 };
  for (const [name, write] of Object.entries(ALL)) {
    for (let seed = 1; seed <= 5; seed++) {
      const { outcome, why } = await judge(write(course(seed)));
      by[outcome]++;
      if (outcome !== "right") failures.push(`${name} ${seed}: ${outcome}, ${why}`);
    }
  }
  expect(failures, `${JSON.stringify(by)} of ${Object.keys(ALL).length} styles`).toEqual([]);
});
