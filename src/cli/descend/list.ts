/** `steepest descend` without a surface: which there are, and all about one. */
import { showRange } from "../../optim/index.ts";
import { showNumber } from "../../run/show-number.ts";
import { findSurface, type SurfaceRow, showPlace, surfaces } from "../../surface/index.ts";
import type { Invocation } from "../command.ts";
import { table } from "../terminal.ts";

export function list(
  name: string | undefined,
  { terminal, json }: Pick<Invocation, "terminal" | "json">,
): undefined {
  const rows = name === undefined ? surfaces : [findSurface(name)];
  if (json) {
    terminal.print(JSON.stringify({ schema: "steepest.surfaces/1", surfaces: rows.map(describe) }));
    return;
  }
  if (name === undefined) {
    terminal.print(table(rows.map((s) => [s.name, s.about])));
    terminal.print("\nsteepest descend NAME --list tells formula, options and minima.");
    terminal.print("Any formula works as well: steepest descend 'x^2 + 10*y^2' --from 3,1");
    return;
  }
  const [row] = rows as [SurfaceRow];
  const { start, minima } = row.make();
  terminal.print(`${row.label}: f = ${row.formula}${row.source ? ` (${row.source.cite})` : ""}`);
  terminal.print(row.about);
  terminal.print(`starts from ${showPlace(start)}`);
  for (const m of minima) terminal.print(`${m.kind} minimum ${showNumber(m.value)} at ${showPlace(m.at)}`);
  if (row.options.length === 0) return;
  terminal.print("");
  terminal.print(
    table(
      row.options.map((o) => [
        `--${o.name}`,
        String(o.default),
        o.type === "number" ? showRange(o) : "",
        o.description,
      ]),
    ),
  );
}

function describe(row: SurfaceRow): unknown {
  const { make, ...rest } = row;
  const { variables, start, domain, minima } = make();
  return { ...rest, variables, start, domain, minima };
}
