/** Is a run what it was taken for? What no single training prints says that a log has been read in a wrong way. */
import type { RunLog, Series } from "../run/log.ts";
import { isFormula, normalise } from "./columns.ts";

/** So many points at a place that has one already are no accident. */
const MANY = 4;
/** Values this close are the same one, printed with other digits. */
const SAME = 0.02;
/** A leap is so many usual steps long; fewer leaps come from lines cut out of a log. */
const LEAP = 50;
const MANY_LEAPS = 5;
/** So many losses at every step, however near to each other: no bar is drawn so often. */
const CROWD = 8;
/** Fewer points make no stage of a training. */
const STAGE = 8;

/** What helps: the end of a sentence that says what is odd. */
export const CUT = "--step names the number that counts, or cut the log into its trainings";
export const NAME = "--loss names the one to read";

/** One sentence per run that says what is odd and what helps, or null. `known`: such a sentence on the whole log. */
export function doubtsOf(logs: readonly RunLog[], rewinds: number, known: string | null): (string | null)[] {
  const each = doubtsOfEach(logs, rewinds);
  const doubted = each.filter((d) => d !== null);
  // what cut several runs wrongly has cut the others too
  const spread = logs.length >= 3 && doubted.length * 5 >= logs.length;
  known ??= calledAgain(logs);
  return logs.map((log, i) => {
    const odd = each[i] ?? (spread && lossOf(log) ? `in another run of this log ${doubted[0]}` : null);
    if (odd !== null) return `${odd}; ${CUT}`;
    const loss = lossOf(log);
    if (known !== null) return known;
    if (!loss) return null;
    const unsaid = log.objective === "loss" ? severalMeasures(log, loss) : null;
    return unsaid === null ? null : `${unsaid}; ${NAME}`;
  });
}

function doubtsOfEach(logs: readonly RunLog[], rewinds: number): (string | null)[] {
  const back = rewinds >= 3 && rewinds * 3 > logs.length;
  return logs.map((log, i) => {
    const loss = lossOf(log);
    if (!loss) return null;
    if (back)
      return `the step goes back ${rewinds} times without starting again, as where several programs write into one file`;
    return (
      repeatedSteps(loss) ??
      (log.stepUnit === "step" ? (leaps(loss) ?? brokenOff(loss)) : null) ??
      (log.stepUnit === "row" ? unevenEpochs(log, loss) : null) ??
      otherStage(log, loss) ??
      cutInTwo(log, logs[i - 1], logs[i + 1]) ??
      unnumbered(log, loss)
    );
  });
}

export const lossOf = (log: RunLog | undefined): Series | undefined =>
  log?.series.find((s) => s.role === "loss");

function repeatedSteps({ steps, values }: Series): string | null {
  let repeated = 0;
  let atFirst = 0;
  const places = steps.reduce((n, s, i) => n + (i === 0 || s !== steps[i - 1] ? 1 : 0), 0);
  if (steps.length > 100 && steps.length > CROWD * places)
    return `its ${steps.length} losses stand at ${places} steps, so the step may be another number`;
  for (let i = 1; i < steps.length; i++) {
    if (steps[i] !== steps[i - 1] || Math.abs(values[i]! - values[i - 1]!) <= SAME * Math.abs(values[i - 1]!))
      continue;
    repeated++;
    if (steps[i] === steps[0]) atFirst++;
  }
  // a bar draws a step two or three times, each with the loss of a further batch
  if (repeated >= MANY && repeated > 2 * (steps.length - repeated))
    return `${repeated} of ${steps.length} losses stand at a step that has another loss already, so the step may be another number, or several trainings are mixed`;
  return atFirst >= 3 && atFirst > 0.8 * repeated
    ? `the first step comes ${atFirst + 1} times with other losses: several trainings begin there`
    : null;
}

/** Now small steps and now leaps, again and again: two counters were put together that do not nest. */
function leaps({ steps }: Series): string | null {
  const gaps = steps.slice(1).map((s, i) => s - steps[i]!);
  const some = gaps.filter((g) => g > 0).sort();
  const typical = some[some.length >> 1] ?? 0;
  let changes = 0;
  for (let i = 1; i < gaps.length; i++)
    if (gaps[i]! > LEAP * typical !== gaps[i - 1]! > LEAP * typical) changes++;
  return changes >= 2 * MANY_LEAPS
    ? "its step goes on by small steps and by leaps in turn, so two numbers may have been taken for one count"
    : null;
}

/** Even steps up to a leap over more than half of its way, and as even behind it: two pieces, of one training or of two. */
function brokenOff({ steps }: Series): string | null {
  const gaps = steps.slice(1).map((s, i) => s - steps[i]!);
  const at = gaps.indexOf(gaps.reduce((a, b) => Math.max(a, b), 0));
  const [before, behind] = [gaps.slice(0, at), gaps.slice(at + 1)].map((g) => g.sort()[g.length >> 1] ?? 0);
  const alike = at >= 2 && gaps.length - at >= 3 && before! <= 2 * behind! && behind! <= 2 * before!;
  const far = gaps[at]! > Math.max(LEAP * before!, (steps.at(-1)! - steps[0]!) / 2);
  return alike && before! > 0 && far
    ? `its step leaps from ${steps[at]} to ${steps[at + 1]}, over more than half of its way: two trainings, or pieces of one`
    : null;
}

/** A loss of another name that begins behind the end of the one that was chosen, or ends before it begins. */
function otherStage(log: RunLog, loss: Series): string | null {
  const [from, to] = [loss.steps[0]!, loss.steps.at(-1)!];
  const other = log.series.find(
    (s) =>
      s.role === "loss" &&
      s !== loss &&
      s.steps.length >= STAGE &&
      loss.steps.length >= STAGE &&
      (s.steps[0]! > to || s.steps.at(-1)! < from),
  );
  return other
    ? `'${loss.name}' and '${other.name}' are printed one after the other, as where a training has stages with losses of their own`
    : null;
}

/** `mae` beside `mse` and nothing that is called a loss: which of them is descended can't be seen. */
function severalMeasures(log: RunLog, loss: Series): string | null {
  const kind = ({ name }: Series): string | null => {
    const key = normalise(name).replace(/^(?:train|training|trn|tr)_|_(?:train|training|trn|tr)$/g, "");
    return isFormula(key) && !/loss|cost/.test(key) ? key : null;
  };
  const own = kind(loss);
  if (own !== null && /smooth_?l1|chamfer|i_?ou/.test(own) && log.series.some((s) => s.role === "accuracy"))
    return `'${loss.name}' measures places, and the accuracy beside it classes: it is a part of what is descended`;
  const other = log.series.find(
    (s) =>
      own !== null &&
      s.role === "loss" &&
      s.values.length === loss.values.length &&
      kind(s) !== null &&
      kind(s)!.replace(/^r(?=mse)/, "") !== own.replace(/^r(?=mse)/, ""),
  );
  return other
    ? `'${loss.name}' and '${other.name}' are measures, nothing is called a loss, and which of them the training descends is not said`
    : null;
}

/** Epochs that fall within a run, or hold now one loss and now many: several trainings side by side. */
function unevenEpochs(log: RunLog, loss: Series): string | null {
  const epoch = log.series.find((s) => s.role === "epoch");
  if (!epoch || epoch.values.some((v) => !Number.isInteger(v))) return null;
  if (epoch.values.some((v, i) => i > 0 && v < epoch.values[i - 1]!))
    return "its epochs go back and forth, as where several trainings are printed side by side";
  const byEpoch = new Map<number, number[]>();
  let at = 0;
  for (const [i, row] of loss.steps.entries()) {
    while (at + 1 < epoch.steps.length && epoch.steps[at + 1]! <= row) at++;
    const here = byEpoch.get(epoch.values[at]!);
    if (here) here.push(loss.values[i]!);
    else byEpoch.set(epoch.values[at]!, [loss.values[i]!]);
  }
  const whole = [...byEpoch.values()].slice(1, -1);
  if (whole.length < 2) return null;
  const counts = whole.map((losses) => losses.length);
  const [min, max] = [Math.min(...counts), Math.max(...counts)];
  if (max >= 2 * min && max - min >= 2)
    return `some of its epochs have ${min} losses and others ${max}, as where several trainings are printed side by side`;
  return min === max && max <= MANY_BESIDE && whole.length >= EPOCHS && keepOrder(whole)
    ? `the ${max} losses of an epoch stand in the same order in nearly all of them, as where several trainings are printed side by side`
    : null;
}

/** More lines an epoch are its batches; fewer epochs show no order. */
const MANY_BESIDE = 20;
const EPOCHS = 8;
/** So much do the epochs agree on the order of their lines: Kendall's W, 0 by chance and 1 where it is always the same. */
const AGREE = 0.7;

/** The first loss of each epoch, the second and so on stand in the same order again and again, and do not simply fall. */
function keepOrder(epochs: readonly (readonly number[])[]): boolean {
  const [m, k] = [epochs.length, epochs[0]!.length];
  if (k < 2) return false;
  const ranks = new Array<number>(k).fill(0);
  for (const losses of epochs)
    losses.forEach((v, i) => {
      ranks[i]! += losses.filter((o, j) => o < v || (o === v && j < i)).length;
    });
  const squares = ranks.reduce((sum, r) => sum + (r - (m * (k - 1)) / 2) ** 2, 0);
  const falls = ranks.every((r, i) => i === 0 || r <= ranks[i - 1]!);
  return !falls && (12 * squares) / (m * m * (k ** 3 - k)) > AGREE;
}

/** Two runs of which the second goes on where the first ended. */
function cutInTwo(log: RunLog, before: RunLog | undefined, after: RunLog | undefined): string | null {
  const goesOn = (a: RunLog | undefined, b: RunLog | undefined): boolean => {
    const [end, begin] = [lossOf(a)?.steps.at(-1), lossOf(b)?.steps[0]];
    return (
      end !== undefined &&
      begin !== undefined &&
      begin > end &&
      b!.stepUnit === "step" &&
      b!.notes.some((n) => n.id === "resumed")
    );
  };
  return goesOn(before, log) || goesOn(log, after)
    ? "one run goes on where another ended: they may be one"
    : null;
}

/** So many runs one after the other are no chance. */
const CALLED = 4;

/** Nearly every run begins near the loss at which the one before ended, far under the first of all. */
function calledAgain(logs: readonly RunLog[]): string | null {
  const losses = logs.map((log) => lossOf(log)?.values ?? new Float64Array());
  if (losses.length < CALLED || losses.some((values) => values.length < 2)) return null;
  const first = losses[0]![0]!;
  const goOn = losses.filter((values, i) => {
    const end = losses[i - 1]?.at(-1);
    return end !== undefined && Math.abs(values[0]! - end) < 0.3 * (first - values[0]!);
  });
  return goOn.length >= 0.75 * (losses.length - 1)
    ? `${goOn.length} of its ${losses.length} runs begin at the loss at which the one before ended, as where one training is called again and again: judge them as one`
    : null;
}

function unnumbered(log: RunLog, loss: Series): string | null {
  const other = log.series.find((s) => s.name === `${loss.name} (unnumbered)`);
  return other && other.values.length > 1.2 * loss.values.length
    ? `most of its lines with '${loss.name}' have no step, and are read as another curve`
    : null;
}
