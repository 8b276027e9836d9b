/**
 * Tables of families (optimizers, schedules, clips, losses, surfaces, rules, formats, claims, backends, commands): one row
 * a member, whose fields have the same names everywhere. A table is a list in the plural (`optimizers`); `findX` gives the
 * row of a name, `makeX` what it describes.
 */
import { closest, SteepestError } from "./errors.ts";

/** What every row says of itself. */
export interface Row {
  /** As run files, flags and messages write it. */
  readonly name: string;
  /** What it does, shows or is for, in a line. */
  readonly about: string;
}

/** Where a formula was written down first, or what defines it. */
export interface Source {
  readonly cite: string;
  readonly url?: string;
}

/** What the same thing is called in other libraries; null where they have none. */
export interface Elsewhere {
  readonly pytorch: string | null;
  readonly optax: string | null;
  readonly keras: string | null;
  readonly hf: string | null;
}

/** Letters and digits, without the word that all losses of PyTorch end with: CrossEntropyLoss, cross-entropy. */
const plain = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]/g, "")
    .replace(/loss$/, "");

/** Whether this is what other libraries call the row, in whatever case. */
const isCalled = (row: { readonly elsewhere?: object }, name: string): boolean =>
  Object.values(row.elsewhere ?? {}).some(
    (other) => typeof other === "string" && plain(other.slice(other.lastIndexOf(".") + 1)) === plain(name),
  );

/** The row of this name. Throws `code` with the row of that name elsewhere, with the closest name, or with all of them. */
export function findRow<R extends { readonly name: string; readonly elsewhere?: object }>(
  rows: readonly R[],
  name: string,
  { code, missing }: { readonly code: string; readonly missing: string },
): R {
  const found = rows.find((row) => row.name === name);
  if (found !== undefined) return found;
  const names = rows.map((row) => row.name);
  const near = rows.find((row) => isCalled(row, name))?.name ?? closest(name, names);
  throw new SteepestError(code, missing, {
    help: near ? `did you mean "${near}"?` : `choose one of ${names.join(", ")}`,
  });
}
