/** Writes the kernels that are neither loops nor products: fills, copies, rows by index. */
import type { CopyKernel, FillKernel, RowsKernel } from "../../kernels.ts";
import { digits, type KernelText, perElement, placeOf, type Traits } from "./kernel-text.ts";
import { literal, load, MEMORY, store } from "./types.ts";

const NONE: KernelText["uses"] = new Set();

export function writeFill({ to, value }: FillKernel, traits: Traits): KernelText[] {
  if (to.count === 0) return [];
  const body = `  ${store(to.dtype, `${placeOf(to)} + i`, literal(to.dtype, value))}`;
  return [{ ...perElement(to.count, body, traits), uses: NONE }];
}

export function writeCopy({ from, to }: CopyKernel, traits: Traits): KernelText[] {
  if (to.count === 0) return [];
  const body = `  ${MEMORY}[${placeOf(to)} + i] = ${MEMORY}[${placeOf(from)} + i];`;
  return [{ ...perElement(to.count, body, traits), uses: NONE }];
}

/** Invocations that a device runs at once, roughly; and how much longer a step takes that waits for the one before. */
const AT_ONCE = 4096;
const WAITING = 4;

/**
 * Rows copied from a table, an invocation for each element; or added to it. Rows of equal index are added in their order:
 * either each place of the table looks for its rows, or each column walks through all of them, whichever is less. In software
 * it is the walk.
 */
export function writeRows(
  { kind, indices, table, rows, tableRows, width }: RowsKernel,
  traits: Traits,
): KernelText[] {
  if (indices.count === 0 || width === 0) return [];
  const { dtype } = table;
  const index = (row: string): string =>
    `u32(clamp(${load("int32", `${placeOf(indices)} + ${row}`)}, 0, ${tableRows - 1}))`;
  if (kind === "gather") {
    const body = [
      digits("i", [indices.count, width], (d) => ["row", "j"][d]!),
      `  let start = ${placeOf(table)} + ${index("row")} * ${width}u + j;`,
      `  ${MEMORY}[${placeOf(rows)} + i] = ${MEMORY}[start];`,
    ];
    return [{ ...perElement(rows.count, body.join("\n"), traits), uses: NONE }];
  }
  const rounds = (places: number): number => Math.ceil(places / AT_ONCE);
  const added = (j: string): string => load(dtype, `${placeOf(rows)} + row * ${width}u + ${j}`);
  if (traits.barriers === "cheap" && rounds(tableRows * width) <= WAITING * rounds(width)) {
    const body = [
      digits("i", [tableRows, width], (d) => ["mine", "j"][d]!),
      `  let to = ${placeOf(table)} + i;`,
      `  var total = ${load(dtype, "to")};`,
      `  for (var row = 0u; row < ${indices.count}u; row++) {`,
      `    if (${index("row")} == mine) { total += ${added("j")}; }`,
      "  }",
      `  ${store(dtype, "to", "total")}`,
    ];
    return [{ ...perElement(tableRows * width, body.join("\n"), traits), uses: NONE }];
  }
  const body = [
    `  for (var row = 0u; row < ${indices.count}u; row++) {`,
    `    let to = ${placeOf(table)} + ${index("row")} * ${width}u + i;`,
    `    ${store(dtype, "to", `${load(dtype, "to")} + ${added("i")}`)}`,
    "  }",
  ];
  return [{ ...perElement(width, body.join("\n"), traits), uses: NONE }];
}
