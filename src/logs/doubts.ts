/** Is a run what it was taken for? What no single training prints says that a log has been read in a wrong way. */
import type { RunLog, Series } from "../run/log.ts";

/** So many points at a place that has one already are no accident. */
const MANY = 4;
/** Values this close are the same one, printed with other digits. */
const SAME = 0.02;
/** A leap is so many usual steps long; fewer leaps come from lines cut out of a log. */
const LEAP = 50;
const MANY_LEAPS = 5;

/** One sentence per run that says what is odd, or null. */
export function doubtsOf(logs: readonly RunLog[], rewinds: number): (string | null)[] {
  const each = doubtsOfEach(logs, rewinds);
  const doubted = each.filter((d) => d !== null);
  // what cut several runs wrongly has cut the others too
  const spread = logs.length >= 3 && doubted.length * 5 >= logs.length;
  return each.map(
    (d, i) => d ?? (spread && lossOf(logs[i]) ? `in another run of this log ${doubted[0]}` : null),
  );
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
      (log.stepUnit === "step" ? leaps(loss) : null) ??
      (log.stepUnit === "row" ? unevenEpochs(log, loss) : null) ??
      cutInTwo(log, logs[i - 1], logs[i + 1]) ??
      unnumbered(log, loss)
    );
  });
}

const lossOf = (log: RunLog | undefined): Series | undefined => log?.series.find((s) => s.role === "loss");

function repeatedSteps({ steps, values }: Series): string | null {
  let repeated = 0;
  let atFirst = 0;
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

/** Epochs that fall within a run, or hold now one loss and now many: several trainings side by side. */
function unevenEpochs(log: RunLog, loss: Series): string | null {
  const epoch = log.series.find((s) => s.role === "epoch");
  if (!epoch || epoch.values.some((v) => !Number.isInteger(v))) return null;
  if (epoch.values.some((v, i) => i > 0 && v < epoch.values[i - 1]!))
    return "its epochs go back and forth, as where several trainings are printed side by side";
  const counts = new Map<number, number>();
  let at = 0;
  for (const row of loss.steps) {
    while (at + 1 < epoch.steps.length && epoch.steps[at + 1]! <= row) at++;
    counts.set(epoch.values[at]!, (counts.get(epoch.values[at]!) ?? 0) + 1);
  }
  const whole = [...counts.values()].slice(1, -1);
  if (whole.length < 2) return null;
  const [min, max] = [Math.min(...whole), Math.max(...whole)];
  return max >= 2 * min && max - min >= 2
    ? `some of its epochs have ${min} losses and others ${max}, as where several trainings are printed side by side`
    : null;
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

function unnumbered(log: RunLog, loss: Series): string | null {
  const other = log.series.find((s) => s.name === `${loss.name} (unnumbered)`);
  return other && other.values.length > 1.2 * loss.values.length
    ? `most of its lines with '${loss.name}' have no step, and are read as another curve`
    : null;
}
