/** Spellings of a number, with the value that the printed text stands for. */
import type { Element, Random } from "./told.ts";

export interface Spelling extends Element {
  /** Fit for JSON and the like, where only bare numbers go. */
  readonly bare: boolean;
  /** Has a comma in it, so that it can't stand between commas. */
  readonly comma?: true;
  /** Wider than a column of a table may be. */
  readonly wide?: true;
  readonly spell: (digits: string, random: Random) => string;
  /** The digits that hold the value, in JavaScript's spelling. */
  readonly digits: (x: number) => string;
}

const fixed =
  (n: number) =>
  (x: number): string =>
    x.toFixed(n);
const plain = (digits: string): string => digits;

export const SPELLINGS: readonly Spelling[] = [
  { id: "fixed-4", half: 0, bare: true, digits: fixed(4), spell: plain },
  { id: "fixed-6", half: 0, bare: true, digits: fixed(6), spell: plain },
  { id: "general-5", half: 0, bare: true, digits: (x) => `${Number(x.toPrecision(5))}`, spell: plain },
  {
    id: "exponent",
    half: 0,
    bare: true,
    digits: (x) => x.toExponential(4),
    spell: (d) => d.replace(/e([+-])(\d)$/, "e$10$2"),
  },
  { id: "repr", half: 0, bare: true, wide: true, digits: (x) => `${x}`, spell: plain },
  { id: "padded", half: 0, bare: false, digits: fixed(3), spell: (d) => d.padStart(8) },
  {
    id: "capital-exponent",
    half: 1,
    bare: true,
    digits: (x) => x.toExponential(3),
    spell: (d) => d.replace(/e([+-])(\d)$/, "E$10$2"),
  },
  { id: "float32", half: 1, bare: true, wide: true, digits: (x) => `${Math.fround(x)}`, spell: plain },
  {
    id: "decimal-comma",
    half: 1,
    bare: false,
    comma: true,
    digits: fixed(4),
    spell: (d) => d.replace(".", ","),
  },
  {
    id: "tensor",
    half: 1,
    bare: false,
    wide: true,
    digits: fixed(4),
    spell: (d) => `tensor(${d}, device='cuda:0', grad_fn=<NllLossBackward0>)`,
    comma: true,
  },
  { id: "numpy", half: 1, bare: false, wide: true, digits: fixed(5), spell: (d) => `np.float32(${d})` },
  { id: "no-leading-zero", half: 1, bare: false, digits: fixed(4), spell: (d) => d.replace(/^0\./, ".") },
  {
    id: "with-average",
    half: 1,
    bare: false,
    wide: true,
    digits: fixed(4),
    spell: (d, random) => `${d} (${(Number(d) * (1.05 + random() / 10)).toFixed(4)})`,
  },
  { id: "bracketed", half: 1, bare: false, digits: fixed(4), spell: (d) => `[${d}]` },
  {
    id: "fortran",
    half: 1,
    bare: false,
    digits: (x) => x.toExponential(5),
    spell: (d) => d.replace("e", "D").replace(/([+-])(\d)$/, "$10$2"),
  },
  { id: "two-decimals", half: 1, bare: true, digits: fixed(2), spell: plain },
];

/** How a run that breaks prints its last losses. */
export const BROKEN: readonly (Element & { readonly text: string; readonly value: number })[] = [
  { id: "nan", half: 0, text: "nan", value: Number.NaN },
  { id: "inf", half: 0, text: "inf", value: Number.POSITIVE_INFINITY },
  { id: "NaN", half: 1, text: "NaN", value: Number.NaN },
  { id: "windows-nan", half: 1, text: "-nan(ind)", value: Number.NaN },
];
