/** `steepest schedules`: the table. */
import { describeRange, schedules } from "../../optim/schedules/index.ts";
import type { Invocation } from "../commands.ts";
import { table } from "../terminal.ts";

export async function run({ terminal, json }: Invocation): Promise<undefined> {
  if (json) {
    const rows = schedules.map(({ name, description, formula, reference, options, aliases }) => ({
      name,
      description,
      formula,
      reference,
      options: Object.fromEntries(
        Object.entries(options).map(([key, o]) => [
          key,
          { type: o.type, default: o.default ?? null, range: describeRange(o), description: o.description },
        ]),
      ),
      aliases: aliases.map(({ name: alias, library }) => ({ name: alias, library })),
    }));
    terminal.print(JSON.stringify({ schema: "steepest.schedules/1", schedules: rows }));
    return;
  }
  terminal.print(table(schedules.map((s) => [s.name, s.description])));
}
