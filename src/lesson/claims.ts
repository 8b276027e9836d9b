/** The table of the lesson's claims. An experiment's code is loaded when it runs. */

import { closest, SteepestError } from "../run/errors.ts";
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
export interface ClaimRow {
  readonly id: string;
  readonly title: string;
  readonly group: (typeof groups)[number];
  readonly load: () => Promise<Experiment>;
}

const walkthrough = (): Promise<typeof import("./claims/walkthrough.ts")> =>
  import("./claims/walkthrough.ts");

/** In the order of the audit: the programs as written, then what is said about them and beside them. */
export const claims: readonly ClaimRow[] = [
  {
    id: "walkthrough-sgd",
    group: "walkthrough",
    title: "The first program: SGD",
    load: async () => (await walkthrough()).walkthroughSgd,
  },
  {
    id: "walkthrough-adam",
    group: "walkthrough",
    title: "The first program: Adam",
    load: async () => (await walkthrough()).walkthroughAdam,
  },
  {
    id: "walkthrough-gd-5",
    group: "walkthrough",
    title: "The second program: learning rate 5.0",
    load: async () => (await walkthrough()).walkthroughTooHigh,
  },
  {
    id: "walkthrough-gd-0.5",
    group: "walkthrough",
    title: "The second program: learning rate 0.5",
    load: async () => (await walkthrough()).walkthroughGood,
  },
  {
    id: "walkthrough-gd-0.001",
    group: "walkthrough",
    title: "The second program: learning rate 0.001",
    load: async () => (await walkthrough()).walkthroughTooLow,
  },
  {
    id: "C1",
    group: "sgd-v-adam",
    title: "SGD ends the walkthrough at 0.48",
    load: async () => (await import("./claims/c01.ts")).experiment,
  },
  {
    id: "C2",
    group: "sgd-v-adam",
    title: "Adam ends the walkthrough at 0.05",
    load: async () => (await import("./claims/c02.ts")).experiment,
  },
  {
    id: "C3",
    group: "sgd-v-adam",
    title: "The two have the same learning rate budget",
    load: async () => (await import("./claims/c03.ts")).experiment,
  },
  {
    id: "C4",
    group: "sgd-v-adam",
    title: "Adam is about 10× faster on ill-conditioned problems",
    load: async () => (await import("./claims/c04.ts")).experiment,
  },
  {
    id: "C5",
    group: "learning-rate",
    title: "Learning rate 5.0 diverges",
    load: async () => (await import("./claims/c05.ts")).experiment,
  },
  {
    id: "C6",
    group: "learning-rate",
    title: "Learning rate 0.5 converges smoothly",
    load: async () => (await import("./claims/c06.ts")).experiment,
  },
  {
    id: "C7",
    group: "learning-rate",
    title: "Learning rate 0.001 barely moves",
    load: async () => (await import("./claims/c07.ts")).experiment,
  },
  {
    id: "C8",
    group: "convergence",
    title: "Full-batch descent is guaranteed",
    load: async () => (await import("./claims/c08.ts")).experiment,
  },
  {
    id: "C9",
    group: "convergence",
    title: "Convex: the gap falls as 1/k",
    load: async () => (await import("./claims/c09.ts")).experiment,
  },
  {
    id: "C10",
    group: "convergence",
    title: "Strongly convex: the gap falls exponentially",
    load: async () => (await import("./claims/c10.ts")).experiment,
  },
  {
    id: "C11",
    group: "noise",
    title: "SGD converges to a neighbourhood",
    load: async () => (await import("./claims/c11.ts")).experiment,
  },
  {
    id: "C12",
    group: "noise",
    title: "Noise escapes saddles and local minima",
    load: async () => (await import("./claims/c12.ts")).experiment,
  },
  {
    id: "C13",
    group: "noise",
    title: "Mini-batches have lower variance",
    load: async () => (await import("./claims/c13.ts")).experiment,
  },
  {
    id: "C14",
    group: "momentum",
    title: "Momentum damps ravines and accelerates",
    load: async () => (await import("./claims/c14.ts")).experiment,
  },
  {
    id: "C15",
    group: "adaptive",
    title: "Bias correction avoids a cold start",
    load: async () => (await import("./claims/c15.ts")).experiment,
  },
  {
    id: "C16",
    group: "adaptive",
    title: "Without Adam rare tokens learn too slowly",
    load: async () => (await import("./claims/c16.ts")).experiment,
  },
  {
    id: "C17",
    group: "momentum",
    title: "The right step size spirals in",
    load: async () => (await import("./claims/c17.ts")).experiment,
  },
  {
    id: "C18",
    group: "flat-minima",
    title: "Small rates stay in sharp minima, large ones find flat ones",
    load: async () => (await import("./claims/c18.ts")).experiment,
  },
  {
    id: "C18b",
    group: "flat-minima",
    title: "The same in two dimensions",
    load: async () => (await import("./claims/c18b.ts")).experiment,
  },
  {
    id: "C18c",
    group: "flat-minima",
    title: "Flat minima generalise better",
    load: async () => (await import("./claims/c18c.ts")).experiment,
  },
  {
    id: "C19",
    group: "learning-rate",
    title: "The table of learning-rate symptoms",
    load: async () => (await import("./claims/c19.ts")).experiment,
  },
  {
    id: "C20",
    group: "learning-rate",
    title: "The rate finder: 10× below the minimum",
    load: async () => (await import("./claims/c20.ts")).experiment,
  },
  {
    id: "C21",
    group: "learning-rate",
    title: "The rate finder is the 1-cycle rule",
    load: async () => (await import("./claims/c21.ts")).experiment,
  },
  {
    id: "C22",
    group: "schedules",
    title: "CosineAnnealingLR has warm restarts",
    load: async () => (await import("./claims/c22.ts")).experiment,
  },
  {
    id: "C23",
    group: "schedules",
    title: "Cosine is the best default, and the standard",
    load: async () => (await import("./claims/c23.ts")).experiment,
  },
  {
    id: "C24",
    group: "clipping",
    title: "Clipping by norm keeps the direction",
    load: async () => (await import("./claims/c24.ts")).experiment,
  },
  {
    id: "C25",
    group: "adaptive",
    title: "AdamW decouples weight decay",
    load: async () => (await import("./claims/c25.ts")).experiment,
  },
  {
    id: "C26",
    group: "adaptive",
    title: "Adam may generalise slightly worse",
    load: async () => (await import("./claims/c26.ts")).experiment,
  },
  {
    id: "C27",
    group: "adaptive",
    title: "LAMB scales to very large batches",
    load: async () => (await import("./claims/c27.ts")).experiment,
  },
  {
    id: "C28",
    group: "adaptive",
    title: "Adam is faster than SGD on language",
    load: async () => (await import("./claims/c28.ts")).experiment,
  },
  {
    id: "C29",
    group: "schedules",
    title: "Schedules help",
    load: async () => (await import("./claims/c29.ts")).experiment,
  },
  {
    id: "C30",
    group: "sgd-v-adam",
    title: "BCELoss on a sigmoid is fine",
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
    throw new SteepestError("usage", `${row.id} has no setting "${name}"`, {
      help: near ? `did you mean "${near}"?` : `it has ${Object.keys(own).join(", ")}`,
    });
  }
  const { figures = () => ({}), ...outcome } = await run(context, { ...own, ...settings });
  return { result: { id: row.id, claim, claimed, ...outcome }, figures };
}

/** The rows that a list of ids, groups and ranges names ("C5,C18b,walkthrough,c8-c10"), in the table's order, each once. */
export function selectClaims(list: string): readonly ClaimRow[] {
  const places = new Set(list.split(",").flatMap((part) => placesOf(part.trim())));
  return claims.filter((_, i) => places.has(i));
}

function placesOf(part: string): number[] {
  const name = part.toLowerCase();
  const place = (id: string): number => claims.findIndex((row) => row.id.toLowerCase() === id);
  if (place(name) >= 0) return [place(name)];
  const members = claims.flatMap((row, i) => (row.group === name ? [i] : []));
  if (members.length > 0) return members;
  const range = /^(c\d+[a-z]?)\s*(?:-|\.\.)\s*(c?\d+[a-z]?)$/.exec(name);
  if (range) {
    const [from, to] = [place(range[1]!), place(range[2]!.replace(/^c?/, "c"))];
    if (from >= 0 && to >= from) return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  }
  const known = [...groups, ...claims.map((row) => row.id)];
  const near = closest(
    name,
    known.map((k) => k.toLowerCase()),
  );
  const help = near
    ? `did you mean "${known.find((k) => k.toLowerCase() === near)}"?`
    : `name ids (C1 to ${claims.at(-1)!.id}), ranges (C5-C8) or groups (${groups.join(", ")}); steepest lesson --list shows all`;
  throw new SteepestError("usage", `the lesson has no claim "${part}"`, { help });
}
