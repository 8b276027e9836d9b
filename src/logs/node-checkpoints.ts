/** Hugging Face writes the history so far into every checkpoint: copies of the beginning of one run. */
import { type RunLog, type Series, seriesOf } from "../run/log.ts";

export function dropPrefixes(logs: readonly RunLog[]): RunLog[] {
  const copies = new Map<RunLog, RunLog[]>();
  const dropped = new Set<RunLog>();
  const histories = logs.filter((log) => log.format === "hf-trainer");
  for (const short of histories) {
    const whole = histories.find((long) => long !== short && !dropped.has(long) && isPrefix(short, long));
    if (!whole) continue;
    dropped.add(short);
    copies.set(whole, [...(copies.get(whole) ?? []), short, ...(copies.get(short) ?? [])]);
  }
  return logs
    .filter((log) => !dropped.has(log))
    .map((log) => {
      const left = copies.get(log);
      if (!left) return log;
      const text = `left out, as they repeat its beginning: ${left.map((copy) => copy.source).join(", ")}`;
      return { ...log, notes: [...log.notes, { id: "checkpoint-copies", text }] };
    });
}

function isPrefix(short: RunLog, long: RunLog): boolean {
  const [a, b] = [seriesOf(short, "loss"), seriesOf(long, "loss")];
  if (!a || !b || a.values.length === 0 || a.values.length > b.values.length) return false;
  return agree(a.steps, b.steps, a) && agree(a.values, b.values, a);
}

function agree(x: Float64Array, y: Float64Array, { steps }: Series): boolean {
  for (let i = 0; i < steps.length; i++) if (!Object.is(x[i], y[i])) return false;
  return true;
}
