/** Templates → what each line form means: its clock, its curves, or the phase it opens. */
import type { Meaning } from "../columns.ts";
import { normalise, speaksOfTraining, speaksOfValidation } from "../columns.ts";
import type { ReadOptions } from "../types.ts";
import { type Behaviour, behaviourOf } from "./behaviour.ts";
import { type Counters, chooseCounters, counterScore, type Judged } from "./counters.ts";
import { headerNames } from "./header.ts";
import { type Labelled, labelSlots, type Slot } from "./labels.ts";
import type { Template } from "./template.ts";
import { NUMBER, WORD } from "./tokens.ts";
import { type SlotMeaning, slotMeaning } from "./words.ts";

export interface Curve {
  readonly column: number;
  /** As a series is called where no phase line says otherwise, and where one says held-out. */
  readonly name: string;
  readonly heldName: string;
  readonly label: string;
  readonly role: SlotMeaning["role"];
  readonly rank: number;
  /** Column of the running mean in brackets, which is what counts on held-out data; -1. */
  readonly mean: number;
  /** Column of N in n/N where that makes a share; -1. */
  readonly share: number;
  /** Columns of the further terms of a list under one header, which are added. */
  readonly parts: readonly number[];
  readonly log: boolean;
  readonly behaviour: Behaviour;
  readonly nameless: boolean;
}

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
const NO_PHASE =
  /load|sav|dataset|split|file|path|checkpoint|found|number|image|sample|size|build|creat|download|preprocess|best|improv|config|param|option|batches|step_?size|finish|complet|done|ended|took|elapsed|\btime\b|warning|error|import|using/;

/** One template by itself. */
export function planTemplate(
  template: Template,
  options: ReadOptions,
  inherited: (string | null)[] | null,
): LinePlan {
  const labelled = labelSlots(template.line, template.pieces);
  const headers = inherited ?? headerNames(template, labelled.slots);
  const judged: Judged[] = labelled.slots.map((slot) => {
    const name = slot.label !== "" ? slot.label : (headers?.[slot.index] ?? unitWord(template, slot));
    const meaning = wantedMeaning(name, options) ?? inLine(slotMeaning(name), template, slot);
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
    clocks: counters.step < 0 || isClock(judged[counters.step]!),
    judged,
  };
  if (isSettings(plan)) {
    plan.telling = false;
    plan.counters = { step: -1, epoch: -1, nested: false };
  } else if (!plan.telling) plan.phase = phaseOf(template, labelled, judged, counters);
  return plan;
}

/** Ranks print side by side: so far apart stand two lines that are one. */
const ECHO_WITHIN = 8;
const ECHO_ROWS = 4000;

/** Nearly half of its lines, or more, have the numbers of one shortly before, and far fewer those of one further off. */
function isEchoed({ columns, rows }: Template): boolean {
  const few = Math.min(rows, ECHO_ROWS);
  const same = (i: number, j: number): boolean => columns.every((c) => Object.is(c.at(i), c.at(j)));
  let [near, far] = [0, 0];
  for (let i = 1; i < few; i++) {
    for (let lag = 1; lag <= 2 * ECHO_WITHIN && lag <= i; lag++) {
      if (!same(i, i - lag)) continue;
      if (lag <= ECHO_WITHIN) {
        near++;
        lag = ECHO_WITHIN; // on to the lines further off
      } else {
        far++;
        break;
      }
    }
  }
  return near >= 0.45 * few && far < 0.5 * near;
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

/** So many pairs on one line are options, printed at each start. */
export const hasManyPairs = ({ judged }: LinePlan): boolean => judged.length >= 8;

/** Many pairs without a measurement or a step: the options a program was started with. */
function isSettings(plan: LinePlan): boolean {
  const { judged, curves, counters } = plan;
  return (
    hasManyPairs(plan) &&
    (counters.step < 0 || judged[counters.step]!.behaviour.constant) &&
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

/** What the line makes of a name: a "cost" or an "epoch" in seconds is a time, "Process 100/900" no rank, 0.01 "rate" a learning rate. */
function inLine(meaning: SlotMeaning, template: Template, slot: Slot): SlotMeaning {
  if (meaning.role === "rank" && slot.total >= 0) return { role: "other", rank: 0 };
  if (slot.total >= 0 && slot.label.includes("/") && meaning.role === "size")
    return slotMeaning(slot.label.slice(0, slot.label.indexOf("/"))); // 'global_step/max_steps': '10/5000'
  if (slot.label.toLowerCase() === "rate" && slot.unit === "" && template.columns[slot.index]!.at(0) < 1)
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
  return foreign ? { step: -1, epoch: -1, nested: false } : counters;
}

function wantedMeaning(name: string, options: ReadOptions): SlotMeaning | null {
  const is = (wanted: string | undefined): boolean =>
    wanted !== undefined && name !== "" && (wanted === name || normalise(wanted) === normalise(name));
  if (is(options.loss)) return { role: "loss", rank: -1 };
  if (is(options.lr)) return { role: "lr", rank: -1 };
  return is(options.step) ? { role: "step", rank: -1 } : null;
}

function curvesOf(judged: readonly Judged[], counters: Counters): Curve[] {
  const curves: Curve[] = [];
  const names = new Set<string>();
  for (const j of judged) {
    const { slot, name, meaning } = j;
    if (
      slot.index === counters.step ||
      slot.isTotal ||
      (slot.index === counters.epoch && j.behaviour.integer)
    )
      continue;
    if (slot.meanOf >= 0) {
      const parent = judged[slot.meanOf]!;
      if (/^(?:loss|accuracy)$/.test(parent.meaning.role))
        curves.push(curve(j, `${parent.name} (mean)`, { role: "other", rank: 0 }, null, judged));
      continue;
    }
    if (slot.aside) continue;
    if (name === "") {
      if (slot.unit === "" && (!j.behaviour.integer || j.behaviour.nonFinite > 0))
        curves.push({ ...curve(j, "", meaning, null, judged), nameless: true });
      continue;
    }
    if (meaning.role === "time" || meaning.role === "throughput" || meaning.role === "rank") continue;
    const veto = meaning.role === "loss" && isCounterLike(j);
    const held = slot.held ?? (meaning.role === "validation" ? true : null);
    const made = curve(j, name, veto ? { role: "other", rank: 0 } : meaning, held, judged);
    if (names.has(made.name)) continue;
    names.add(made.name);
    curves.push(made);
  }
  return curves;
}

/** Named like a loss, but it counts: a long even rise of whole numbers. */
function isCounterLike({ behaviour: b }: Judged): boolean {
  return b.integer && b.n >= 5 && b.rising >= 0.97 && b.even > 0.9 && !b.constant;
}

function curve(
  j: Judged,
  label: string,
  meaning: SlotMeaning,
  held: boolean | null,
  judged: readonly Judged[],
): Curve {
  const heldName = speaksOfValidation(label) ? label : `valid ${label}`;
  const flips =
    meaning.role === "loss" ||
    meaning.role === "accuracy" ||
    meaning.role === "perplexity" ||
    meaning.role === "score";
  const isHeld = held === true && flips;
  const mean = judged.find((o) => o.slot.meanOf === j.slot.index)?.slot.index ?? -1;
  return {
    column: isHeld && mean >= 0 ? mean : j.slot.index,
    name: isHeld ? heldName : label,
    heldName: flips && held !== false && !speaksOfTraining(label) ? heldName : label,
    label,
    role: isHeld ? heldRole(meaning.role) : meaning.role,
    rank: meaning.rank,
    mean,
    share: j.slot.total >= 0 && /ccuracy/.test(meaning.role) ? j.slot.total : -1,
    parts: [],
    log: false,
    behaviour: j.behaviour,
    nameless: false,
  };
}

/** The loss of a line that begins with a held-out accuracy, where the log has training lines beside it. */
export function holdOut(plan: LinePlan): void {
  plan.curves = plan.curves.map((c) =>
    c.role === "loss" && plan.judged[c.column]!.slot.afterHeld
      ? curve(plan.judged[c.column]!, c.label, plan.judged[c.column]!.meaning, true, plan.judged)
      : c,
  );
}

export function heldRole(role: SlotMeaning["role"]): SlotMeaning["role"] {
  if (role === "loss") return "validation";
  return role === "accuracy" ? "validationAccuracy" : role;
}

/** "Testing…", "validation:", "=== train ===": a line without a measurement that says what follows is measured on. */
function phaseOf(
  template: Template,
  { words, slots, assigned }: Labelled,
  judged: readonly Judged[],
  counters: Counters,
): boolean | null {
  if (assigned && template.line.includes("=")) return null;
  if (words.length === 0 || words.length > 9) return null;
  const others = slots.filter(
    (s) =>
      s.index !== counters.step &&
      s.index !== counters.epoch &&
      !s.isTotal &&
      !s.aside &&
      judged[s.index]!.meaning.role !== "time" &&
      !(judged[s.index]!.behaviour.constant && s.total < 0),
  );
  if (others.length > 0 || slots.some(countsThings)) return null;
  const text = words.join(" ");
  if (NO_PHASE.test(text)) return null;
  const held = words.some((w) => speaksOfValidation(w));
  const train = words.some((w) => speaksOfTraining(w));
  if (held === train || words.some(namesMetric)) return null;
  return held;
}

/** "20 examples for eval": how many there are. */
function countsThings(slot: Slot): boolean {
  return (
    slot.after !== "" &&
    (slot.label === "" || slot.label === slot.after) &&
    slot.total < 0 &&
    !slot.isTotal &&
    !slot.aside &&
    !slot.bracketed
  );
}

/** "val_loss" or "lr", as in a table's header; "validation" alone is no metric here. */
function namesMetric(word: string): boolean {
  const { role } = slotMeaning(word);
  return (
    role === "loss" ||
    role === "lr" ||
    role === "accuracy" ||
    (/validation/.test(role) && /loss|acc|err|[_/]/.test(word))
  );
}

/** Role and rank of a series' name for `finishRuns`. */
export function meaningFor(c: Curve, held: boolean): Meaning {
  const role = held ? heldRole(c.role) : c.role;
  const known =
    role === "loss" ||
    role === "lr" ||
    role === "gradNorm" ||
    role === "validation" ||
    role === "accuracy" ||
    role === "validationAccuracy" ||
    role === "lossScale" ||
    role === "clippedShare" ||
    role === "skipped" ||
    role === "nanCount" ||
    role === "epoch";
  return { role: known ? role : "other", rank: c.rank };
}
