/**
 * Which optimizers are worth a comparison for a kind of problem, five of each: those that together leave the fewest steps to the
 * best on the tasks of docs/which-optimizer.md, and what the lesson says of the kind. A small budget takes the first ones.
 */
import type { Problem } from "./problem.ts";

/** An optimizer of a short list, as `--optimizers` writes it. */
export interface Candidate {
  readonly optimizer: string;
  readonly because: string;
}

/** A short list and the kind of problem that it is for. */
export interface ShortList {
  readonly kind: string;
  /** Where seeds find two equal, the one that stands first is named. */
  readonly candidates: readonly Candidate[];
}

interface Kind extends ShortList {
  readonly holds: (problem: Problem) => boolean;
}

const LARGE_BATCH = 32_768;

const SCHEDULE_FREE: Candidate = {
  optimizer: "schedule-free-adamw",
  because:
    "averages its weights in place of a schedule: within 1.4 of the fewest steps on seven of ten tasks",
};
const NADAM: Candidate = {
  optimizer: "nadam",
  because: "Adam that looks ahead: the quickest at fine-tuning",
};
const ADAMW: Candidate = { optimizer: "adamw", because: "what the others have to beat" };
const MOMENTUM: Candidate = {
  optimizer: "sgd:momentum=0.9",
  because: "the least state; the lesson's word for vision",
};
const MUON: Candidate = {
  optimizer: "muon",
  because: "orthogonal updates of matrices: often fewer steps, one moment",
};
const SOAP: Candidate = {
  optimizer: "soap",
  because: "Adam in the eigenvectors of Shampoo: often the fewest steps, but dear ones",
};

/** The first that holds counts. */
const KINDS: readonly Kind[] = [
  {
    kind: "very large batches",
    holds: ({ batchSize }) => batchSize >= LARGE_BATCH,
    candidates: [
      { optimizer: "lamb", because: "the lesson's word for batches of 32,768 rows and more" },
      ADAMW,
      MUON,
      SCHEDULE_FREE,
      NADAM,
    ],
  },
  {
    kind: "linear models",
    holds: ({ model }) => model === "linear",
    candidates: [
      { optimizer: "adam", because: "a rate of its own for each feature, whatever its scale" },
      {
        optimizer: "adagrad",
        because: "the same from all gradients so far: for features that are rare or ill scaled",
      },
      SCHEDULE_FREE,
      SOAP,
      NADAM,
    ],
  },
  {
    kind: "transformers and text",
    holds: ({ model, data }) => model === "transformer" || data === "text",
    candidates: [ADAMW, MUON, SOAP, SCHEDULE_FREE, NADAM],
  },
  {
    kind: "pictures",
    holds: ({ data }) => data === "pictures",
    candidates: [SOAP, MUON, ADAMW, SCHEDULE_FREE, MOMENTUM],
  },
  {
    kind: "everything else",
    holds: () => true,
    candidates: [ADAMW, MUON, SOAP, SCHEDULE_FREE, NADAM],
  },
];

/** The optimizers to compare for a problem. */
export function shortList(problem: Problem): ShortList {
  const { kind, candidates } = KINDS.find((k) => k.holds(problem))!;
  return { kind, candidates };
}
