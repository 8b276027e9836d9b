/** A comparison in words: the table, what the difference is worth, the guide, a sketch for each optimizer. */
import { relative } from "node:path";
import { lossByRateChart, sketch } from "../../plot/index.ts";
import { showNumber } from "../../run/show-number.ts";
import { raceWords } from "../../tune/compare/race-words.ts";
import type { Mean } from "../../tune/compare/student-t.ts";
import { type ContestantResult, type Judgement, triedSpan } from "../../tune/compare/summary.ts";
import { showSeconds, type Terminal, table } from "../terminal.ts";
import type { CompareDocument } from "./document.ts";
import { rateMap } from "./draw.ts";

const SKETCH = { width: 64, height: 6 } as const;

export function reportComparison(record: CompareDocument, terminal: Terminal): void {
  const { bold, dim } = terminal.colors;
  const { run, rankedBy, seeds, start, contestants, judgement, race, advice, target } = record;
  const { print } = terminal;
  print(
    `${bold(run.name)}: ${run.steps} steps in batches of ${run.batchSize}, schedule ${run.schedule}, ` +
      `${seeds.length === 1 ? `seed ${seeds[0]}` : `seeds ${seeds[0]}–${seeds.at(-1)}`}; ${rankedBy} loss at the start ${showNumber(start)}`,
  );
  print("");
  print(table(rows(record)));
  print("");
  for (const note of notes(record)) print(note);
  print("");
  if (judgement !== null)
    print(`${bold("difference")}  ${difference(judgement, { rankedBy, judged: race !== null })}`);
  if (race !== null)
    print(`${bold("steps")}       ${raceWords(race, target!.loss).join(`\n${" ".repeat(12)}`)}`);
  print(`${bold("guide")}       ${advice.optimizer}; ${advice.reason}`);
  print(`            ${advice.measured.text}`);
  if (target !== null && contestants.every((c) => c.toTarget === null)) {
    print(`${bold("target")}      ${neverReached(record)}`);
  }
  if (contestants.every((c) => c.best === null)) {
    print("");
    print(`${bold("every run diverged")}: ${allDiverged(record)}`);
  }
  print("");
  print(sketches(record));
  const shown = relative(process.cwd(), record.folder) || ".";
  print(dim(`${spent(record)}, in ${showSeconds(record.seconds)} with ${record.jobs} at a time`));
  print(dim(`files in ${shown}: compare.json, cells.jsonl, heat-map and loss-by-rate as .svg and .png`));
}

const three = (x: number): string => showNumber(Number(x.toPrecision(3)));

/** "searches as long as 7.5 runs, and 42 runs, 42 of them now" and what a grid would have cost. */
function spent({ searchCost, cells, cost }: CompareDocument): string {
  const runs = `${cells.total} runs, ${cells.ran} of them now`;
  if (cost.grid === null) return runs;
  return `searches as long as ${three(searchCost)} runs, and ${runs}: ${three(cost.trainings)} together, where a grid of the same rates and seeds costs ${three(cost.grid)}`;
}

function rows({ contestants, rankedBy, target }: CompareDocument): string[][] {
  const head = ["optimizer", "best rate", `final ${rankedBy} loss`, "lowest"];
  if (rankedBy === "validation") head.push("training");
  if (target !== null) head.push(`steps to ${showNumber(target.loss)}`, "seconds");
  head.push("diverges from", "sensitivity");
  return [head, ...contestants.map((c) => row(c, { rankedBy, timed: target !== null }))];
}

function row(c: ContestantResult, { rankedBy, timed }: { rankedBy: string; timed: boolean }): string[] {
  const { best, toTarget } = c;
  const cells = [c.label];
  if (best === null) cells.push("none", "diverged", "–");
  else
    cells.push(
      `${showNumber(best.lr)}${best.atEdge ? " (edge)" : ""}`,
      showMean(best.final),
      showMean(best.lowest),
    );
  if (rankedBy === "validation") cells.push(best === null ? "–" : showMean(best.training));
  if (timed) {
    if (toTarget === null) cells.push("not reached", "–");
    else {
      const elsewhere = toTarget.lr === best?.lr ? "" : ` (at ${showNumber(toTarget.lr)})`;
      cells.push(`${Math.round(toTarget.steps.mean)}${elsewhere}`, showSmall(toTarget.seconds));
    }
  }
  cells.push(
    c.divergesFrom === null ? `not up to ${showNumber(triedSpan(c)[1])}` : showNumber(c.divergesFrom),
  );
  cells.push(
    c.sensitivity === null ? "–" : `${showNumber(c.sensitivity.value)}${c.sensitivity.cut ? " (part)" : ""}`,
  );
  return cells;
}

const showSmall = (seconds: number): string => (seconds < 1 ? seconds.toPrecision(2) : showNumber(seconds));

/** 0.213 ± 0.004: as many digits as the error has meaning for. */
export function showMean({ mean, se }: Mean): string {
  if (se === null) return showNumber(mean);
  const size = Math.abs(mean);
  if (se === 0 || (size !== 0 && (size < 1e-3 || size >= 1e4)))
    return `${showNumber(mean)} ± ${showNumber(se)}`;
  const digits = Math.max(0, Math.min(6, 1 - Math.floor(Math.log10(se))));
  return `${mean.toFixed(digits)} ± ${se.toFixed(digits)}`;
}

/** What the columns mean, and what is worth knowing about the numbers in them. */
function notes({
  rankedBy,
  seeds,
  window,
  target,
  race,
  halved,
  contestants,
  cells,
  bounds,
  sensitivityFactor,
}: CompareDocument): string[] {
  const lines: string[] = [];
  const spread = seeds.length === 1 ? "" : ", mean ± standard error over the seeds";
  const averaged = window === 1 ? "of the last step" : `mean of the last ${window} steps`;
  lines.push(
    rankedBy === "validation"
      ? `Ranked by the final validation loss${spread}; training: ${averaged}.`
      : `Ranked by the final training loss (there are no validation rows): ${averaged}${spread}.`,
  );
  if (target !== null && target.by !== "given") {
    const who =
      target.by === "best"
        ? "the best optimizer"
        : "every optimizer that got at least half as far as the best";
    lines.push(`Target ${showNumber(target.loss)}: ${who} reached it with every seed.`);
  }
  const part = contestants.some((c) => c.sensitivity?.cut)
    ? "; (part): the rates tried cover only part of that"
    : "";
  lines.push(
    `Sensitivity: mean excess over the least loss within a factor of ${showNumber(sensitivityFactor)} of the best rate, small is forgiving${part}.`,
  );
  if (seeds.length > 1 && bounds !== null)
    lines.push("Rates a factor of 4 and more from the best: the first seed alone.");
  const diverged = cells.nonFinite + cells.risen;
  if (halved !== null) {
    lines.push(
      `One seed tried the rates. ${halved.by === "steps" ? "By steps to the target" : "Nobody reached the target with it, so by the final loss"}, ${halved.seeds} further seeds chose among those of all optimizers, in ${halved.trainings} runs.`,
    );
  }
  const judged = cells.total - (race?.trainings ?? 0) - (halved?.trainings ?? 0);
  if (diverged > 0) {
    lines.push(
      `${diverged} of ${judged} runs diverged: ${cells.nonFinite} to NaN or infinity, ${cells.risen} to a training loss above the start.`,
    );
  }
  if (cells.overfitted > 0) {
    lines.push(
      `${cells.overfitted} of ${judged} runs overfitted: the validation loss ended above its start while the training loss fell. They count; fewer --steps, a lower rate or weight decay may help.`,
    );
  }
  for (const { label, search } of contestants) {
    if (search?.alive && search.refusal !== null) lines.push(`${label}: ${search.reason}.`);
  }
  for (const { label, best } of contestants) {
    if (!best?.atEdge) continue;
    const why =
      bounds === null
        ? "a better one may lie beyond: widen --rates"
        : bounds.includes(best.lr)
          ? "at the end of its range: widen --rates"
          : "a better one may lie beyond: more --total looks further";
    lines.push(
      `${label}: the best rate is the ${best.atEdge === "low" ? "least" : "greatest"} tried; ${why}.`,
    );
  }
  return lines;
}

function difference(
  { first, second, difference: d, margin, clear }: Judgement,
  { rankedBy, judged }: { rankedBy: string; judged: boolean },
): string {
  const lead = `${first} ends ${showNumber(d)} below ${second} (${rankedBy} loss)`;
  if (margin === null)
    return `${lead}; one seed can't tell whether by luck${judged ? "" : ": use --seeds 3"}`;
  const interval = `± ${showNumber(margin)}, 95 % interval of the paired seeds`;
  return clear
    ? `${lead}, ${interval}: larger than the seeds' noise`
    : `${lead}, ${interval}: not larger than the seeds' noise; more --seeds could tell`;
}

function neverReached({ target, contestants, rankedBy }: CompareDocument): string {
  const lowest = contestants
    .filter((c) => c.best)
    .sort((a, b) => a.best!.lowest.mean - b.best!.lowest.mean)[0];
  const lowestText = lowest
    ? `; the lowest ${rankedBy} loss was ${showNumber(lowest.best!.lowest.mean)} (${lowest.label})`
    : "";
  return `no optimizer reached ${showNumber(target!.loss)} with every seed${lowestText}. Give a higher --target or more --steps`;
}

function allDiverged({ contestants }: CompareDocument): string {
  const rates = contestants.flatMap(triedSpan);
  const tried = `rates from ${showNumber(Math.min(...rates))} to ${showNumber(Math.max(...rates))} were tried`;
  return `${tried}. Try lower --rates, clip the gradient (--clip.globalNorm 1), or look for extreme values in the data (standardize)`;
}

function sketches(record: CompareDocument): string {
  const map = rateMap(record);
  return map.rows
    .map((one) => {
      const [panel] = lossByRateChart({ ...map, rows: [one] }, { start: record.start }).panels;
      return `${one.label}\n${sketch({ title: one.label, panels: [panel!] }, SKETCH)}\n`;
    })
    .join("\n");
}
