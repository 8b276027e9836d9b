/** Medians, ratios and the tables that are printed. */
import type { Times } from "./peers.ts";
import {
  type Aim,
  aims,
  type Measure,
  type PeerName,
  type Workload,
  type WorkloadId,
  workloads,
} from "./workloads.ts";

/** What one peer did in one workload. */
export interface Outcome {
  readonly peer: PeerName;
  readonly check: Readonly<Record<string, number>>;
  /** Times of each round, by measure. Rounds of the peers belong together by index. */
  readonly rounds: Readonly<Record<string, readonly Times[]>>;
  /** The most memory that its process held; null where that is not known. */
  readonly peakMiB: number | null;
}

export interface Skip {
  readonly peer: PeerName;
  readonly reason: string;
}

export interface Result {
  readonly workload: WorkloadId;
  readonly outcomes: readonly Outcome[];
  readonly skipped: readonly Skip[];
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  return sorted.length % 2 === 1 ? sorted[Math.floor(middle)]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** How many times as long the peer takes: the median over rounds of each round's own ratio. */
export const ratio = (peer: readonly Times[], ours: readonly Times[], clock: keyof Times = "wall"): number =>
  median(peer.map((t, i) => (t[clock] ?? Number.NaN) / (ours[i]![clock] ?? Number.NaN)));

const digits = (x: number): string => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));

/** The largest relative difference from the reference's values. */
export const difference = (
  check: Readonly<Record<string, number>>,
  reference: Readonly<Record<string, number>>,
): number =>
  Math.max(
    ...Object.entries(reference).map(([name, want]) => {
      const got = check[name];
      // JSON has null for what is not finite
      return typeof got === "number" ? Math.abs(got - want) / Math.abs(want) : Number.POSITIVE_INFINITY;
    }),
  );

export function align(rows: readonly (readonly string[])[]): string {
  const width = rows[0]!.map((_, c) => Math.max(...rows.map((r) => r[c]!.length)));
  return rows
    .map((r) =>
      r
        .map((cell, c) => (c === 0 ? cell.padEnd(width[c]!) : cell.padStart(width[c]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

/** A row per peer: the median and the fastest round, and how many times as long as steepest it takes. */
export function measureTable(measure: Measure, { outcomes }: Result): string {
  const ours = outcomes.find((o) => o.peer === "steepest")?.rounds[measure.key];
  const rows = outcomes.flatMap(({ peer, rounds, peakMiB }) => {
    const times = rounds[measure.key];
    if (times === undefined || times.length === 0) return [];
    const wall = times.map((t) => t.wall);
    const shown = [median(wall), Math.min(...wall)].map((x) => digits(measure.show(x)));
    const ratios = (["wall", "cpu"] as const).map((clock) => {
      const r = ours === undefined || ours.length === 0 ? Number.NaN : ratio(times, ours, clock);
      return Number.isNaN(r) ? "" : `${digits(r)}×`;
    });
    return [[`  ${peer}`, ...shown, ...ratios, peakMiB === null ? "" : peakMiB.toFixed(0)]];
  });
  const head = ["", `${measure.unit}, median`, "best", "time ÷ steepest's", "CPU time ÷", "peak MiB"];
  return `${measure.title}\n${align([head, ...rows])}`;
}

/** The tables of bench/README.md: medians, in brackets the times as long as steepest's; and memory. */
export function markdownTables(results: readonly Result[]): string {
  const names = [...new Set(results.flatMap((r) => r.outcomes.map((o) => o.peer)))];
  const table = (rows: readonly (readonly string[])[]): string =>
    [["", ...names], names.map(() => "---").concat("---"), ...rows]
      .map((r) => `| ${r.join(" | ")} |\n`)
      .join("");
  const of = ({ outcomes }: Result, name: PeerName): Outcome | undefined =>
    outcomes.find((o) => o.peer === name);
  const times = results.flatMap((result) =>
    workloads
      .find((w) => w.id === result.workload)!
      .measures.map((m) => {
        const ours = of(result, "steepest")?.rounds[m.key] ?? [];
        const cells = names.map((name) => {
          const theirs = of(result, name)?.rounds[m.key] ?? [];
          if (theirs.length === 0) return "";
          const shown = digits(m.show(median(theirs.map((t) => t.wall))));
          return name === "steepest" || ours.length === 0
            ? shown
            : `${shown} (${digits(ratio(theirs, ours))})`;
        });
        return [`${m.title}, ${m.unit}`, ...cells];
      }),
  );
  const memory = results.map((result) => [
    `${result.workload}, MiB at peak`,
    ...names.map((name) => of(result, name)?.peakMiB?.toFixed(0) ?? ""),
  ]);
  return `${table(times)}\n${table(memory)}`;
}

export function checkLines(workload: Workload, { outcomes }: Result, reference: Outcome): string {
  const lines = outcomes.map(({ peer, check }) => {
    const values = Object.entries(check).map(
      ([name, v]) => `${name} ${v === null ? "not finite" : v.toPrecision(7)}`,
    );
    const off = difference(check, reference.check);
    const verdict =
      peer === reference.peer
        ? "the reference"
        : off <= workload.tolerance
          ? `agrees (${off.toExponential(0)})`
          : `DISAGREES (${off.toExponential(0)} > ${workload.tolerance})`;
    return [`  ${peer}`, `${values.join(", ")}  ${verdict}`];
  });
  const width = Math.max(...lines.map(([peer]) => peer!.length));
  return lines.map(([peer, rest]) => `${peer!.padEnd(width)}  ${rest}`).join("\n");
}

export interface AimResult {
  readonly aim: Aim;
  readonly text: string;
  /** Ratio or milliseconds; null where it was not measured. */
  readonly measured: number | null;
  /** The same ratio in processor time, which a busy machine disturbs less. */
  readonly cpu: number | null;
  readonly reached: boolean | null;
}

/** Compares what was measured with the aims. */
export function judge(results: readonly Result[]): AimResult[] {
  return aims.flatMap((aim): AimResult[] => {
    const { workload, measure, ours, goal } = aim;
    const result = results.find((r) => r.workload === workload);
    if (result === undefined) return [];
    const rounds = (name: PeerName): readonly Times[] | undefined =>
      result.outcomes.find((o) => o.peer === name)?.rounds[measure];
    const mine = rounds(ours);
    const name = measure === "step" || measure === "process" ? workload : `${workload} ${measure}`;
    if ("ms" in goal) {
      const measured = mine ? median(mine.map((t) => t.wall)) : null;
      const text = `${name}: at most ${goal.ms} ms`;
      return [{ aim, text, measured, cpu: null, reached: measured === null ? null : measured <= goal.ms }];
    }
    const theirs = rounds(goal.peer);
    const text = `${name}: ${ours} at least ${digits(goal.factor)}× as fast as ${goal.peer}`;
    const measurable = mine !== undefined && theirs !== undefined;
    const measured = measurable ? ratio(theirs, mine) : null;
    const cpu = measurable ? ratio(theirs, mine, "cpu") : null;
    return [{ aim, text, measured, cpu, reached: measured === null ? null : measured >= goal.factor }];
  });
}

export function aimTable(judged: readonly AimResult[]): string {
  const rows = judged.map(({ text, measured, cpu, reached, aim }) => {
    const value =
      measured === null ? "" : "ms" in aim.goal ? `${digits(measured)} ms` : `${digits(measured)}×`;
    return [
      `  ${text}`,
      value,
      cpu === null ? "" : `${digits(cpu)}×`,
      reached === null ? "not measured" : reached ? "reached" : "not reached",
    ];
  });
  return `Aims\n${align([["", "measured", "in CPU time", ""], ...rows])}`;
}
