/**
 * A generator of training logs by somebody who had not read the reader: elements of style, combined freely, with the
 * curves that the log shows. Half 1 of the elements was held back until the reader had learnt from half 0.
 */
import { COUNTERS, type Counter, type Field, type Plan } from "./counters.ts";
import { type Course, courseOf, planOf, SCHEDULES, type Task, taskOf } from "./course.ts";
import { PASTES, PREFIXES } from "./frames.ts";
import { type Layout, LINES } from "./lines.ts";
import { NAMES, type Names } from "./names.ts";
import { EXTRAS, type Extra, NOISE, type Noise } from "./noise.ts";
import { BROKEN, SPELLINGS, type Spelling } from "./numbers.ts";
import { TABLES } from "./tables.ts";
import { type Half, pick, type Random, randomFrom, type ToldRun, type Written, whole } from "./told.ts";
import { AIMS, type Aim, neutralName, STARTS, VALIDATIONS, type Validation } from "./ways.ts";

const LAYOUTS: readonly Layout[] = [...LINES, ...TABLES];

/** All that one log is put together from. */
interface Program {
  readonly random: Random;
  readonly plan: Plan;
  readonly task: Task;
  readonly names: Names;
  readonly layout: Layout;
  readonly counter: Counter;
  readonly spelling: Spelling;
  readonly validation: Validation;
  readonly noise: readonly Noise[];
  readonly extras: readonly Extra[];
  readonly aim: Aim | null;
  readonly shows: { readonly lr: boolean; readonly gradNorm: boolean; readonly accuracy: boolean };
  readonly broken: (typeof BROKEN)[number] | null;
}

function several<T extends { id: string; half: Half }>(
  random: Random,
  table: readonly T[],
  half: Half,
  max: number,
): T[] {
  const out = new Map<string, T>();
  for (let n = whole(random, 0, max); n > 0; n--) {
    const one = pick(random, table, half, () => true);
    out.set(one.id, one);
  }
  return [...out.values()];
}

function fitsLayout(layout: Layout, counter: Counter): boolean {
  if (layout.kind === "bar") return counter.bounded === true && !counter.id.includes("bracket");
  if (counter.at === null) return layout.kind === "line" && layout.counted !== true;
  return (
    layout.kind === "line" || !["of-words", "epoch-words", "epoch-bracket-batch", "hash"].includes(counter.id)
  );
}

function fitsSpelling(layout: Layout, s: Spelling): boolean {
  if (layout.kind === "data") return s.bare;
  if (layout.kind !== "line") return s.wide !== true && s.comma !== true;
  return !(s.comma && layout.commas);
}

function programOf(random: Random, half: Half): Program {
  const layout = pick(random, LAYOUTS, half, () => true);
  const validation = pick(random, VALIDATIONS, half, (v) => v.kinds.includes(layout.kind));
  return {
    random,
    layout,
    validation,
    plan: planOf(random),
    task: taskOf(random),
    names: pick(random, NAMES, half, () => true),
    counter: pick(random, COUNTERS, half, (c) => fitsLayout(layout, c)),
    spelling: pick(random, SPELLINGS, half, (s) => fitsSpelling(layout, s)),
    noise: several(random, NOISE, half, 3).filter((n) => layout.kind !== "table" || n.where !== "between"),
    extras: several(random, EXTRAS, half, 2),
    aim: random() < 0.1 ? pick(random, AIMS, half, () => true) : null,
    shows: { lr: random() < 0.5, gradNorm: random() < 0.3, accuracy: random() < 0.3 },
    broken: random() < 0.08 && validation.how !== "column" ? pick(random, BROKEN, half, () => true) : null,
  };
}

/** The curves as printed grow here. */
interface Curves {
  readonly loss: number[];
  readonly validation: number[];
  readonly lr: number[];
  readonly gradNorm: number[];
}

function spelt(p: Program, x: number, into: number[] | null): string {
  const digits = p.spelling.digits(x);
  into?.push(Number(digits));
  return p.spelling.spell(digits, p.random);
}

/** Rates are small: programs print them by significant digits. */
function rate(p: Program, x: number, into: number[]): string {
  const text = p.plan.every > 10 ? x.toExponential(2) : `${Number(x.toPrecision(4))}`;
  into.push(Number(text));
  return text;
}

function metrics(p: Program, course: Course, i: number, out: Curves): Field[] {
  if (p.aim !== null) {
    return p.aim.columns.map(([name, of]) => {
      const x = of === "exp" ? Math.exp(course.loss[i]!) : course[of][i]!;
      return { key: "loss", name, text: spelt(p, x, null) };
    });
  }
  const fields: Field[] = [];
  const name = p.validation.split ? neutralName(p.names) : p.names.loss;
  if (p.broken !== null && i >= p.plan.points - 3) {
    out.loss.push(p.broken.value);
    fields.push({ key: "loss", name, text: p.broken.text });
  } else fields.push({ key: "loss", name, text: spelt(p, course.loss[i]!, out.loss) });
  if (p.validation.how === "column")
    fields.push({ key: "val", name: p.names.val, text: spelt(p, course.val[i]!, out.validation) });
  if (p.shows.accuracy)
    fields.push({ key: "accuracy", name: p.names.accuracy, text: spelt(p, course.accuracy[i]!, null) });
  if (p.shows.lr) fields.push({ key: "lr", name: p.names.lr, text: rate(p, course.lr[i]!, out.lr) });
  if (p.shows.gradNorm)
    fields.push({
      key: "gradNorm",
      name: p.names.gradNorm,
      text: spelt(p, course.gradNorm[i]!, out.gradNorm),
    });
  return fields;
}

function noiseAt(p: Program, where: Noise["where"], i: number, best: number): string[] {
  return p.noise
    .filter((n) => n.where === where && (where !== "between" || p.random() < 0.2))
    .flatMap((n) => [...n.lines(p.random, i, best)]);
}

/** Lines that stay one after the other; `bare` are those of a bar or of data, which carry no prefix. */
interface Line {
  readonly text: string;
  readonly bare: boolean;
}

function runOf(p: Program): { lines: Line[]; told: ToldRun } {
  const course = courseOf(
    p.random,
    p.plan.points,
    p.task,
    pick(p.random, SCHEDULES, p.layout.half, () => true),
  );
  const out: Curves = { loss: [], validation: [], lr: [], gradNorm: [] };
  const lines: Line[] = [];
  const say = (texts: readonly string[], bare = false): void => {
    for (const text of texts) lines.push({ text, bare });
  };
  const machine = p.layout.kind === "bar" || p.layout.kind === "data";
  say(noiseAt(p, "above", 0, course.loss[0]!));
  const split = p.aim === null ? p.validation.split : undefined;
  const often = p.counter.epochs ? 1 : p.plan.perEpoch;
  let record: readonly Field[] = [];
  for (let i = 0; i < p.plan.points; i++) {
    const counters = p.counter.fields(i, p.plan, p.names);
    const extras = p.extras.map(
      (e): Field => ({ key: "extra", name: e.name, text: e.text(p.random, i, p.plan.points) }),
    );
    const tag: Field[] = split && split[0] !== "" ? [{ key: "word", name: split[0], text: split[1] }] : [];
    record = [...tag, ...counters, ...metrics(p, course, i, out), ...extras];
    if (i === 0) say(p.layout.head?.(record) ?? []);
    const [first = "", ...more] = p.layout.write(record, i);
    say([split?.[0] === "" ? split[1] + first : first, ...more], machine);
    if (p.validation.write && p.aim === null && i % often === often - 1) {
      const loss: Field = { key: "val", name: p.names.val, text: spelt(p, course.val[i]!, out.validation) };
      say(p.validation.write(loss, counters, p.layout, p.names), p.layout.kind === "data");
    }
    say(noiseAt(p, "between", i, Math.min(...course.loss.slice(0, i + 1))));
  }
  say(p.layout.foot?.(record) ?? []);
  say(noiseAt(p, "below", 0, Math.min(...course.loss)));
  const at = p.counter.at;
  const steps = at && Array.from({ length: p.plan.points }, (_, i) => at(i, p.plan));
  return {
    lines,
    told: { ...out, steps, epochRecords: p.counter.id === "epoch-batch" ? p.plan.perEpoch : null },
  };
}

/** One log. The same seed and half give the same text. */
export function write(seed: number, half: Half): Written {
  const random = randomFrom(2 * seed + half);
  const p = programOf(random, half);
  const prefix = pick(random, PREFIXES, half, () => true);
  const noisy = p.noise.length > 0 || p.validation.kinds.length === 0;
  const paste = pick(random, PASTES, half, (e) => !(e.spoils && p.layout.kind === "data") || noisy);
  const start = pick(random, STARTS, half, (s) => s.runs === 1 || p.counter.at !== null);
  const texts: string[] = [];
  const runs: ToldRun[] = [];
  for (let k = 1; k <= start.runs; k++) {
    const { lines, told } = runOf(p);
    runs.push(told);
    const above = start.lines(k, start.runs).map((text): Line => ({ text, bare: true }));
    for (const { text, bare } of [...above, ...lines])
      texts.push(bare || text === "" ? text : prefix.text(7 * texts.length, texts.length) + text);
  }
  return {
    text: paste.change(texts),
    runs,
    objective: p.aim?.objective ?? "loss",
    style: styleOf(p, [prefix, paste, start]),
  };
}

function styleOf(p: Program, around: readonly { readonly id: string }[]): string[] {
  const [prefix, paste, start] = around;
  const one = {
    layout: p.layout,
    names: p.names,
    counter: p.counter,
    numbers: p.spelling,
    validation: p.validation,
    prefix,
    paste,
    start,
    aim: p.aim,
    broken: p.broken,
  };
  const named = Object.entries(one).flatMap(([dimension, e]) => (e ? [`${dimension}:${e.id}`] : []));
  return [...named, ...p.noise.map((n) => `noise:${n.id}`), ...p.extras.map((e) => `extra:${e.id}`)];
}

/** How many elements there are in the half. */
export function elementCount(half: Half): number {
  const tables = [
    LAYOUTS,
    NAMES,
    COUNTERS,
    SPELLINGS,
    VALIDATIONS,
    PREFIXES,
    PASTES,
    STARTS,
    AIMS,
    BROKEN,
    NOISE,
    EXTRAS,
    SCHEDULES,
  ];
  return tables.flat().filter((e) => e.half === half).length;
}
