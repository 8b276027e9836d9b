/** Templates → what each line form means: its clock, its curves, or the phase it opens. */
import { normalise } from "../columns.ts";
import type { ReadOptions } from "../types.ts";
import { behaviourOf } from "./behaviour.ts";
import { type Counters, chooseCounters, counterScore, type Judged, NO_COUNTERS } from "./counters.ts";
import { crossedNames } from "./crossed.ts";
import { type Curve, curve, curvesOf, isCounterLike } from "./curves.ts";
import { isEchoed } from "./echo.ts";
import { behindFront, forgetFront } from "./front.ts";
import { headerNames } from "./header.ts";
import { labelSlots } from "./labels.ts";
import { phaseOf } from "./phase.ts";
import type { Slot } from "./slots.ts";
import type { Template } from "./template.ts";
import { NUMBER, WORD } from "./tokens.ts";
import { type SlotMeaning, slotMeaning } from "./words.ts";

export interface LinePlan {
  readonly template: Template;
  counters: Counters;
  /** Before a counter was taken for an evaluation's own. */
  readonly chosen: Counters;
  stepTotal: number;
  /** The length of an epoch, where other lines show it and this one counts within epochs without it; 0. */
  perEpoch: number;
  curves: Curve[];
  readonly rank: number;
  /** Held-out data (true) or training (false) from here on. */
  phase: boolean | null;
  /** A training's summary: facts, no points. */
  readonly summary: boolean;
  /** Its loss, validation or accuracy makes it a row. */
  telling: boolean;
  /** `{'loss': …}` as Python prints it. */
  readonly dictionary: boolean;
  /** It says nothing of its own place, and belongs to the counter that follows. */
  pending: boolean;
  /** A batch of an evaluation: the last one before training goes on is the evaluation's result. */
  partial: boolean;
  /** Its lines come several times each with the same numbers: several ranks print it, or a bar is drawn again. */
  readonly echoed: boolean;
  /** One even count over the whole log, in more lines than there are evaluations: never one of them. */
  trains: boolean;
  /** Its step is named, or printed as n/N or [n]: without a measurement it still says where the run is. */
  readonly clocks: boolean;
  readonly judged: readonly Judged[];
}

/** It prints the training's loss. */
export const isData = (plan: LinePlan): boolean =>
  plan.telling && plan.curves.some((c) => c.role === "loss" && !c.nameless);

/** "Validating: 3/17" without a measurement: an evaluation's bar. */
function countsHeldOut(
  judged: readonly Judged[],
  { step, epoch }: Counters,
  curves: readonly Curve[],
): boolean {
  const { slot } = judged[step]!;
  return epoch < 0 && slot.total >= 0 && slot.held === true && !curves.some((c) => TELLING.has(c.role));
}

function isClock({ slot, meaning }: Judged): boolean {
  return meaning.role === "step" || slot.total >= 0 || slot.bracketed;
}

const TELLING = new Set([
  "loss",
  "lr",
  "gradNorm",
  "validation",
  "accuracy",
  "validationAccuracy",
  "lossScale",
  "skipped",
  "nanCount",
  "perplexity",
  "score",
]);
/** One template by itself. */
export function planTemplate(
  template: Template,
  options: ReadOptions,
  { inherited = null, front }: { inherited?: (string | null)[] | null; front: ReadonlySet<string> },
): LinePlan {
  const labelled = labelSlots(template.line, template.pieces);
  const words = behindFront(labelled.words, front);
  forgetFront(labelled.slots, words, front);
  const headers = inherited ?? headerNames(template, labelled.slots);
  const crossed = crossedNames(template, labelled.slots, headers);
  const judged: Judged[] = labelled.slots.map((slot) => {
    const own = slot.label !== "" ? slot.label : (headers?.[slot.index] ?? unitWord(template, slot));
    const name = crossed?.[slot.index] ?? own;
    const meaning = wantedMeaning(name, options) ?? inLine(name, template, slot);
    const one = { slot, name, meaning, behaviour: behaviourOf(template.columns[slot.index]!) };
    return { ...one, counts: counterScore(one, template) };
  });
  nameBehindCounter(judged, template);
  const chosen = chooseCounters(judged, template, options.step);
  const counters = ownCounters(chosen, judged);
  const pair = ["train", "val"].map((word) =>
    judged.find((j) => normalise(j.name).replace(/^valid$/, "val") === word),
  );
  const sizes = pair.every((j) => j?.behaviour.integer === true && j.slot.unit === "");
  if (pair[0] && pair[1] && (sizes || judged.some((j) => j.meaning.role === "loss")))
    judged[judged.indexOf(pair[1])] = { ...pair[1], meaning: { role: "other", rank: 0 } };
  const summary = judged.some((j) => normalise(j.name) === "train_runtime");
  const curves = curvesOf(judged, counters).map((c) =>
    labelled.slots[c.column]!.label === "" && /^(?:loss|validation)$/.test(c.role)
      ? { ...c, parts: listBehind(template, labelled.slots, c.column) }
      : c,
  );
  const plan: LinePlan = {
    template,
    counters,
    chosen,
    stepTotal: counters.step >= 0 ? judged[counters.step]!.slot.total : -1,
    perEpoch: 0,
    curves,
    rank:
      judged.find(
        (j) =>
          j.meaning.role === "rank" && j.slot.unit === "" && j.behaviour.integer && !j.behaviour.constant,
      )?.slot.index ?? -1,
    phase: null,
    summary,
    telling: curves.some((c) => TELLING.has(c.role)),
    dictionary: /\{\s*'/.test(template.line),
    pending: false,
    trains: false,
    partial: counters !== chosen,
    echoed: counters.step >= 0 || isEchoed(template),
    clocks:
      counters.step < 0 || (isClock(judged[counters.step]!) && !countsHeldOut(judged, counters, curves)),
    judged,
  };
  if (isSettings(plan)) {
    plan.telling = false;
    plan.counters = NO_COUNTERS;
  } else if (!plan.telling) plan.phase = phaseOf(template.line, { ...labelled, words }, judged, counters);
  return plan;
}

/** `[1.2e-2, 5.6e-1]`: the numbers of a list behind its first. */
function listBehind({ pieces }: Template, slots: readonly Slot[], first: number): number[] {
  const parts: number[] = [];
  if (pieces[slots[first]!.piece - 1]?.text !== "[") return parts;
  for (const slot of slots.slice(first + 1)) {
    if (pieces[slot.piece - 1]?.text !== ",") break;
    parts.push(slot.index);
  }
  return parts;
}

/** "Train loss 12 2.31": what counts behind the name is the step, and the number behind that has the name. */
function nameBehindCounter(judged: Judged[], template: Template): void {
  for (let i = 0; i + 1 < judged.length; i++) {
    const [own, next] = [judged[i]!, judged[i + 1]!];
    const adjacent = next.slot.piece === own.slot.piece + 1 && !next.slot.aside && !next.slot.isTotal;
    if (own.meaning.role !== "loss" || next.name !== "" || !adjacent || !isCounterLike(own)) continue;
    const counter = { ...own, name: "", meaning: slotMeaning("") };
    judged[i] = { ...counter, counts: counterScore(counter, template) };
    judged[i + 1] = { ...next, name: own.name, meaning: own.meaning, counts: null };
  }
}

/** So many pairs on one line are options, printed at each start, and so are fewer in `Namespace(lr=0.1, seed=3, …)`. */
export const hasManyPairs = ({ judged, template }: LinePlan): boolean =>
  judged.length >= 8 || (judged.length >= 3 && isCall(template));

/** A word, and all that follows in brackets, in pairs. */
function isCall({ pieces }: Template): boolean {
  const open = pieces.findIndex((p) => p.text === "(");
  const [name, first, is] = [pieces[open - 1], pieces[open + 1], pieces[open + 2]];
  return (
    name?.kind === WORD &&
    name.end === pieces[open]!.start &&
    first?.kind === WORD &&
    is?.text === "=" &&
    pieces.at(-1)?.text === ")"
  );
}

/** Many pairs without a measurement or a step: the options a program was started with. */
function isSettings(plan: LinePlan): boolean {
  const { judged, curves, counters } = plan;
  const advances = (slot: number): boolean => slot >= 0 && !judged[slot]!.behaviour.constant;
  const { n = 0, even = 0, stays = 1 } = judged[counters.epoch]?.behaviour ?? {};
  return (
    hasManyPairs(plan) &&
    !advances(counters.step) &&
    !(advances(counters.epoch) && n >= 8 && even > 0.9 && stays < 0.5) &&
    curves.every((c) => !TELLING.has(c.role) || c.role === "lr" || c.role === "lossScale")
  );
}

/** "10925/8489 tok/s": what is behind a number without a name, when that says speed or time. */
function unitWord(template: Template, slot: Slot): string {
  const { pieces } = template;
  let at = slot.piece + 1;
  if (pieces[at]?.text === "/" && pieces[at + 1]?.kind === NUMBER) at += 2;
  const word = pieces[at];
  if (word?.kind !== WORD || word.start - pieces[at - 1]!.end > 1) return "";
  const { role } = slotMeaning(word.text);
  return role === "time" || role === "throughput" ? word.text : "";
}

/** Words for a learning rate that stand for other things where the number is no fraction. */
const isRateWord = (name: string): boolean => /^(?:rate|alpha|step[ _-]?size)$/i.test(name) || name === "eta";

/** "eta: 0.53", then 0.52, 0.5: hours that are left. A rate that goes on changing is printed with more digits. */
function isHours(name: string, { columns }: Template, { index }: Slot): boolean {
  if (name !== "eta") return false;
  const column = columns[index]!;
  const values = new Set(Array.from({ length: Math.min(column.length, 200) }, (_, i) => column.at(i)));
  return values.size >= 5 && [...values].every((v) => Math.abs(v * 100 - Math.round(v * 100)) < 1e-9);
}

/** What the line makes of a name: a "cost" or an "epoch" in seconds is a time, "Process 100/900" no rank, 0.01 "rate" a learning rate. */
function inLine(name: string, template: Template, slot: Slot): SlotMeaning {
  const meaning = slotMeaning(name);
  if (meaning.role === "rank" && slot.total >= 0) return { role: "other", rank: 0 };
  if (slot.total >= 0 && slot.label.includes("/") && meaning.role === "size")
    return slotMeaning(slot.label.slice(0, slot.label.indexOf("/"))); // 'global_step/max_steps': '10/5000'
  const rate = isRateWord(name) && slot.unit === "" && template.rows > 1;
  if (rate && template.columns[slot.index]!.at(0) < 1 && !isHours(name, template, slot))
    return { role: "lr", rank: 90 };
  if (!/^(?:loss|epoch|step)$/.test(meaning.role)) return meaning;
  const next = template.pieces[slot.piece + 1];
  const word =
    slot.unit !== ""
      ? slot.unit
      : next?.kind === WORD && next.start - template.pieces[slot.piece]!.end <= 1
        ? next.text
        : "";
  return /^(?:s|ms|us|sec|secs|seconds|min|minutes|h|hours)$/i.test(word)
    ? { role: "time", rank: 0 }
    : meaning;
}

/** A batch counter of an evaluation is not the training's clock. */
function ownCounters(counters: Counters, judged: readonly Judged[]): Counters {
  const curves = judged.filter(
    (j) =>
      /^(?:loss|validation|accuracy|validationAccuracy)$/.test(j.meaning.role) &&
      !j.slot.aside &&
      !j.slot.isTotal,
  );
  const heldOnly =
    curves.length > 0 && curves.every((j) => j.slot.held === true || /^validation/.test(j.meaning.role));
  const step = judged[counters.step];
  if (!heldOnly || !step || counters.epoch >= 0) return counters;
  const foreign =
    step.meaning.role !== "step" ||
    (step.behaviour.falls > 0 && step.behaviour.falls * 20 > step.behaviour.n);
  return foreign ? NO_COUNTERS : counters;
}

function wantedMeaning(name: string, options: ReadOptions): SlotMeaning | null {
  const is = (wanted: string | undefined): boolean =>
    wanted !== undefined && name !== "" && (wanted === name || normalise(wanted) === normalise(name));
  if (is(options.loss)) return { role: "loss", rank: -1 };
  if (is(options.lr)) return { role: "lr", rank: -1 };
  return is(options.step) ? { role: "step", rank: -1 } : null;
}

/** The loss of a line that begins with a held-out accuracy, where the log has training lines beside it. */
export function holdOut(plan: LinePlan): void {
  plan.curves = plan.curves.map((c) =>
    c.role === "loss" && plan.judged[c.column]!.slot.afterHeld
      ? curve(plan.judged[c.column]!, c.label, plan.judged[c.column]!.meaning, true, plan.judged)
      : c,
  );
}
