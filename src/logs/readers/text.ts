/**
 * Console output of any program: the line forms it prints again and again are found, their numbers named and judged
 * by what they do, and the lines read as rows of curves.
 */
import { SteepestError } from "../../run/errors.ts";
import type { RunLog } from "../../run/log.ts";
import { createUtf8Stream } from "../encoding.ts";
import { type FinishOptions, finishRuns, listNames, missingName } from "../finish.ts";
import { createLineCutter } from "../lines.ts";
import { Recorder } from "../recorder.ts";
import { countsAcross } from "../text/across.ts";
import { auditOf } from "../text/audit.ts";
import { type Decision, decide } from "../text/decide.ts";
import { createMiner, type Miner } from "../text/miner.ts";
import { readingOf } from "../text/reading.ts";
import { startForms } from "../text/starts.ts";
import type { Order } from "../text/store.ts";
import type { Template } from "../text/template.ts";
import { voicesOf } from "../text/voices.ts";
import { createWalker, type Walker } from "../text/walker.ts";
import { DEFAULT_POINTS, type Format, type FormatReader, type Head, type ReadOptions } from "../types.ts";

/** Numbers kept before the line forms found so far are settled and the rest is read by them: 96 MB. */
const SETTLE_AT = 12_000_000;

interface Replayed {
  readonly decision: Decision;
  readonly recorder: Recorder;
  /** Stands behind the last line, and goes on from there. */
  readonly walker: Walker;
}

function createText(options: ReadOptions, head: Head): FormatReader {
  const miner = createMiner({ decimalComma: hasDecimalComma(head.text) });
  const utf8 = createUtf8Stream();
  /** Line forms with numbers that first came after the settling. */
  const late = new Set<number>();
  let settled: Replayed | null = null;
  let cached: (Replayed & { lines: number }) | null = null;

  /** Everything read so far, by what it shows as a whole. */
  const replay = (last = false): Replayed => {
    if (settled) return settled;
    if (cached && cached.lines === miner.order.length) return cached;
    const decision = decide(miner.templates.values(), options);
    const recorder = new Recorder(options.maxPoints ?? DEFAULT_POINTS);
    const rowOf = rowsOf(miner.order);
    const shown = {
      starts: startForms(miner.order, miner.templates, decision.plans),
      across: countsAcross(miner.order, rowOf, decision.plans),
    };
    let walker = createWalker(decision, recorder, shown);
    const voices = last ? null : voicesOf(miner.order, rowOf, decision.plans);
    const walk = lineByLine(miner, rowOf);
    if (!voices) for (let i = 0; i < miner.order.length; i++) walk(i, walker);
    for (const voice of voices ?? []) {
      walker.end();
      recorder.begin(voice.name);
      walker = createWalker(decision, recorder, shown);
      for (const i of voice.lines) walk(i, walker);
    }
    walker.end();
    for (const note of decision.notes) recorder.note(note.id, note.text);
    cached = { lines: miner.order.length, decision, recorder, walker };
    return cached;
  };

  const settle = (): void => {
    settled = replay(true);
    const { decision, walker } = settled;
    cached = null;
    for (const { template } of decision.plans.values()) for (const column of template.columns) column.clear();
    miner.order.clear();
    miner.sink = (template, at) => {
      if (!decision.plans.has(template.id) && template.columns.length > 0) late.add(template.id);
      walker.line(template.id, at);
    };
  };

  const cutter = createLineCutter(
    (block) => {
      miner.block(block);
      if (!settled && miner.held > SETTLE_AT) settle();
    },
    { carriageReturns: true },
  );

  return {
    push: (bytes) => cutter.push(utf8.push(bytes)),
    logs(final) {
      if (final) {
        cutter.push(utf8.end());
        cutter.end();
      }
      const { decision, recorder } = replay();
      if (final) noteOmissions(recorder, miner.long + cutter.dropped, late.size);
      if (final) requireStep(decision, options);
      const logs = finishRuns(recorder, {
        final,
        format: decision.dictionary ? "hf-trainer" : "text",
        options,
        meanings: decision.meanings,
        reading: readingOf(decision),
        objective: decision.objective,
        doubt: doubtOf(decision, recorder, miner.order, options),
      });
      if (final) requireMetrics(logs, decision, options);
      return logs;
    },
  };
}

/** What is odd in the log as a whole, by its lines and by what became of them. */
function doubtOf(
  decision: Decision,
  recorder: Recorder,
  order: Order,
  { step }: ReadOptions,
): NonNullable<FinishOptions["doubt"]> {
  return (logs, points) => {
    const leftOut = recorder.leftOut + recorder.echoed;
    const { plans, doubt } = decision;
    return doubt ?? auditOf(logs, { step, plans, order, rowOf: () => rowsOf(order), leftOut, points });
  };
}

/** Hands the log's lines over with their numbers; nothing is made for each of them. */
function lineByLine({ order, templates }: Miner, rowOf: Uint32Array): (i: number, walker: Walker) => void {
  let columns: Template["columns"] = [];
  let row = 0;
  const at = (column: number): number => columns[column]!.at(row);
  return (i, walker) => {
    const id = order.at(i);
    const template = templates.get(id);
    if (!template) return;
    columns = template.columns;
    row = rowOf[i]!;
    walker.line(id, at);
  };
}

/** Which line of its form each line is. */
function rowsOf(order: Order): Uint32Array {
  const seen = new Map<number, number>();
  const rows = new Uint32Array(order.length);
  for (let i = 0; i < rows.length; i++) {
    const id = order.at(i);
    const row = seen.get(id) ?? 0;
    rows[i] = row;
    seen.set(id, row + 1);
  }
  return rows;
}

function noteOmissions(recorder: Recorder, long: number, late: number): void {
  if (long > 0) recorder.note("long-lines", `${long} lines longer than 64 kB were left out`);
  if (late > 0)
    recorder.note(
      "late-forms",
      `after ${SETTLE_AT / 1e6} million numbers the lines' forms are settled: ${late} later ones are not read; cut the log to read them`,
    );
}

function requireStep(decision: Decision, options: ReadOptions): void {
  if (options.step === undefined) return;
  const names = [...decision.plans.values()]
    .flatMap((p) => p.judged.map((j) => j.name))
    .filter((n) => n !== "");
  const wanted = options.step.toLowerCase();
  if (!names.some((name) => name.toLowerCase() === wanted))
    throw missingName("step", options.step, [...new Set(names)], options.source);
}

function requireMetrics(logs: readonly RunLog[], decision: Decision, options: ReadOptions): void {
  if (logs.length > 0) return;
  const names = new Set(
    [...decision.plans.values()]
      .filter((p) => p.template.rows >= 3)
      .flatMap((p) => p.curves.filter((c) => !c.nameless && !c.behaviour.constant).map((c) => c.name)),
  );
  throw new SteepestError("no-metrics", "no training metrics are found in this text", {
    where: options.source,
    help:
      names.size > 0
        ? `none of its numbers is called a loss: ${listNames([...names])}; --loss names the one to read`
        : "a line should name its numbers, like `step 10 loss 2.3 lr 1e-3`; a table needs a header; a loss with an unusual name is named with --loss",
  });
}

/** "2,5" can only be two and a half where three digits don't follow, or a zero stands before. */
function hasDecimalComma(text: string): boolean {
  const timeless = text.replace(/\d+:\d\d(?::\d\d)?[.,]?\d*/g, " ");
  const commas = timeless.match(/(?<![\d.,[(])(?:0,\d{3,}|\d+,(?:\d{1,2}|\d{4,}))(?![\d.,])/g)?.length ?? 0;
  const points = timeless.match(/(?<![\d.,])\d+\.\d+(?![\d.])/g)?.length ?? 0;
  return commas >= 2 && commas * 2 >= points;
}

export const text: Format = {
  name: "text",
  about: "console output of any form",
  detect: () => true,
  make: createText,
};
