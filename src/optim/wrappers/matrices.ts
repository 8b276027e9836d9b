/** Optimizers of matrices: what counts as one, and what the other tensors get. */

import { flag, maybeNumber, type OptionSpecs, text } from "../../run/options.ts";
import { chain } from "../chain.ts";
import { betas, eps } from "../options.ts";
import type { Transform } from "../transform.ts";
import { addDecayedWeights } from "../transforms/decay.ts";
import { scaleByLr } from "../transforms/scale.ts";
import { scaleByAdam } from "../transforms/scale-by-adam.ts";
import { withLrFactor } from "./lr-factor.ts";
import { partition } from "./partition.ts";

export interface AuxOptions {
  readonly auxLr: number | null;
  readonly auxBetas: readonly [number, number];
  readonly auxEps: number;
  readonly auxEpsBeforeCorrection: boolean;
  readonly auxWeightDecay: number | null;
  readonly auxNames: string;
}

/** Layers whose matrices are tables of vectors, or map to classes: their authors leave them to AdamW. */
const TABLES_AND_HEADS = "embedding,embed,tokens,positions,wte,wpe,head,lm_head";

export const auxOptions: OptionSpecs<AuxOptions> = {
  auxLr: maybeNumber("learning rate of vectors, embeddings and heads; null: that of matrices", { above: 0 }),
  auxBetas: betas([0.9, 0.95] as const, "β₁, β₂ of their AdamW"),
  auxEps: eps(1e-10, "keeps their AdamW's denominator from zero"),
  auxEpsBeforeCorrection: flag("add auxEps to √v before its correction, as Moonshot does"),
  auxWeightDecay: maybeNumber("λ of theirs; null: that of matrices, or 0 where those have none", { min: 0 }),
  auxNames: text(
    TABLES_AND_HEADS,
    "layers whose matrices are treated as vectors are: parts of a parameter's name, with commas between",
  ),
};

export interface MatrixRule extends AuxOptions {
  readonly lr: number;
  readonly weightDecay?: number;
}

/** Whether a tensor is a matrix to these optimizers: two axes or more, and no layer of `auxNames`. */
export const isMatrix = (
  auxNames: string,
  name: string,
  p: { readonly shape: readonly number[] },
): boolean => {
  const others = auxNames.split(",").map((n) => n.trim());
  return p.shape.length >= 2 && !name.split(".").some((part) => others.includes(part));
};

/** Matrices to `matrices`, other tensors to AdamW with its own settings, whose rate keeps its ratio under a schedule. */
export function withAux(
  o: MatrixRule,
  matrices: Transform,
  { name, direction = (t) => t }: { name: string; direction?: (adam: Transform) => Transform },
): Transform {
  const decay = o.auxWeightDecay ?? o.weightDecay ?? 0;
  const adam = scaleByAdam({
    betas: o.auxBetas,
    eps: o.auxEps,
    epsBeforeCorrection: o.auxEpsBeforeCorrection,
  });
  const others = chain(direction(adam), decay > 0 && addDecayedWeights(decay), scaleByLr());
  const factor = o.auxLr === null ? 1 : o.auxLr / o.lr;
  return partition(
    { [name]: matrices, adamw: factor === 1 ? others : withLrFactor(others, factor) },
    (tensor, p) => (isMatrix(o.auxNames, tensor, p) ? name : "adamw"),
  );
}
