/**
 * Which optimizers are worth a comparison for a kind of problem, three of each. docs/which-optimizer.md has measured them;
 * where it measured none of the kind, the reason says whose word it is.
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
      MUON,
      ADAMW,
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
      SOAP,
    ],
  },
  {
    kind: "transformers and text",
    holds: ({ model, data }) => model === "transformer" || data === "text",
    candidates: [ADAMW, MUON, SOAP],
  },
  {
    kind: "pictures",
    holds: ({ data }) => data === "pictures",
    candidates: [MOMENTUM, MUON, SOAP],
  },
  {
    kind: "everything else",
    holds: () => true,
    candidates: [ADAMW, MUON, SOAP],
  },
];

/** The optimizers to compare for a problem. */
export function shortList(problem: Problem): ShortList {
  const { kind, candidates } = KINDS.find((k) => k.holds(problem))!;
  return { kind, candidates };
}
