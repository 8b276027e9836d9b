/** All line forms together: which clock the log has, which curve is the loss, what stays in doubt. */

import type { Objective } from "../../run/log.ts";
import type { Meaning } from "../columns.ts";
import { fileIsCalledLoss, speaksOfValidation } from "../columns.ts";
import { steering, steers } from "../objective.ts";
import type { ReadOptions } from "../types.ts";
import type { Behaviour } from "./behaviour.ts";
import { type Curve, type LinePlan, meaningFor, planTemplate } from "./plan.ts";
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
}

interface Decided {
  readonly notes: Decision["notes"];
  objective: Objective | null;
}

const FEW = 5;
/** From this rank on a name is a loss by one of its words alone. */
const GUESSED = 140;

export function decide(templates: Iterable<Template>, options: ReadOptions): Decision {
  const plans = new Map<number, LinePlan>();
  const tables: Table[] = [];
  for (const template of templates) {
    if (template.rows === 0) continue;
    const table = tables.findLast(
      (t) => (sameColumns(template, t) || beginsAlike(template, t)) && follows(template, t.template),
    );
    let plan = planTemplate(template, options, null);
    const unnamed = plan.judged.filter((j) => j.name === "" && !j.slot.isTotal && !j.slot.aside).length;
    if (table && unnamed >= 2) plan = planTemplate(template, options, table.names);
    if (plan.judged.some((j) => j.slot.label === "" && j.name !== ""))
      tables.push({ template, names: plan.judged.map((j) => (j.name === "" ? null : j.name)) });
    plans.set(template.id, plan);
  }
  const all = [...plans.values()];
  const notes: Decision["notes"] = [];
  shareShape(all);
  shareNesting(all);
  countEvaluations(all);
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
  return { plans, clock, meanings, notes, dictionary, objective: decided.objective ?? steeredBy(all) };
}

interface Table {
  readonly template: Template;
  readonly names: readonly (string | null)[];
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
    .every((p, i) => p.kind === template.pieces[i]?.kind && (p.kind === NUMBER || p.text === template.pieces[i].text));
}

/** Its first line came soon after a line of the table. */
function follows(template: Template, table: Template): boolean {
  return (
    template.first > table.first && template.first - table.last <= 3000 && template.first <= table.last + 3
  );
}

/** Rewards or an adversary, in lines of their own that are no curves here. */
function steeredBy(plans: readonly LinePlan[]): Objective | null {
  const names = plans.filter((p) => p.template.rows >= 3).flatMap((p) => p.judged.map((j) => j.name));
  return steering(names.filter((name) => name !== ""));
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
}

/** Where nothing but evaluations is printed, their step is the log's, however many runs start again with it. */
function countEvaluations(plans: readonly LinePlan[]): void {
  if (plans.some((p) => p.curves.some((c) => c.role === "loss"))) return;
  for (const plan of plans) {
    const step = plan.judged[plan.chosen.step];
    if (!plan.partial || step?.meaning.role !== "step") continue;
    plan.counters = plan.chosen;
    plan.partial = false;
    plan.stepTotal = step.slot.total;
    plan.curves = plan.curves.filter((c) => c.column !== step.slot.index);
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

/** "Valid | Epoch 1 | 2/3" beside "Train | Epoch 1 | 143/573": the batches of an evaluation, not steps of the training. */
function detachEvaluations(plans: readonly LinePlan[]): void {
  const total = (p: LinePlan): number => p.template.columns[p.stepTotal]!.at(0);
  const bars = plans.filter((p) => p.stepTotal >= 0 && p.counters.epoch >= 0 && p.counters.step >= 0);
  const trains = bars.filter((p) => p.curves.some((c) => c.role === "loss"));
  const main = trains.reduce((a, b) => (b.template.rows > a.template.rows ? b : a), trains[0]!);
  for (const plan of main ? bars : []) {
    const measured = plan.curves.filter((c) =>
      /^(?:loss|validation|accuracy|validationAccuracy)$/.test(c.role),
    );
    if (measured.length === 0 || measured.some((c) => !c.role.startsWith("validation"))) continue;
    if (total(plan) === total(main)) continue;
    plan.counters = { step: -1, epoch: plan.counters.epoch, nested: false };
    plan.stepTotal = -1;
    plan.partial = true;
  }
}

/** "Checkpoint [3]" numbers checkpoints, not the steps that the training's own lines count: it joins the step before. */
function joinEnumerated(plans: readonly LinePlan[]): void {
  const counting = plans.filter((p) => p.counters.step >= 0);
  const clock = (p: LinePlan): LinePlan["judged"][number] => p.judged[p.counters.step]!;
  const main = counting.reduce((a, b) => (b.template.rows > a.template.rows ? b : a), counting[0]!);
  for (const plan of counting) {
    const [own, whole] = [clock(plan).behaviour, clock(main).behaviour];
    if (plan.template.rows * 5 > main.template.rows || clock(plan).name === clock(main).name) continue;
    const behind = clock(plan).meaning.role === "step" ? lagsBehind(plan, main) : own.max * 5 <= whole.max;
    if (!behind) continue;
    plan.counters = { step: -1, epoch: -1, nested: false };
    plan.stepTotal = -1;
  }
}

/** A command line, a setting or the program's own text, printed once: what was asked for, not what happened. */
function dropSettings(plans: readonly LinePlan[]): void {
  const isCurve = (c: Curve): boolean =>
    /^(?:loss|validation|accuracy|validationAccuracy|perplexity|score)$/.test(c.role);
  const counted = (p: LinePlan): boolean =>
    p.counters.step >= 0 || p.counters.epoch >= 0 || p.curves.some(isFractionalEpoch);
  const data = plans.filter((p) => p.curves.some(isCurve));
  const main = data.reduce((a, b) => (b.template.rows > a.template.rows ? b : a), data[0]!);
  if (!main) return;
  const none = !plans.some(counted);
  const guessed = (p: LinePlan): boolean => p.curves.filter(isCurve).every((c) => c.rank >= GUESSED);
  if (main.template.rows < 3)
    for (const plan of data) if (none || (!counted(plan) && guessed(plan))) plan.telling = false;
  if (main.template.rows < 3) return;
  const names = new Set(main.curves.map((c) => c.name));
  for (const plan of plans) {
    if (isOptions(plan) && !plan.curves.some(isCurve) && plan.template.rows * 5 < main.template.rows) {
      plan.telling = false;
      plan.counters = { step: -1, epoch: -1, nested: false };
      continue;
    }
    const before = plan.template.first < main.template.first;
    if (plan.template.rows > 1 || plan.summary || (plan.curves.some(isCurve) && !before)) continue;
    if (counted(plan) === counted(main) && plan.curves.some((c) => isCurve(c) && names.has(c.name))) continue;
    plan.telling = false;
    if (plan.phase === null) plan.counters = { step: -1, epoch: -1, nested: false };
  }
}

/** So many pairs on one line are options, printed at each start. */
const isOptions = (plan: LinePlan): boolean => plan.judged.length >= 8;

/** A phase line lies between data, or comes again. */
function settlePhases(plans: readonly LinePlan[]): void {
  const data = plans.filter((p) => p.telling);
  const first = Math.min(...data.map((p) => p.template.first));
  for (const plan of plans) {
    if (plan.phase === null) continue;
    if (plan.phase && plan.template.rows < 2 && plan.template.first < first) plan.phase = null;
  }
}

function curvesWith(plans: readonly LinePlan[], role: Curve["role"]): { plan: LinePlan; curve: Curve }[] {
  return plans.flatMap((plan) =>
    plan.curves.filter((c) => c.role === role && !c.nameless).map((curve) => ({ plan, curve })),
  );
}

/** Without a loss, the next best thing is taken for it, in words: perplexity, a score, a column without a name. */
function chooseObjective(plans: readonly LinePlan[], decided: Decided, source: string): void {
  const { notes } = decided;
  const replace = (plan: LinePlan, old: Curve, made: Curve): void => {
    plan.curves[plan.curves.indexOf(old)] = made;
    plan.telling = true;
  };
  takeByPlace(plans, replace);
  const losses = curvesWith(plans, "loss");
  const perplexities = curvesWith(plans, "perplexity");
  if (losses.length === 0 && perplexities.length > 0) {
    for (const { plan, curve } of perplexities) {
      const held = speaksOfValidation(curve.name);
      replace(plan, curve, {
        ...curve,
        role: held ? "validation" : "loss",
        name: `log(${curve.name})`,
        heldName: `log(${curve.heldName})`,
        log: true,
      });
    }
    notes.push({
      id: "log-perplexity",
      text: `no loss is printed: the logarithm of '${perplexities[0]!.curve.label}' is one`,
    });
    return;
  }
  if (losses.length > 0 || curvesWith(plans, "validation").length > 0) return;
  const steered = curvesWith(plans, "accuracy").length > 0 ? null : steeredBy(plans);
  if (steered !== null) {
    // rewards alone, or two players' terms: kept as curves, judged as what they are
    decided.objective = steered;
    for (const plan of plans)
      if (plan.template.rows >= 3 && plan.curves.some((c) => !c.nameless && steers(c.name)))
        plan.telling = true;
    return;
  }
  const scores = curvesWith(plans, "score").filter(
    ({ curve }) => curve.behaviour.n >= FEW && !curve.behaviour.constant,
  );
  if (scores.length > 0) {
    const [{ plan, curve }] = scores as [(typeof scores)[0]];
    replace(plan, curve, { ...curve, role: "loss", rank: 500 });
    decided.objective = curve.behaviour.fall < 0 ? "score" : "loss";
    notes.push({
      id: "guessed-loss",
      text: `no series is called a loss: '${curve.name}' is taken for it; --loss names another`,
    });
    return;
  }
  if (fileIsCalledLoss(source)) takeList(plans, notes, replace);
  takeNameless(plans, notes, replace);
}

/** "40 train 3.21", "iter 40 total: 3.21": without a loss by name, what is measured in training, or in all, is it. */
function takeByPlace(
  plans: readonly LinePlan[],
  replace: (plan: LinePlan, old: Curve, made: Curve) => void,
): void {
  if (curvesWith(plans, "loss").length > 0) return;
  for (const plan of plans) {
    if (plan.counters.step < 0 && plan.counters.epoch < 0) continue;
    const curve = plan.curves.find(
      (c) =>
        /^(?:train|training|trn|total)$/i.test(c.label) &&
        c.behaviour.n >= FEW &&
        !c.behaviour.integer &&
        c.behaviour.fall > 0,
    );
    if (curve) replace(plan, curve, { ...curve, role: "loss", rank: 400 });
  }
}

/** Number under number in a file called a loss. */
function takeList(
  plans: readonly LinePlan[],
  notes: Decision["notes"],
  replace: (plan: LinePlan, old: Curve, made: Curve) => void,
): void {
  const list = plans.find((p) => p.template.pieces.length === 1 && p.template.rows >= FEW);
  const curve = list?.curves[0];
  if (!list || !curve?.nameless || Math.max(curve.behaviour.fall, curve.behaviour.drop) <= 0) return;
  replace(list, curve, { ...curve, ...named("values"), role: "loss", rank: 900, nameless: false });
  notes.push({
    id: "guessed-loss",
    text: "a list of numbers without a name, in a file called a loss, is taken for the loss",
  });
}

const named = (name: string): Pick<Curve, "name" | "heldName" | "label"> => ({
  name,
  heldName: `valid ${name}`,
  label: name,
});

function takeNameless(
  plans: readonly LinePlan[],
  notes: Decision["notes"],
  replace: (plan: LinePlan, old: Curve, made: Curve) => void,
): void {
  const candidates = plans
    .filter((p) => p.counters.step >= 0 || p.counters.epoch >= 0)
    .flatMap((plan) =>
      plan.curves
        .filter(
          (c) =>
            c.nameless &&
            c.behaviour.n >= FEW &&
            (c.behaviour.fall > 0.25 || (c.behaviour.fall > 0 && c.behaviour.drop > 0.5)) &&
            !c.behaviour.integer &&
            c.behaviour.rising < 0.9,
        )
        .map((curve) => ({ plan, curve })),
    )
    .sort((a, b) => b.curve.behaviour.fall - a.curve.behaviour.fall);
  // of columns that fall alike the first: training is printed before validation
  const best = candidates
    .filter((c) => c.curve.behaviour.fall > candidates[0]!.curve.behaviour.fall - 0.1)
    .sort((a, b) => a.curve.column - b.curve.column)[0];
  if (!best) return;
  const name = `column ${best.curve.column + 1}`;
  replace(best.plan, best.curve, {
    ...best.curve,
    ...named(name),
    role: "loss",
    rank: 900,
    nameless: false,
  });
  const second = candidates.find((c) => c !== best);
  const other = second ? `; column ${second.curve.column + 1} is near` : "";
  notes.push({
    id: "guessed-loss",
    text: `no number has a name: ${name} falls like a loss and is taken for it${other}; a header line or --loss decides`,
  });
}

function isFractionalEpoch(c: Curve): boolean {
  return c.role === "epoch";
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
