import { SteepestError } from "../../run/errors.ts";

/** Wider formulas are shown around the place only. */
const SHOWN = 72;

/** A complaint that points at a character of the formula; `at` counts from 0. */
export function formulaError(what: string, text: string, at: number | null, help: string): SteepestError {
  if (at === null) return new SteepestError("formula", `${what}: ${excerpt(text, 0)[0]}`, { help });
  const [shown, column] = excerpt(text, at);
  const where = `at character ${at + 1}\n  ${shown}\n  ${" ".repeat(column)}^`;
  return new SteepestError("formula", what, { where, help });
}

function excerpt(text: string, at: number): [shown: string, column: number] {
  const line = text.replace(/\s/g, " ");
  if (line.length <= SHOWN) return [line, at];
  const from = Math.max(0, Math.min(at - SHOWN / 2, line.length - SHOWN));
  const to = from + SHOWN;
  const [before, after] = [from > 0 ? "…" : "", to < line.length ? "…" : ""];
  return [`${before}${line.slice(from, to)}${after}`, at - from + before.length];
}

/** Where a name stands by itself in the formula, followed by a bracket if it is called; null when it does not. */
export function placeOf(
  name: string,
  text: string,
  { called = false }: { called?: boolean } = {},
): number | null {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const found = text.match(
    new RegExp(`(?<![\\p{L}\\p{N}_$.])${quoted}(?![\\p{L}\\p{N}_$])${called ? "(?=\\s*\\()" : ""}`, "u"),
  );
  return found?.index ?? null;
}
