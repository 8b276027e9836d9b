/** `steepest optimizers [name]`: the table, or one row in full. */

import { optimizerCost } from "../../handoff/plan/optimizer-cost.ts";
import {
  type Elsewhere,
  findOptimizer,
  type OptimizerRow,
  optimizers,
  showRange,
} from "../../optim/index.ts";
import { showNumber } from "../../run/show-number.ts";
import type { Invocation } from "../command.ts";
import { table } from "../terminal.ts";

export async function run({ args: [name], terminal, json }: Invocation): Promise<undefined> {
  const rows = name === undefined ? optimizers : [findOptimizer(name)];
  if (json) {
    terminal.print(
      JSON.stringify({ schema: "steepest.optimizers/1", optimizers: rows.map(describeOptimizer) }),
    );
    return;
  }
  if (name === undefined) {
    terminal.print(
      table(rows.map((o) => [o.name, [o.about, bracketed(namesElsewhere(o))].join(" ").trimEnd()])),
    );
    return;
  }
  const row = rows[0]!;
  const { name: own, about, formula, source, stabilityLimit } = row;
  const lines = [`${own}: ${about}`, source.cite, formula, batchRule(row)];
  if (stabilityLimit) {
    const { rule, preconditioner } = stabilityLimit;
    lines.push(
      `stable on a quadratic while lr < ${rule}${preconditioner ? " (preconditioned Hessian)" : ""}`,
    );
  }
  lines.push(...costLines(row));
  const names = namesElsewhere(row);
  if (names !== "") lines.push(`elsewhere: ${names}`);
  terminal.print(`${lines.join("\n")}\n`);
  terminal.print(table(row.options.map((o) => [o.name, showDefault(o.default), rangeOf(o), o.description])));
}

/** What it keeps and computes, for tensors of two shapes. */
function costLines(row: OptimizerRow): string[] {
  const { matrix, vector } = optimizerCost(row);
  const numbers = (x: number): string => showNumber(Number(x.toPrecision(2)));
  const { elementwise, matmul, renewal } = matrix.operations;
  const more = [
    ...(matmul > 0 ? [`${numbers(matmul)} in products of matrices`] : []),
    ...(renewal > 0 ? [`up to ${numbers(renewal)} more at a step that renews its factors`] : []),
  ];
  return [
    `state: ${numbers(matrix.state)} numbers a weight of a ${matrix.shape.join(" × ")} matrix, ${numbers(vector.state)} of a vector`,
    `a step: ${[`${numbers(elementwise)} operations a weight of that matrix`, ...more].join(", ")}; ${numbers(vector.operations.total)} of a vector`,
  ];
}

/** How its rate follows the batch. */
export const batchRule = ({ kind, batchRule: rule }: OptimizerRow): string =>
  `${kind} updates: the best rate grows with the ${rule === "linear" ? "batch" : "square root of the batch"}`;

/** How people write the libraries. */
export const libraries: Readonly<Record<keyof Elsewhere, string>> = {
  pytorch: "PyTorch",
  optax: "optax",
  keras: "Keras",
  hf: "Hugging Face",
};

const namesElsewhere = ({ elsewhere }: OptimizerRow): string =>
  (Object.keys(libraries) as (keyof Elsewhere)[])
    .flatMap((key) => (elsewhere[key] === null ? [] : [`${libraries[key]} ${elsewhere[key]}`]))
    .join("; ");

const bracketed = (text: string): string => (text === "" ? "" : `[${text}]`);

const showDefault = (value: unknown): string => (Array.isArray(value) ? value.join(",") : String(value));

const rangeOf = (o: OptimizerRow["options"][number]): string =>
  o.type === "number" || o.type === "numbers" ? showRange(o) : o.type === "choice" ? o.choices.join("|") : "";

/** A row of the table as data. */
export const describeOptimizer = (o: OptimizerRow): unknown => ({
  name: o.name,
  kind: o.kind,
  batchRule: o.batchRule,
  purpose: o.about,
  paper: { ...o.source, equation: o.formula },
  elsewhere: o.elsewhere,
  stabilityLimit: o.stabilityLimit?.rule ?? null,
  cost: optimizerCost(o),
  options: o.options.map((option) => ({
    name: option.name,
    default: option.default,
    range: rangeOf(option),
    description: option.description,
  })),
});
