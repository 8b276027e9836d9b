/** An analysis in words: curvature, noise, limits, sharpness, bounds. */
import { sketch } from "../../plot/index.ts";
import { showNumber } from "../../run/show-number.ts";
import type { Analysis, CurvatureAt, EdgeValue } from "../../tune/convergence/analysis.ts";
import { look, showSeconds, type Terminal, table } from "../terminal.ts";
import { convergencePicture, sharpnessPicture } from "./draw.ts";

interface ReportOptions {
  readonly terminal: Terminal;
  readonly files: readonly string[];
}

export function reportAnalysis(analysis: Analysis, { terminal, files }: ReportOptions): void {
  const { bold, dim } = terminal.colors;
  const { run, start, end, diverged, seconds } = analysis;
  const { print } = terminal;
  const part = run.rows < run.of ? `${run.rows} of ${run.of} rows` : `all ${run.of} rows`;
  print(
    `${bold(run.name)}: ${run.optimizer}, lr ${showNumber(run.lr)}, ${showNumber(run.parameters)} parameters; loss over ${part} in ${run.dtype}`,
  );
  for (const note of run.notes) print(dim(note));
  print("");
  print(bold("curvature"));
  print(table(curvatureRows([start, ...(end === null ? [] : [end])])));
  const here = end ?? start;
  for (const line of curvatureNotes(here)) print(dim(line));
  if (end !== null && end.loss > start.loss)
    print(`the loss rose from ${showNumber(start.loss)} to ${showNumber(end.loss)} over these steps`);
  if (diverged !== null)
    print(`the loss was no number any more at step ${diverged}: what follows is measured at the start`);
  print("");
  printNoise(analysis, terminal);
  print("");
  printLimits(analysis, terminal);
  printSharpness(analysis, terminal);
  printBounds(analysis, terminal);
  print("");
  print(dim(`measured in ${showSeconds(seconds)}`));
  for (const file of files) print(`plot written to ${file}`);
}

const edge = ({ value, error }: EdgeValue): string => {
  const shown = Math.abs(value) <= error ? "0" : showNumber(value);
  return error > 1e-4 * Math.abs(value) ? `${shown} ± ${Number(error.toPrecision(1))}` : shown;
};

function curvatureRows(points: readonly CurvatureAt[]): string[][] {
  return [
    ["at step", "loss", "|gradient|", "L = λmax", "μ = λmin", "κ = L/μ", "2/L"],
    ...points.map((p) => [
      String(p.step),
      showNumber(p.loss),
      showNumber(p.gradientNorm),
      edge(p.largest),
      edge(p.smallest),
      p.kappa === null ? "–" : showNumber(p.kappa),
      p.largest.value > 0 ? showNumber(2 / p.largest.value) : "–",
    ]),
  ];
}

function curvatureNotes({ smallest, largest, products, converged }: CurvatureAt): string[] {
  const lines: string[] = [];
  if (smallest.value < -smallest.error) {
    const share = -smallest.value / Math.abs(largest.value);
    lines.push(
      `μ is negative: the loss curves downwards along some direction (${showNumber(100 * share)} % of L), so it is not convex here`,
    );
  } else if (Math.abs(smallest.value) <= smallest.error)
    lines.push("μ is not told from zero: some directions are flat, and no κ can be given");
  if (!converged) lines.push(`Lanczos stopped after ${products} products: L may be larger, μ smaller`);
  return lines;
}

function printNoise({ noise, run }: Analysis, { print, colors: { bold, dim } }: Terminal): void {
  if (noise === null) return;
  const { rows, standardError, interval, criticalBatchSize, batches, batchSize } = noise;
  const [low, high] = interval;
  const from = `from ${batches} batches of ${batchSize}`;
  if (rows === null || high === null) {
    print(
      `${bold("gradient noise scale")}  at least ${showNumber(low)} rows: the mean gradient is not told from noise (${from})`,
    );
  } else {
    print(
      `${bold("gradient noise scale")}  ${showNumber(rows)} ± ${showNumber(standardError!)} rows, 95 % interval ${showNumber(low)} to ${showNumber(high)} (${from})`,
    );
  }
  const critical = criticalBatchSize ?? low;
  const against =
    run.batchSize > 2 * critical
      ? "well above it: a smaller batch would learn as much from fewer rows"
      : run.batchSize < critical / 2
        ? "well below it: a larger batch takes proportionally fewer steps"
        : "near it";
  print(
    `${bold("critical batch size")}   ${criticalBatchSize === null ? "at least " : "about "}${showNumber(critical)}; the run's batches of ${run.batchSize} are ${against}`,
  );
  print(dim("here, at these weights; it grows as the gradient shrinks"));
}

function printLimits({ limits, run, ownRule }: Analysis, { print, colors: { bold, dim } }: Terminal): void {
  print(`${bold("stability limits")} at these weights, beside the run's lr ${showNumber(run.lr)}`);
  const rows = limits.map((l) => [
    `${l.label}${l.own ? " (this run)" : ""}`,
    l.limit === null ? "none" : showNumber(l.limit),
    l.stable === null ? "–" : l.stable ? "stable" : "unstable",
    `λmax ${showNumber(l.sharpness)}${l.preconditioner === null ? "" : " of P⁻¹H"}`,
  ]);
  print(table([["optimizer", "limit", `lr ${showNumber(run.lr)} is`, "at"], ...rows]));
  if (limits.some((l) => l.preconditioner !== null))
    print(
      dim("P is what the run's optimizer has gathered; others would gather their own, so they have no row"),
    );
  if (ownRule === null) print(dim(`no stability limit is proved for ${run.optimizer}`));
}

function printSharpness(analysis: Analysis, terminal: Terminal): void {
  const chart = sharpnessPicture(analysis);
  if (chart === null) return;
  const { print, colors } = terminal;
  const { bold } = colors;
  const { width, ascii } = look(terminal);
  const adaptive = analysis.sharpness.some((p) => p.preconditioned !== null);
  print("");
  print(bold("sharpness along training"));
  const rows = analysis.sharpness.map((p) => {
    const seen = adaptive ? p.preconditioned : p.sharpness;
    const ratio = seen === null || !p.limit ? null : seen / p.limit;
    return [
      String(p.step),
      showNumber(p.lr),
      showNumber(p.sharpness),
      ...(adaptive ? [p.preconditioned === null ? "–" : showNumber(p.preconditioned)] : []),
      p.limit === null || p.limit > 1e29 ? "–" : showNumber(p.limit),
      ratio === null ? "–" : `${showNumber(Number((100 * ratio).toPrecision(3)))} %`,
    ];
  });
  const head = ["step", "lr", "λmax", ...(adaptive ? ["λmax of P⁻¹H"] : []), "the rate bears", "used"];
  print(table([head, ...rows]));
  print(sketch(chart, { width: Math.min(width, 76), height: 8, ascii }));
}

function printBounds(analysis: Analysis, terminal: Terminal): void {
  const { convergence } = analysis;
  if (convergence === null) return;
  const { print, colors } = terminal;
  const { bold, dim } = colors;
  print("");
  print(bold("convergence theory beside this run"));
  for (const a of convergence.assumptions) print(`  ${a.holds ? "✓" : "✗"} ${a.id}: ${a.evidence}`);
  const rows = convergence.bounds.map((b) => [
    b.formula,
    b.broken.length === 0 ? "promised" : `not promised: ${b.broken.join(", ")}`,
    b.holds === null ? "no value" : b.holds ? "held at every step" : "broken",
    b.margin === null ? "–" : `${showNumber(b.margin.ratio)}× at step ${b.margin.step}`,
  ]);
  print(table([["bound on the gap", "theory", "measured", "closest"], ...rows]));
  const { momentum, floor } = convergence;
  if (momentum !== null) {
    print(
      `momentum on a quadratic: gap × ${showNumber(momentum.predicted)} a step in the long run; measured ${momentum.measured === null ? "nothing to fit" : showNumber(momentum.measured)}`,
    );
  }
  if (floor !== null) {
    const [low, high] = floor.predicted;
    print(
      `noise floor of the gap: ${showNumber(low)} to ${showNumber(high)} predicted, ${showNumber(floor.measured)} over the last quarter`,
    );
  }
  const chart = convergencePicture(analysis);
  if (chart === null || convergence.gap.filter((g) => g > convergence.rounding).length < 3) return;
  const { width, ascii } = look(terminal);
  print(sketch(chart, { width: Math.min(width, 76), height: 10, ascii }));
  print(dim(chart.panels[0]!.series.map((s) => s.name).join(", ")));
}
