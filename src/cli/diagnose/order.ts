/** The order in which runs are told. */
import { type RunLog, seriesOf } from "../../run/log.ts";

/** Fewer losses are a piece of a log, where another run of the source has ten times as many. */
const PIECE = 10;

const losses = (log: RunLog): number =>
  (seriesOf(log, "loss") ?? seriesOf(log, "validation"))?.values.length ?? 0;

/** Of the runs of one source, those with a curve before those without; else as they were. */
export function realFirst(logs: readonly RunLog[]): RunLog[] {
  const bySource = new Map<string, RunLog[]>();
  for (const log of logs) {
    const own = bySource.get(log.source);
    if (own) own.push(log);
    else bySource.set(log.source, [log]);
  }
  return [...bySource.values()].flatMap((own) => {
    const max = own.reduce((a, log) => Math.max(a, losses(log)), 0);
    const piece = (log: RunLog): boolean => losses(log) < PIECE && losses(log) * PIECE <= max;
    return [...own.filter((log) => !piece(log)), ...own.filter(piece)];
  });
}
