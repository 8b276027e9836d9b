/** The function that is raced on: of the table, or typed. */
import { SteepestError } from "steepest/run";
import {
  type Descent,
  type Evaluator,
  evaluator,
  makeSurface,
  parseFormula,
  type Surface,
} from "steepest/surface";
import { FORMULA } from "./view.ts";

/** A name of the table, or a formula over −span…span. */
export interface Ground {
  readonly on: string;
  readonly f: string;
  readonly span: number;
}

export interface Opened {
  readonly key: string;
  readonly surface: Surface;
  readonly evaluate: Evaluator;
  /** Compiled programs by what they were compiled for. */
  readonly descents: Map<string, Descent>;
  /** The best rates found, by optimizer and options. */
  readonly best: Map<string, number>;
}
let opened: Opened | undefined;

/** The last one stays open: another rate or start needs no new program. */
export async function open({ on, f, span }: Ground): Promise<Opened> {
  const key = on === FORMULA ? `${f}\n${span}` : on;
  if (opened?.key === key) return opened;
  const surface = on === FORMULA ? await formulaSurface(f, span) : makeSurface(on);
  opened = { key, surface, evaluate: evaluator(surface), descents: new Map(), best: new Map() };
  return opened;
}

/** Throws `formula`, also where it has more variables than the picture. */
export async function formulaSurface(f: string, span = 1): Promise<Surface> {
  const { variables } = await parseFormula(f);
  if (variables.length > 2) {
    throw new SteepestError(
      "formula",
      `the formula has ${variables.length} variables: ${variables.join(", ")}`,
      {
        help: "this picture has two; put numbers in the place of the others",
      },
    );
  }
  const [first] = variables as [string];
  const both = variables.length === 2 ? variables : [first, first === "y" ? "x" : "y"];
  const side = [-span, span] as const;
  return parseFormula(f, { variables: both, domain: [side, side], start: [0.6 * span, 0.7 * span] });
}
