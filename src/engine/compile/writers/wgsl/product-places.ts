import type { View } from "../../../graph/strided.ts";
import type { Buffer, MatmulKernel } from "../../kernels.ts";
import { digitsOf } from "../../passes/gather-products.ts";
import {
  digits,
  type KernelText,
  perElement,
  placeOf,
  SCRATCH,
  sizeText,
  type Traits,
} from "./kernel-text.ts";
import { load, store } from "./types.ts";

/** Of C = A·B for each of `lead` indices: C is m × n, and k terms are added up. */
export interface Sizes {
  readonly lead: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** An index that is taken apart into digits of an axis each: the words that it moves. */
interface Index {
  readonly axes: readonly Axis[];
}

export interface Places {
  /** The functions: a_lead, a_row, a_column, b_lead, b_row and b_column of an index; an element's word is the sum of the three. */
  readonly text: string;
  /** Whether A's and B's last axis is the one that moves by single words. */
  readonly innermost: { readonly a: boolean; readonly b: boolean };
}

const axesOf = ({ shape, strides }: View): Axis[] => shape.map((size, d) => ({ size, stride: strides[d]! }));

/** B may be stored nowhere, but be a view through another view: each of its axes then is some axes of that one. */
function matrixAxes(view: View, through?: View): { lead: Index; row: Index; column: Index } {
  const axes = axesOf(view);
  const apart = ({ size, stride }: Axis): readonly Axis[] =>
    through === undefined ? [{ size, stride }] : stride === 0 ? [] : digitsOf(through, size, stride);
  const [row, column] = axes.slice(-2).map((axis) => ({ axes: apart(axis) })) as [Index, Index];
  const lead = axes.slice(0, -2).map((axis) => ({ size: axis.size, stride: apart(axis)[0]?.stride ?? 0 }));
  return { lead: { axes: lead }, row, column };
}

/** A function of an index. A stride of one word stays in the text. */
function placeFunction(name: string, { axes }: Index): string {
  const moving = axes.filter((a) => a.size !== 1);
  if (moving.every((a) => a.stride === 0)) return `fn ${name}(i: u32) -> u32 { return 0u; }`;
  const terms = moving.flatMap(({ stride }, d) =>
    stride === 0 ? [] : [stride === 1 ? `d${d}` : `d${d} * ${sizeText(stride, name)}`],
  );
  const apart = digits("i", moving.map((a) => a.size), (d) => `d${d}`, sizeText); // biome-ignore format: one line
  return `fn ${name}(i: u32) -> u32 {\n${apart}\n  return ${terms.join(" + ")};\n}`;
}

export function placesOf({ a, b, through }: MatmulKernel): Places {
  const [ofA, ofB] = [matrixAxes(a.view), matrixAxes(b.view, through)];
  const functions = Object.entries({
    a_lead: ofA.lead, a_row: ofA.row, a_column: ofA.column, b_lead: ofB.lead, b_row: ofB.row, b_column: ofB.column,
  }); // biome-ignore format: a record
  return {
    text: `${functions.map(([name, index]) => placeFunction(name, index)).join("\n")}\n`,
    innermost: { a: ofA.column.axes.at(-1)?.stride === 1, b: ofB.column.axes.at(-1)?.stride === 1 },
  };
}

/** The word of A's matrix of leading index `lead`, and of B's. */
export const matrixWords = ({ a, b, through }: MatmulKernel): string =>
  `  let start_a = ${placeOf(a.buffer, a.view.offset)} + a_lead(lead); let start_b = ${placeOf(b.buffer, (through ?? b.view).offset)} + b_lead(lead);`;

/** Where a product's inner axis is cut, C lies behind the program's buffers, part after part. */
export const partWord = (to: Buffer, parts: number): string =>
  parts === 1 ? placeOf(to) : `${SCRATCH} + part * ${sizeText(to.count, "count")}`;

/** The dispatch that adds the parts up in their order. */
export function addParts(to: Buffer, parts: number, { barriers }: Pick<Traits, "barriers">): KernelText {
  const body = [
    "  var total = 0.0f;",
    `  for (var part = 0u; part < ${sizeText(parts, "parts")}; part++) { total += ${load("float32", `${partWord(to, parts)} + i`)}; }`,
    `  ${store("float32", `${placeOf(to)} + i`, "total")}`,
  ];
  return { ...perElement(to.count, body.join("\n"), { barriers }), uses: new Set() };
}
