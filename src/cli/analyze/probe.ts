/** `steepest analyze --probe FILE`: a probe's file in words, as a chart, as one JSON document. */
import { readFileSync } from "node:fs";
import { APART, branchWords } from "../../diagnose/branches.ts";
import type { Chart } from "../../plot/chart.ts";
import { stabilityChart } from "../../plot/charts/stability.ts";
import { sketch } from "../../plot/index.ts";
import { SteepestError } from "../../run/errors.ts";
import { showNumber } from "../../run/show-number.ts";
import { analyzeProbe, type ProbeAnalysis } from "../../tune/probe/analysis.ts";
import { parseProbe } from "../../tune/probe/read.ts";
import { requirePlotFile } from "../plot-path.ts";
import { look, type Terminal, table } from "../terminal.ts";

interface Options {
  readonly terminal: Terminal;
  readonly json: boolean;
  readonly plot: string | undefined;
}

/** @throws SteepestError where the file is none of a probe, or there is nothing to draw. */
export async function analyzeProbeFile(file: string, { terminal, json, plot }: Options): Promise<number> {
  if (plot !== undefined) requirePlotFile(plot);
  const analysis = analyzeProbe(parseProbe(readText(file), file), file);
  const chart = chartOf(analysis);
  if (plot !== undefined) {
    if (chart === null) {
      throw new SteepestError("nothing-to-draw", "there are not two measurements of curvature to draw", {
        where: file,
        help: "call probe.measure(loss_fn, batch) in the training, or leave --plot out",
      });
    }
    await (await import("../../plot/node-save.ts")).savePlot(chart, plot);
  }
  if (json) terminal.print(JSON.stringify(analysis));
  else report(analysis, { terminal, chart, plot });
  return 0;
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    throw new SteepestError("not-readable", `the probe's file ${file} can't be read`, {
      help: "name the file that Probe(model, optimizer, PATH) writes",
      cause,
    });
  }
}

function chartOf({ stability, run, rule }: ProbeAnalysis): Chart | null {
  const points = stability.flatMap(({ step, used }) => (used === null ? [] : [{ step, used }]));
  if (points.length < 2) return null;
  return stabilityChart({
    title: `${run.optimizer}: the rate over its stability limit`,
    ...(rule !== null && { subtitle: `stable while lr < ${rule}` }),
    points,
  });
}

const percent = (share: number): string => `${showNumber(Number((100 * share).toPrecision(3)))} %`;

function report(
  analysis: ProbeAnalysis,
  {
    terminal,
    chart,
    plot,
  }: { readonly terminal: Terminal; readonly chart: Chart | null; readonly plot: string | undefined },
): void {
  const { run } = analysis;
  const { print } = terminal;
  const { bold, dim } = terminal.colors;
  const rate = run.lr === null ? "" : `, lr ${showNumber(run.lr)}`;
  print(
    `${bold(run.source)}: ${run.optimizer}${rate}, ${showNumber(run.parameters)} parameters, ${run.steps} steps`,
  );
  if (run.measurements === 0 && analysis.branches === null)
    print(dim("no curvature and no noise was measured: call probe.measure(loss_fn, batch) in the training"));
  print("");
  reportStability(analysis, terminal, chart);
  reportBranches(analysis, terminal);
  reportNoise(analysis, terminal);
  reportHealth(analysis, terminal);
  if (plot !== undefined) print(dim(`plot in ${plot}`));
}

/** Rows of the table; a long file is shown at so many places. */
const SHOWN = 8;

function reportStability(
  { stability, limit, used, rule }: ProbeAnalysis,
  terminal: Terminal,
  chart: Chart | null,
): void {
  if (stability.length === 0) return;
  const { print } = terminal;
  const { bold, dim, yellow } = terminal.colors;
  print(bold("stability limit"));
  const every = Math.ceil(stability.length / SHOWN);
  const shown = stability.filter((_, i) => (stability.length - 1 - i) % every === 0);
  const rows = shown.map((p) => [
    String(p.step),
    showNumber(p.lr),
    showNumber(p.sharpness),
    p.limit === null ? "–" : showNumber(p.limit),
    p.used === null ? "–" : percent(p.used),
  ]);
  print(table([["step", "lr", "λmax of P⁻¹H", "limit", "used"], ...rows]));
  if (rule === null) print(dim("no stability limit is proved for this optimizer"));
  if (limit !== null && used !== null) {
    const words = `lately the limit is ${showNumber(limit)} (median), and the rate is at ${percent(used)} of it`;
    print(used > 1 ? yellow(`${words}: beyond it the loss bounces along the steepest direction`) : words);
    print(dim(`stable while lr < ${rule}; on the batches that were measured`));
  }
  if (chart !== null) {
    const { width, ascii } = look(terminal);
    print(sketch(chart, { width: Math.min(width, 76), height: 8, ascii }));
  }
  print("");
}

function reportBranches({ branches }: ProbeAnalysis, { print, colors: { bold, dim } }: Terminal): void {
  if (branches === null) return;
  const { start, lower, same, higher } = branches;
  const times = showNumber(Number(APART.toPrecision(2)));
  const rows: [string, number | null][] = [
    ["none: the first weights", start],
    [`over ${times}`, lower],
    ["as it is", same],
    [`times ${times}`, higher],
  ];
  print(bold("branches"));
  print(
    table([
      ["rate", "loss at the end"],
      ...rows.map(([rate, loss]) => [rate, loss === null ? "–" : showNumber(loss)]),
    ]),
  );
  print(branchWords(branches));
  print(dim("steepest diagnose weighs this with the curve"));
  print("");
}

function reportNoise(
  { noise, criticalBatchSize, run, batches }: ProbeAnalysis,
  { print, colors: { bold, dim } }: Terminal,
): void {
  if (noise === null) return;
  const { rows, interval, measurements, steps } = noise;
  const [low, high] = interval;
  const from = `from ${measurements} measurements, steps ${steps[0]} to ${steps[1]}`;
  print(
    low === 0
      ? `${bold("gradient noise scale")}  not known yet: more measurements tell (${from})`
      : rows === null || high === null
        ? `${bold("gradient noise scale")}  at least ${showNumber(low)} rows: more measurements tell more (${from})`
        : `${bold("gradient noise scale")}  ${showNumber(rows)} rows, 95 % interval ${showNumber(low)} to ${showNumber(high)} (${from})`,
  );
  if (run.batch !== null && criticalBatchSize !== null) {
    print(
      `${bold("critical batch size")}   about ${showNumber(criticalBatchSize)}; a step has ${showNumber(run.batch)} rows`,
    );
  }
  if (batches.length > 0) {
    print("");
    print(bold("another batch"));
    const lines = batches.map((b) => [
      showNumber(b.batch),
      b.lr === null ? "–" : showNumber(b.lr),
      `× ${showNumber(Number(b.steps.toPrecision(3)))}`,
      `× ${showNumber(Number((b.steps * b.factor).toPrecision(3)))}`,
    ]);
    print(table([["rows", "lr", "steps", "rows in all"], ...lines]));
    print(
      dim(
        "to the same loss, at the noise measured here (McCandlish et al. 2018); it grows as training goes on",
      ),
    );
  }
  print("");
}

function reportHealth(
  { clipped, skipped, updates, deadUnits, nonFinite }: ProbeAnalysis,
  { print, colors: { bold, red } }: Terminal,
): void {
  if (nonFinite !== null)
    print(red(`step ${nonFinite.step}: the ${nonFinite.what} of ${nonFinite.where} is not finite`));
  for (const { group, ratio, effectiveLr } of updates) {
    const effective = effectiveLr === null ? "" : `, effective rate ${showNumber(effectiveLr)}`;
    print(`${bold("update")} of group ${group}: ${showNumber(ratio)} of its weights a step${effective}`);
  }
  if (clipped !== null) print(`${bold("clipped")} ${percent(clipped)} of the steps`);
  if (skipped > 0) print(`${bold("skipped")} ${skipped} steps for an overflow of half precision`);
  if (deadUnits !== null) print(`${bold("dead units")} ${percent(deadUnits)}`);
}
