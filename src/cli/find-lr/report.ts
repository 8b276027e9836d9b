/** What `steepest find-lr` prints: the rate or the refusal, how sure it is and why, a sketch, other tools' picks. */
import type { Chart } from "../../plot/chart.ts";
import { sketch } from "../../plot/sketch.ts";
import { rules } from "../../tune/find-lr/other-tools.ts";
import type { Confidence, FindLrResult } from "../../tune/find-lr/types.ts";
import { look, showNumber, type Terminal, table } from "../terminal.ts";

interface ReportOptions {
  readonly chart: Chart;
  readonly terminal: Terminal;
  /** As the user named it. */
  readonly file: string;
  readonly plot: string | undefined;
}

const SURE: Readonly<Record<Confidence, string>> = {
  high: "sure: everything measured agrees",
  moderate: "fairly sure: one thing disagrees",
  low: "unsure: the measurements disagree; try it and one a third as large",
};

export function reportFindLr(result: FindLrResult, { chart, terminal, file, plot }: ReportOptions): void {
  const { suggestion, reason, spread, confidence, checks, scheduleFactor } = result;
  const { bold, dim, green, yellow, red } = terminal.colors;
  const { width, ascii } = look(terminal);
  const [yes, no] = ascii ? ["+", "-"] : ["✓", "✗"];
  if (suggestion === null) {
    terminal.print(`${bold(red("no learning rate suggested"))} (${result.refusal})`);
    terminal.print(reason);
  } else {
    const over =
      spread && spread[0] < spread[1]
        ? ` (${showNumber(spread[0])} to ${showNumber(spread[1])} over ${result.seeds.length} seeds)`
        : "";
    terminal.print(`learning rate ${bold(showNumber(suggestion))}${over}`);
    terminal.print(`${(confidence === "high" ? green : yellow)(SURE[confidence!])}`);
    terminal.print(`  ${green(yes)} ${reason}`);
    for (const c of checks) terminal.print(`  ${c.ok ? green(yes) : yellow(no)} ${c.text}`);
    if (scheduleFactor === null)
      terminal.print("the schedule sets rates of its own: make this its highest rate");
    else if (Math.abs(scheduleFactor - 1) > 0.01)
      terminal.print(
        `the schedule peaks at ${showNumber(scheduleFactor)} × lr: steps reach ${showNumber(suggestion * scheduleFactor)}`,
      );
  }
  terminal.print(
    `\n${sketch({ ...chart, panels: [sketched(chart)] }, { width: Math.min(width, 100), ascii })}\n`,
  );
  const picks = rules.flatMap(({ id, title }): string[][] => {
    const { lr, spread: s } = result.rules[id] ?? { lr: null, spread: null };
    if (lr === null || s === null) return [[title, "nothing"]];
    return [[title, showNumber(lr), s[0] < s[1] ? `${showNumber(s[0])} to ${showNumber(s[1])}` : ""]];
  });
  terminal.print(dim("what other tools would read from this sweep"));
  terminal.print(dim(table(picks.map((row) => ["  ", ...row]))));
  if (plot !== undefined) terminal.print(dim(`plot in ${plot}`));
  if (suggestion !== null) terminal.print(`use it: steepest train ${file} --optimizer.lr ${suggestion}`);
}

/** The sweep without the ticks of other tools: they stand in the table. */
function sketched({ panels: [first] }: Chart): Chart["panels"][number] {
  return { ...first!, rules: (first!.rules ?? []).filter((r) => !r.tick) };
}
