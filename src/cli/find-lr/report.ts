/** What `steepest find-lr` prints: the rate or the refusal, how sure it is and why, a sketch, other tools' picks. */
import type { Chart } from "../../plot/chart.ts";
import { sketch } from "../../plot/sketch.ts";
import { showNumber } from "../../run/show-number.ts";
import { rules } from "../../tune/find-lr/other-tools.ts";
import type { Confidence, FindLrResult } from "../../tune/find-lr/types.ts";
import { look, type Terminal, table } from "../terminal.ts";

interface ReportOptions {
  readonly chart: Chart;
  readonly terminal: Terminal;
  /** As the user named it. */
  readonly file: string;
  readonly plot: string | undefined;
}

const SURE: Readonly<Record<Confidence, string>> = {
  high: "sure",
  moderate: "fairly sure: one thing speaks against it",
  low: "unsure: several things speak against it; try it and one a third as large",
};

export function reportFindLr(result: FindLrResult, { chart, terminal, file, plot }: ReportOptions): void {
  const { suggestion, reason } = result;
  const { bold, dim, red } = terminal.colors;
  const { width, ascii } = look(terminal);
  if (suggestion === null) {
    terminal.print(`${bold(red("no learning rate suggested"))} (${result.refusal})`);
    terminal.print(reason);
  } else reportRate(result, suggestion, terminal);
  if (chart.panels.length > 0) {
    terminal.print(
      `\n${sketch({ ...chart, panels: [sketched(chart)] }, { width: Math.min(width, 100), ascii })}\n`,
    );
  }
  if (result.curve.length > 0) reportOtherTools(result, terminal);
  if (plot !== undefined) terminal.print(dim(`plot in ${plot}`));
  if (suggestion !== null) terminal.print(`use it: steepest train ${file} --optimizer.lr ${suggestion}`);
}

function reportRate(result: FindLrResult, suggestion: number, terminal: Terminal): void {
  const { reason, spread, confidence, checks, scheduleFactor, cost, best } = result;
  const { bold, green, yellow } = terminal.colors;
  const [yes, no] = look(terminal).ascii ? ["+", "-"] : ["✓", "✗"];
  const between =
    spread === null ? "" : ` (the best lies between ${showNumber(spread[0])} and ${showNumber(spread[1])})`;
  terminal.print(`learning rate ${bold(showNumber(suggestion))}${between}`);
  terminal.print((confidence === "high" ? green : yellow)(SURE[confidence!]));
  terminal.print(`  ${green(yes)} ${reason}`);
  for (const c of checks) terminal.print(`  ${c.ok ? green(yes) : yellow(no)} ${c.text}`);
  if (best.validation !== null && best.training !== null && best.validation !== best.training) {
    terminal.print(
      `after ${result.shortRuns.steps} steps the held-out loss is lowest at ${showNumber(best.validation)}, the training loss at ${showNumber(best.training)}`,
    );
  }
  if (scheduleFactor === null) {
    terminal.print("the schedule sets rates of its own: make this its highest rate");
  } else if (Math.abs(scheduleFactor - 1) > 0.01) {
    terminal.print(
      `the schedule peaks at ${showNumber(scheduleFactor)} × lr: steps reach ${showNumber(suggestion * scheduleFactor)}`,
    );
  }
  terminal.print(`cost: ${showNumber(cost)} trainings`);
}

function reportOtherTools(result: FindLrResult, terminal: Terminal): void {
  const { dim } = terminal.colors;
  const picks = rules.map(({ id, title }): string[] => {
    const lr = result.rules[id]?.lr ?? null;
    return ["  ", title, lr === null ? "nothing" : showNumber(lr)];
  });
  terminal.print(dim("what other tools would read from the range test"));
  terminal.print(dim(table(picks)));
}

/** The sweep without the ticks of other tools: they stand in the table. */
function sketched({ panels: [first] }: Chart): Chart["panels"][number] {
  return { ...first!, rules: (first!.rules ?? []).filter((r) => !r.tick) };
}
