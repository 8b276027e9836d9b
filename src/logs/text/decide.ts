/** All line forms together: which clock the log has, which curve is the loss, what stays in doubt. */

import type { Objective } from "../../run/log.ts";
import type { Meaning } from "../columns.ts";
import { NAME } from "../doubts.ts";
import type { ReadOptions } from "../types.ts";
import { writersAtOnce } from "./at-once.ts";
import type { Behaviour } from "./behaviour.ts";
import { NO_COUNTERS } from "./counters.ts";
import { type Curve, isFractionalEpoch, meaningFor } from "./curves.ts";
import { frontWords } from "./front.ts";
import { chooseObjective, type Decided, FEW, steeredBy } from "./guess.ts";
import { holdOut, isData, type LinePlan, planTemplate } from "./plan.ts";
import { dropSettings } from "./settings.ts";
import type { Template } from "./template.ts";
import { NUMBER } from "./tokens.ts";

export interface Decision {
  readonly plans: ReadonlyMap<number, LinePlan>;
  /** Where points stand: on the log's own steps, or on rows with their epochs beside them. */
  readonly clock: "step" | "row";
  readonly meanings: Map<string, Meaning>;
  readonly notes: { readonly id: string; readonly text: string }[];
  readonly dictionary: boolean;
  /** Where the values say it; null leaves it to the names. */
  readonly objective: Objective | null;
  /** What is odd in the log as a whole, or null. */
  readonly doubt: string | null;
}

export function decide(forms: Iterable<Template>, options: ReadOptions): Decision {
  const plans = new Map<number, LinePlan>();
  const tables: Table[] = [];
  const templates = [...forms];
  const front = frontWords(templates);
  for (const template of templates) {
    if (template.rows === 0) continue;
    const table = tables.findLast(
      (t) => (sameColumns(template, t) || beginsAlike(template, t)) && follows(template, t.template),
    );
    let plan = planTemplate(template, options, { front });
    const unnamed = plan.judged.filter((j) => j.name === "" && !j.slot.isTotal && !j.slot.aside).length;
    if (table && unnamed >= 2) plan = planTemplate(template, options, { inherited: table.names, front });
    if (plan.judged.some((j) => j.slot.label === "" && j.name !== ""))
      tables.push({ template, names: plan.judged.map((j) => (j.name === "" ? null : j.name)) });
    plans.set(template.id, plan);
  }
  const all = [...plans.values()];
  const notes: Decision["notes"] = [];
  holdLosses(all);
  shareShape(all);
  shareNesting(all);
  stretchBars(all);
  countEvaluations(all);
  shareClock(all);
  joinEnumerated(all);
  detachEvaluations(all);
  dropSettings(all);
  settlePhases(all);
  const decided: Decided = { notes, objective: null };
  chooseObjective(all, decided, options.source);
  const clock = chooseClock(all);
  markPending(all, clock);
  const meanings = new Map<string, Meaning>();
  for (const plan of all) {
    for (const c of plan.curves) {
      if (c.nameless) continue;
      for (const [name, held] of [
        [c.name, false],
        [c.heldName, true],
      ] as const) {
        if (!meanings.has(name)) meanings.set(name, meaningFor(c, held));
      }
    }
  }
  const telling = all.filter((p) => p.telling);
  const rows = (of: readonly LinePlan[]): number => of.reduce((n, p) => n + p.template.rows, 0);
  const dictionary = rows(telling.filter((p) => p.dictionary)) * 2 > rows(telling);
  const objective = decided.objective ?? steeredBy(all);
  const doubt = unreadOf(all) ?? writersAtOnce(templates, all);
  return { plans, clock, meanings, notes, dictionary, objective, doubt };
}

/** Lines that end in a falling number without a name, and come oftener than those with a loss: they may be the training. */
function unreadOf(plans: readonly LinePlan[]): string | null {
  const read = plans.filter(isData).reduce((n, p) => n + p.template.rows, 0);
  const unread = plans.find(({ template, telling, judged, curves }) => {
    const last = judged.at(-1);
    const curve = curves.find((c) => c.nameless && c.column === last?.slot.index);
    return (
      !telling &&
      template.rows >= Math.max(FEW, 2 * read) &&
      template.pieces.at(-1)?.kind === NUMBER &&
      curve !== undefined &&
      curve.behaviour.fall > 0.25 &&
      curve.behaviour.drop > 0.5
    );
  });
  return read > 0 && unread
    ? `${unread.template.rows} lines like "${unread.template.line.trim().slice(0, 60)}" end in a number that falls and has no name, and only ${read} have a loss; ${NAME}`
    : null;
}

interface Table {
  readonly template: Template;
  readonly names: (string | null)[];
}

function sameColumns(template: Template, table: Table): boolean {
  return (
    table.names.length === template.columns.length &&
    table.template.pieces[0]?.kind === template.pieces[0]?.kind
  );
}

/** Alike up to the last column with a name: behind it a bar shows more or less. */
function beginsAlike(template: Template, { template: of, names }: Table): boolean {
  const last = names.findLastIndex((name) => name !== null);
  const numbers = of.pieces.map((p, i) => (p.kind === NUMBER ? i : -1)).filter((i) => i >= 0);
  const to = numbers[last];
  if (to === undefined || last < 2) return false;
  return of.pieces
    .slice(0, to + 1)
    .every(
      (p, i) =>
        p.kind === template.pieces[i]?.kind && (p.kind === NUMBER || p.text === template.pieces[i].text),
    );
}

/** Its first line came soon after a line of the table. */
function follows(template: Template, table: Template): boolean {
  return (
    template.first > table.first && template.first - table.last <= 3000 && template.first <= table.last + 3
  );
}

/** "test acc: 0.8, loss: 0.5" beside "train acc: 0.9, loss: 0.2". */
function holdLosses(plans: readonly LinePlan[]): void {
  const trains = plans.some((p) =>
    p.curves.some((c) => c.role === "loss" && !p.judged[c.column]!.slot.afterHeld),
  );
  for (const plan of trains ? plans : []) holdOut(plan);
}

/** "0 val 3.9" among "0 train 3.8", "1 train 3.7": a line built like those that count has its step in the same place. */
function shareShape(plans: readonly LinePlan[]): void {
  const shape = (p: LinePlan): string => p.template.pieces.map((piece) => piece.kind).join();
  const counting = plans.filter((p) => p.counters.step === 0 && p.counters.epoch < 0 && p.stepTotal < 0);
  for (const plan of plans) {
    if (plan.counters.step >= 0 || plan.counters.epoch >= 0 || plan.judged.length < 2) continue;
    const own = plan.judged[0]!;
    const like = counting.find(
      (p) =>
        p.template.rows >= 3 * plan.template.rows &&
        p.judged[0]!.name === own.name &&
        own.behaviour.integer &&
        own.behaviour.max <= p.judged[0]!.behaviour.max + 1 &&
        shape(p) === shape(plan),
    );
    if (!like) continue;
    plan.counters = like.counters;
    plan.partial = false;
    plan.curves = plan.curves.filter((c) => c.column !== 0);
  }
}

/** Lines with the same counters count alike, however few of one form there are. */
function shareNesting(plans: readonly LinePlan[]): void {
  const key = (p: LinePlan): string | null =>
    p.counters.step < 0 || p.counters.epoch < 0
      ? null
      : `${p.judged[p.counters.epoch]!.name}|${p.judged[p.counters.step]!.name}|${p.stepTotal >= 0}`;
  const nested = new Set(plans.filter((p) => p.counters.nested).map(key));
  for (const plan of plans) {
    const own = key(plan);
    if (own !== null && nested.has(own)) plan.counters = { ...plan.counters, nested: true };
  }
  // "epoch 97, iteration 21: skipped" beside "Epoch [97/800] (20/500)"
  const main = plans
    .filter((p) => p.counters.nested && p.stepTotal >= 0 && p.judged[p.stepTotal]!.behaviour.constant)
    .reduce<LinePlan | null>((a, b) => (a === null || b.template.rows > a.template.rows ? b : a), null);
  if (!main) return;
  const perEpoch = main.judged[main.stepTotal]!.behaviour.max;
  for (const plan of plans) {
    if (plan.counters.step < 0 || plan.counters.epoch < 0 || plan.stepTotal >= 0) continue;
    if (plan.judged[plan.counters.step]!.behaviour.max <= perEpoch) plan.perEpoch = perEpoch;
  }
}

/** "Epoch 3: 15it" after "Epoch 3: 14/14": the bar runs on beyond its N, and an epoch is as long as it goes. */
function stretchBars(plans: readonly LinePlan[]): void {
  for (const beyond of plans) {
    const { step, epoch, nested } = beyond.counters;
    if (step < 0 || epoch < 0 || !nested || beyond.stepTotal >= 0) continue;
    const { min, max } = beyond.judged[step]!.behaviour;
    const bars = plans.filter(
      ({ counters, stepTotal, judged }) =>
        counters.nested &&
        stepTotal >= 0 &&
        judged[counters.epoch]!.name === beyond.judged[epoch]!.name &&
        judged[stepTotal]!.behaviour.constant &&
        min > judged[stepTotal]!.behaviour.max,
    );
    for (const bar of bars.length > 0 ? [beyond, ...bars] : []) {
      bar.stepTotal = -1;
      bar.perEpoch = max;
    }
  }
}

/** Where nothing but evaluations is printed, their step is the log's, however many runs start again with it. */
function countEvaluations(plans: readonly LinePlan[]): void {
  if (plans.some((p) => p.curves.some((c) => c.role === "loss"))) return;
  for (const plan of plans) {
    const step = plan.judged[plan.chosen.step];
    if (plan.partial && step?.meaning.role === "step") countAsChosen(plan, step);
  }
}

function countAsChosen(plan: LinePlan, { slot }: LinePlan["judged"][number]): void {
  plan.counters = plan.chosen;
  plan.partial = false;
  plan.stepTotal = slot.total;
  plan.curves = plan.curves.filter((c) => c.column !== slot.index);
}

/** "*** step 390/400 val loss 1.2": its count begins again no oftener than that of the training's lines, under the same name. */
function shareClock(plans: readonly LinePlan[]): void {
  const counting = plans.filter((p) => p.counters.step >= 0);
  for (const plan of plans) {
    const step = plan.judged[plan.chosen.step];
    if (!plan.partial || step?.meaning.role !== "step") continue;
    const { falls, max } = step.behaviour;
    const shared = counting.some(({ judged, counters }) => {
      const { name, behaviour: own } = judged[counters.step]!;
      return name === step.name && falls <= own.falls && max <= own.max && max > 0.8 * own.max;
    });
    if (shared) countAsChosen(plan, step);
  }
}

/** At the end of the log it counts less than the main lines do, so it counts something else: updates, not batches. */
function lagsBehind(plan: LinePlan, main: LinePlan): boolean {
  const [own, whole] = [plan, main].map((p) => p.judged[p.counters.step]!.behaviour) as [
    Behaviour,
    Behaviour,
  ];
  const { first, last } = main.template;
  return (
    plan.template.rows >= 3 &&
    own.falls === 0 &&
    whole.falls === 0 &&
    plan.template.last >= first + 0.9 * (last - first) &&
    own.max < 0.8 * whole.max
  );
}

/** It counts up to its N, or nearly, from the beginning: all batches of one evaluation. */
function endsItsCount(plan: LinePlan): boolean {
  const { min, max, n } = plan.judged[plan.counters.step]!.behaviour;
  const total = plan.template.columns[plan.stepTotal]!.at(0);
  return n >= 3 && min <= (2 * total) / n && max >= total - (2 * total) / n;
}

/** "Valid | Epoch 1 | 2/3" beside "Train | Epoch 1 | 143/573": the batches of an evaluation, not steps of the training. */
function detachEvaluations(plans: readonly LinePlan[]): void {
  const total = (p: LinePlan): number => p.template.columns[p.stepTotal]!.at(0);
  const bars = plans.filter((p) => p.stepTotal >= 0 && p.counters.step >= 0);
  const trains = bars.filter((p) => p.curves.some((c) => c.role === "loss"));
  const main = trains.reduce((a, b) => (b.template.rows > a.template.rows ? b : a), trains[0]!);
  for (const plan of main ? bars : []) {
    const measured = plan.curves.filter((c) =>
      /^(?:loss|validation|accuracy|validationAccuracy)$/.test(c.role),
    );
    if (measured.length === 0 || measured.some((c) => !c.role.startsWith("validation"))) continue;
    if (total(plan) === total(main) || !(plan.counters.epoch >= 0 || endsItsCount(plan))) continue;
    plan.counters = { step: -1, epoch: plan.counters.epoch, nested: false };
    plan.stepTotal = -1;
    plan.partial = true;
  }
}

/** "Checkpoint [3]" numbers checkpoints, not the steps that the training's own lines count: it joins the step before. */
function joinEnumerated(plans: readonly LinePlan[]): void {
  const counting = plans.filter((p) => p.counters.step >= 0);
  const clock = (p: LinePlan): LinePlan["judged"][number] => p.judged[p.counters.step]!;
  // a bar of files to fetch may be longer than the training
  const trains = counting.some(isData) ? counting.filter(isData) : counting;
  const main = trains.reduce((a, b) => (b.template.rows > a.template.rows ? b : a), trains[0]!);
  for (const plan of counting) {
    const [own, whole] = [clock(plan).behaviour, clock(main).behaviour];
    if (plan.template.rows * 5 > main.template.rows || clock(plan).name === clock(main).name) continue;
    const behind = clock(plan).meaning.role === "step" ? lagsBehind(plan, main) : own.max * 5 <= whole.max;
    if (!behind) continue;
    plan.counters = NO_COUNTERS;
    plan.stepTotal = -1;
  }
}

/** A phase line lies between data, or comes again. */
function settlePhases(plans: readonly LinePlan[]): void {
  const data = plans.filter((p) => p.telling);
  const first = Math.min(...data.map((p) => p.template.first));
  for (const plan of plans) {
    if (plan.phase === null) continue;
    // options name evaluations, too
    if (plan.phase && plan.template.last < first) plan.phase = null;
  }
  const evaluations = plans.reduce((n, p) => n + (p.phase === true ? p.template.rows : 0), 0);
  for (const plan of data) {
    if (evaluations === 0) continue;
    // only what is descended has a gradient
    plan.trains = plan.curves.some((c) => c.role === "gradNorm");
    const step = plan.judged[plan.counters.step]?.behaviour;
    if (!step) continue;
    const even = step.stays === 0 && step.even > 0.9 && step.falls * 20 <= step.n;
    plan.trains ||= even && plan.template.rows >= FEW && plan.template.rows > 1.5 * evaluations;
  }
}

/** Steps are the clock where at least half of the loss's lines have one, of their own or from a line beside. */
function chooseClock(plans: readonly LinePlan[]): Decision["clock"] {
  const judged = (role: Curve["role"]): LinePlan[] =>
    plans.filter((p) => p.curves.some((c) => c.role === role && !c.nameless));
  const pool =
    [judged("loss"), judged("validation"), judged("accuracy"), plans.filter((p) => p.telling)].find(
      (p) => p.length > 0,
    ) ?? [];
  const rows = (of: readonly LinePlan[]): number => of.reduce((n, p) => n + p.template.rows, 0);
  const own = rows(pool.filter((p) => p.counters.step >= 0));
  const without = pool.filter(
    (p) => p.counters.step < 0 && p.counters.epoch < 0 && !p.curves.some(isFractionalEpoch),
  );
  const epochOnly = rows(pool) - own - rows(without);
  const steps = rows(plans.filter((p) => p.counters.step >= 0 && (!p.telling || !pool.includes(p))));
  const longest = Math.max(0, ...without.map((p) => p.template.rows));
  const joined = steps * 2 >= longest ? rows(without) : 0;
  const headers = plans.filter((p) => !p.telling && p.counters.step < 0 && p.counters.epoch >= 0);
  // each stands below its own "epoch 3", and what counts elsewhere does so less often
  if (own === 0 && rows(headers) >= longest && steps < rows(headers)) return "row";
  // a few lines with a step among many that stand below "epoch 3"
  if ((own + joined) * 5 < Math.min(longest, rows(headers))) return "row";
  return own + joined > 0 && own + joined >= epochOnly ? "step" : "row";
}

/** Metrics printed before the line that counts them. */
function markPending(plans: readonly LinePlan[], clock: Decision["clock"]): void {
  const counting = plans.filter((p) => (clock === "step" ? p.counters.step >= 0 : p.counters.epoch >= 0));
  for (const plan of plans) {
    if (
      !plan.telling ||
      plan.counters.step >= 0 ||
      plan.counters.epoch >= 0 ||
      plan.curves.some(isFractionalEpoch)
    )
      continue;
    if (plan.template.rows < 2 || counting.length === 0) continue;
    const near = counting.filter((c) => c.template.rows * 2 >= plan.template.rows);
    plan.pending = near.length > 0 && near.every((c) => plan.template.first < c.template.first);
  }
  const data = plans.filter(isData);
  const rows = Math.max(0, ...data.map((p) => p.template.rows));
  const first = Math.min(...data.map((p) => p.template.first));
  const measured = plans.some(
    (p) => isData(p) && p.template.rows === rows && p.curves.some((c) => c.role === "lr"),
  );
  for (const plan of plans) {
    if (plan.template.rows * 5 > rows || !setsRate(plan)) continue;
    plan.pending = true;
    // an option of the training, whose own lines say their rate
    if (measured && plan.judged.length === 1 && plan.template.first < first) plan.telling = false;
  }
  const before = new Set(plans.filter((p) => p.pending).flatMap((p) => p.curves.map((c) => c.name)));
  for (const plan of plans) {
    if (
      plan.telling &&
      plan.counters.step < 0 &&
      plan.counters.epoch < 0 &&
      plan.curves.length > 0 &&
      plan.curves.every((c) => before.has(c.name))
    )
      plan.pending = true;
  }
}

/** "learning rate set to 1e-4", here and there, or above each training: it holds for what follows. */
function setsRate({ counters, curves, telling }: LinePlan): boolean {
  const measures = curves.some((c) => c.role !== "lr" && c.role !== "other");
  return telling && !measures && counters.step < 0 && counters.epoch < 0;
}
