/** How programs say where they are. */
import type { Names } from "./names.ts";
import type { Element } from "./told.ts";

export interface Field {
  /** What the number is; "word" is text. */
  readonly key: "counter" | "loss" | "val" | "lr" | "gradNorm" | "accuracy" | "extra" | "word";
  readonly name: string;
  readonly text: string;
}

/** How far a run goes: `points` records, one every `every` steps, `perEpoch` records an epoch. */
export interface Plan {
  readonly points: number;
  readonly every: number;
  readonly perEpoch: number;
  /** Steps of an epoch: not always a multiple of `every`. */
  readonly batches: number;
  /** 0 or 1: where the program begins to count. */
  readonly base: number;
}

export interface Counter extends Element {
  /** One record an epoch. */
  readonly epochs?: true;
  /** Prints n/N as its last field. */
  readonly bounded?: true;
  readonly fields: (i: number, plan: Plan, names: Names) => readonly Field[];
  /** The step of record i, up to an offset and a unit. */
  readonly at: ((i: number, plan: Plan) => number) | null;
}

const field = (name: string, text: string | number): Field => ({ key: "counter", name, text: `${text}` });
const epochOf = (i: number, p: Plan): number => Math.floor(i / p.perEpoch);
const batchOf = (i: number, p: Plan): number => (i % p.perEpoch) * p.every;
const across = (i: number, p: Plan): number => epochOf(i, p) * p.batches + batchOf(i, p);
const even = (i: number, p: Plan): number => i * p.every;
const epochs = (p: Plan): number => Math.ceil(p.points / p.perEpoch);
const thousands = (n: number): string => `${n}`.replace(/\B(?=(\d{3})+$)/g, ",");

export const COUNTERS: readonly Counter[] = [
  { id: "step", half: 0, at: even, fields: (i, p, n) => [field(n.step, even(i, p) + p.base)] },
  {
    id: "step-of",
    half: 0,
    bounded: true,
    at: even,
    fields: (i, p, n) => [field(n.step, `${even(i, p) + p.base}/${p.points * p.every}`)],
  },
  {
    id: "step-padded",
    half: 0,
    at: even,
    fields: (i, p, n) => [field(n.step, `${even(i, p) + p.base}`.padStart(6, "0"))],
  },
  { id: "epoch", half: 0, epochs: true, at: (i) => i, fields: (i, p, n) => [field(n.epoch, i + p.base)] },
  {
    id: "epoch-of",
    half: 0,
    epochs: true,
    bounded: true,
    at: (i) => i,
    fields: (i, p, n) => [field(n.epoch, `${i + 1}/${p.points}`)],
  },
  {
    id: "epoch-batch",
    half: 0,
    // how long an epoch is, the log does not say: as long as its records are apart
    at: even,
    fields: (i, p, n) => [field(n.epoch, epochOf(i, p) + p.base), field(n.batch, batchOf(i, p))],
  },
  {
    id: "epoch-batch-of",
    half: 0,
    bounded: true,
    at: across,
    fields: (i, p, n) => [
      field(n.epoch, `${epochOf(i, p) + 1}/${epochs(p)}`),
      field(n.batch, `${batchOf(i, p) + p.base}/${p.batches}`),
    ],
  },
  { id: "nothing", half: 0, at: null, fields: () => [] },
  { id: "thousands", half: 1, at: even, fields: (i, _, n) => [field(n.step, thousands((i + 1) * 640))] },
  {
    id: "epoch-fraction",
    half: 1,
    at: even,
    fields: (i, _, n) => [field(n.epoch, ((i + 1) * 0.04).toFixed(2))],
  },
  {
    id: "epoch-global",
    half: 1,
    at: even,
    fields: (i, p, n) => [field(n.epoch, epochOf(i, p) + p.base), field(n.step, even(i, p) + p.base)],
  },
  {
    id: "global-epoch",
    half: 1,
    at: even,
    fields: (i, p, n) => [field(n.step, even(i, p) + p.base), field(n.epoch, epochOf(i, p))],
  },
  { id: "kilo", half: 1, at: even, fields: (i, _, n) => [field(n.step, `${i + 1}k`)] },
  { id: "hash", half: 1, at: even, fields: (i, p, n) => [field(n.step, `#${even(i, p) + p.base}`)] },
  {
    id: "epoch-percent",
    half: 1,
    at: even,
    fields: (i, p, n) => [
      field(n.epoch, epochOf(i, p) + 1),
      field("", `${Math.round((100 * ((i % p.perEpoch) + 1)) / p.perEpoch)}%`),
    ],
  },
  {
    id: "of-words",
    half: 1,
    at: even,
    fields: (i, p, n) => [field(n.step, `${even(i, p) + p.base} of ${p.points * p.every}`)],
  },
  {
    id: "epoch-bracket-batch",
    half: 1,
    bounded: true,
    at: across,
    fields: (i, p, n) => [field(n.epoch, `${epochOf(i, p) + 1} [${batchOf(i, p)}/${p.batches}]`)],
  },
  {
    id: "epoch-words",
    half: 1,
    epochs: true,
    at: (i) => i,
    fields: (i, p, n) => [field(n.epoch, `${i + 1} of ${p.points}`)],
  },
];
