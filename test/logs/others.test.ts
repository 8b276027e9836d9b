/**
 * The second generator: styles of known programs, written without knowledge of the reader.
 * At first sight 31 of 32 styles were read as printed; Kaldi's "CROSSVAL AVG.LOSS" was taken for a training loss,
 * silently, and that word was learnt from here.
 */
import { expect, test } from "vitest";
import { type RunLog, seriesOf } from "../../src/logs/index.ts";
import { SteepestError } from "../../src/run/errors.ts";
import { read } from "./helpers.ts";
import { type Course, STYLES, type Told } from "./others/styles.ts";

/** "doubted": not as told, but said to be no supervised loss or to be a choice between readings. */
type Outcome = "right" | "doubted" | "refused" | "wrong";

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

function holds(log: RunLog, role: "loss" | "validation", told: readonly string[] | undefined): boolean {
  const values = Array.from(seriesOf(log, role)?.values ?? []);
  const wanted = (told ?? []).map(Number);
  return values.length === wanted.length && wanted.every((x, i) => x === values[i]);
}

async function judge(told: Told): Promise<Outcome> {
  let logs: RunLog[];
  try {
    logs = await read(told.text);
  } catch (error) {
    if (error instanceof SteepestError) return "refused";
    throw error;
  }
  const log = logs[0]!;
  if (logs.length === 1 && holds(log, "loss", told.loss) && holds(log, "validation", told.val))
    return "right";
  const doubted = (log.objective ?? "loss") !== "loss" || (log.reading?.notes.length ?? 0) > 0;
  return doubted ? "doubted" : "wrong";
}

test("styles of known programs are read as printed", async () => {
  const by: Record<Outcome, string[]> = { right: [], doubted: [], refused: [], wrong: [] };
  for (const [name, write] of Object.entries(STYLES)) {
    for (let seed = 1; seed <= 5; seed++) by[await judge(write(course(seed)))].push(`${name} ${seed}`);
  }
  const told = JSON.stringify({ ...by, right: by.right.length }, null, 1);
  expect(by, told).toMatchObject({ doubted: [], refused: [], wrong: [] });
  expect(by.right.length).toBe(5 * Object.keys(STYLES).length);
});
