/** The table of the lesson's claims. An experiment's code is loaded when it runs. */

import { closest, SteepestError } from "../run/errors.ts";
import type { Row } from "../run/table.ts";
import type { ClaimResult, Experiment, Picture, Settings } from "./claim.ts";
import type { LessonContext } from "./context.ts";

/** The parts of the lesson that claims belong to, in its order. */
export const groups = [
  "walkthrough",
  "sgd-v-adam",
  "learning-rate",
  "convergence",
  "noise",
  "momentum",
  "adaptive",
  "flat-minima",
  "schedules",
  "clipping",
] as const;

/** One claim of the table: its experiment is loaded when it is run. */
export interface ClaimRow extends Row {
  readonly group: (typeof groups)[number];
  readonly load: () => Promise<Experiment>;
}

const walkthrough = (): Promise<typeof import("./claims/walkthrough.ts")> =>
  import("./claims/walkthrough.ts");

/** In the order of the audit: the programs as written, then what is said about them and beside them. */
export const claims: readonly ClaimRow[] = [
  {
    name: "walkthrough-sgd",
    group: "walkthrough",
    about: "The first program: SGD",
    load: async () => (await walkthrough()).walkthroughSgd,
  },
  {
    name: "walkthrough-adam",
    group: "walkthrough",
    about: "The first program: Adam",
    load: async () => (await walkthrough()).walkthroughAdam,
  },
  {
    name: "walkthrough-gd-5",
    group: "walkthrough",
    about: "The second program: learning rate 5.0",
    load: async () => (await walkthrough()).walkthroughTooHigh,
  },
  {
    name: "walkthrough-gd-0.5",
    group: "walkthrough",
    about: "The second program: learning rate 0.5",
    load: async () => (await walkthrough()).walkthroughGood,
  },
  {
    name: "walkthrough-gd-0.001",
    group: "walkthrough",
    about: "The second program: learning rate 0.001",
    load: async () => (await walkthrough()).walkthroughTooLow,
  },
  {
    name: "C1",
    group: "sgd-v-adam",
    about: "SGD ends the walkthrough at 0.48",
    load: async () => (await import("./claims/c01.ts")).experiment,
  },
  {
    name: "C2",
    group: "sgd-v-adam",
    about: "Adam ends the walkthrough at 0.05",
    load: async () => (await import("./claims/c02.ts")).experiment,
  },
  {
    name: "C3",
    group: "sgd-v-adam",
    about: "The two have the same learning rate budget",
    load: async () => (await import("./claims/c03.ts")).experiment,
  },
  {
    name: "C4",
    group: "sgd-v-adam",
    about: "Adam is about 10× faster on ill-conditioned problems",
    load: async () => (await import("./claims/c04.ts")).experiment,
  },
  {
    name: "C5",
    group: "learning-rate",
    about: "Learning rate 5.0 diverges",
    load: async () => (await import("./claims/c05.ts")).experiment,
  },
  {
    name: "C6",
    group: "learning-rate",
    about: "Learning rate 0.5 converges smoothly",
    load: async () => (await import("./claims/c06.ts")).experiment,
  },
  {
    name: "C7",
    group: "learning-rate",
    about: "Learning rate 0.001 barely moves",
    load: async () => (await import("./claims/c07.ts")).experiment,
  },
  {
    name: "C8",
    group: "convergence",
    about: "Full-batch descent is guaranteed",
    load: async () => (await import("./claims/c08.ts")).experiment,
  },
  {
    name: "C9",
    group: "convergence",
    about: "Convex: the gap falls as 1/k",
    load: async () => (await import("./claims/c09.ts")).experiment,
  },
  {
    name: "C10",
    group: "convergence",
    about: "Strongly convex: the gap falls exponentially",
    load: async () => (await import("./claims/c10.ts")).experiment,
  },
  {
    name: "C11",
    group: "noise",
    about: "SGD converges to a neighbourhood",
    load: async () => (await import("./claims/c11.ts")).experiment,
  },
  {
    name: "C12",
    group: "noise",
    about: "Noise escapes saddles and local minima",
    load: async () => (await import("./claims/c12.ts")).experiment,
  },
  {
    name: "C13",
    group: "noise",
    about: "Mini-batches have lower variance",
    load: async () => (await import("./claims/c13.ts")).experiment,
  },
  {
    name: "C14",
    group: "momentum",
    about: "Momentum damps ravines and accelerates",
    load: async () => (await import("./claims/c14.ts")).experiment,
  },
  {
    name: "C15",
    group: "adaptive",
    about: "Bias correction avoids a cold start",
    load: async () => (await import("./claims/c15.ts")).experiment,
  },
  {
    name: "C16",
    group: "adaptive",
    about: "Without Adam rare tokens learn too slowly",
    load: async () => (await import("./claims/c16.ts")).experiment,
  },
  {
    name: "C17",
    group: "momentum",
    about: "The right step size spirals in",
    load: async () => (await import("./claims/c17.ts")).experiment,
  },
  {
    name: "C18",
    group: "flat-minima",
    about: "Small rates stay in sharp minima, large ones find flat ones",
    load: async () => (await import("./claims/c18.ts")).experiment,
  },
  {
    name: "C18b",
    group: "flat-minima",
    about: "The same in two dimensions",
    load: async () => (await import("./claims/c18b.ts")).experiment,
  },
  {
    name: "C18c",
    group: "flat-minima",
    about: "Flat minima generalise better",
    load: async () => (await import("./claims/c18c.ts")).experiment,
  },
  {
    name: "C19",
    group: "learning-rate",
    about: "The table of learning-rate symptoms",
    load: async () => (await import("./claims/c19.ts")).experiment,
  },
  {
    name: "C20",
    group: "learning-rate",
    about: "The rate finder: 10× below the minimum",
    load: async () => (await import("./claims/c20.ts")).experiment,
  },
  {
    name: "C21",
    group: "learning-rate",
    about: "The rate finder is the 1-cycle rule",
    load: async () => (await import("./claims/c21.ts")).experiment,
  },
  {
    name: "C22",
    group: "schedules",
    about: "CosineAnnealingLR has warm restarts",
    load: async () => (await import("./claims/c22.ts")).experiment,
  },
  {
    name: "C23",
    group: "schedules",
    about: "Cosine is the best default, and the standard",
    load: async () => (await import("./claims/c23.ts")).experiment,
  },
  {
    name: "C24",
    group: "clipping",
    about: "Clipping by norm keeps the direction",
    load: async () => (await import("./claims/c24.ts")).experiment,
  },
  {
    name: "C25",
    group: "adaptive",
    about: "AdamW decouples weight decay",
    load: async () => (await import("./claims/c25.ts")).experiment,
  },
  {
    name: "C26",
    group: "adaptive",
    about: "Adam may generalise slightly worse",
    load: async () => (await import("./claims/c26.ts")).experiment,
  },
  {
    name: "C27",
    group: "adaptive",
    about: "LAMB scales to very large batches",
    load: async () => (await import("./claims/c27.ts")).experiment,
  },
  {
    name: "C28",
    group: "adaptive",
    about: "Adam is faster than SGD on language",
    load: async () => (await import("./claims/c28.ts")).experiment,
  },
  {
    name: "C29",
    group: "schedules",
    about: "Schedules help",
    load: async () => (await import("./claims/c29.ts")).experiment,
  },
  {
    name: "C30",
    group: "sgd-v-adam",
    about: "BCELoss on a sigmoid is fine",
    load: async () => (await import("./claims/c30.ts")).experiment,
  },
];

/** A claim's result, with the charts of what was measured. */
export interface RanClaim {
  readonly result: ClaimResult;
  readonly figures: () => Readonly<Record<string, Picture>>;
}

/** Runs one claim. `settings` replaces some of the experiment's own: then it is another experiment. */
export async function runClaim(
  row: ClaimRow,
  context: LessonContext,
  settings: Settings = {},
): Promise<RanClaim> {
  const { run, claim, claimed, settings: own } = await row.load();
  for (const name of Object.keys(settings)) {
    if (Object.hasOwn(own, name)) continue;
    const near = closest(name, Object.keys(own));
    throw new SteepestError("usage", `${row.name} has no setting "${name}"`, {
      help: near ? `did you mean "${near}"?` : `it has ${Object.keys(own).join(", ")}`,
    });
  }
  const { figures = () => ({}), ...outcome } = await run(context, { ...own, ...settings });
  return { result: { id: row.name, claim, claimed, ...outcome }, figures };
}

/** The rows that a list of ids, groups and ranges names ("C5,C18b,walkthrough,c8-c10"), in the table's order, each once. */
export function selectClaims(list: string): readonly ClaimRow[] {
  const places = new Set(list.split(",").flatMap((part) => placesOf(part.trim())));
  return claims.filter((_, i) => places.has(i));
}

function placesOf(part: string): number[] {
  const name = part.toLowerCase();
  const place = (id: string): number => claims.findIndex((row) => row.name.toLowerCase() === id);
  if (place(name) >= 0) return [place(name)];
  const members = claims.flatMap((row, i) => (row.group === name ? [i] : []));
  if (members.length > 0) return members;
  const range = /^(c\d+[a-z]?)\s*(?:-|\.\.)\s*(c?\d+[a-z]?)$/.exec(name);
  if (range) {
    const [from, to] = [place(range[1]!), place(range[2]!.replace(/^c?/, "c"))];
    if (from >= 0 && to >= from) return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  }
  const known = [...groups, ...claims.map((row) => row.name)];
  const near = closest(
    name,
    known.map((k) => k.toLowerCase()),
  );
  const help = near
    ? `did you mean "${known.find((k) => k.toLowerCase() === near)}"?`
    : `name ids (C1 to ${claims.at(-1)!.name}), ranges (C5-C8) or groups (${groups.join(", ")}); steepest lesson --list shows all`;
  throw new SteepestError("usage", `the lesson has no claim "${part}"`, { help });
}
