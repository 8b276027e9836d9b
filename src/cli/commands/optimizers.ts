/** `steepest optimizers [name]`: the table, or one row in full. */
import { type OptimizerEntry, optimizerEntry, optimizers, showRange } from "../../optim/index.ts";
import type { Invocation } from "../commands.ts";
import { table } from "../terminal.ts";

export async function run({ args: [name], terminal, json }: Invocation): Promise<undefined> {
  const rows = name === undefined ? optimizers : [optimizerEntry(name)];
  if (json) {
    terminal.print(JSON.stringify({ schema: "steepest.optimizers/1", optimizers: rows.map(describe) }));
    return;
  }
  if (name === undefined) {
    terminal.print(table(rows.map((o) => [o.name, o.elsewhere.pytorch ?? "", o.purpose])));
    return;
  }
  const [row] = rows;
  terminal.print(`${row!.name}: ${row!.purpose}\n${row!.paper.cite}\n${row!.paper.equation}\n`);
  terminal.print(table(row!.options.map((o) => [o.name, showDefault(o.default), rangeOf(o), o.description])));
}

const showDefault = (value: unknown): string => (Array.isArray(value) ? value.join(",") : String(value));

const rangeOf = (o: OptimizerEntry["options"][number]): string =>
  o.type === "number" || o.type === "numbers" ? showRange(o) : o.type === "choice" ? o.choices.join("|") : "";

const describe = (o: OptimizerEntry): unknown => ({
  name: o.name,
  purpose: o.purpose,
  paper: o.paper,
  elsewhere: o.elsewhere,
  stabilityLimit: o.stabilityLimit?.rule ?? null,
  options: o.options.map((option) => ({
    name: option.name,
    default: option.default,
    range: rangeOf(option),
    description: option.description,
  })),
});
