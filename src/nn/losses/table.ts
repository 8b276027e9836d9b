import { findRow } from "../../run/table.ts";
import { absoluteRows } from "./absolute.ts";
import { bceRow } from "./bce.ts";
import { bceWithLogitsRow } from "./bce-with-logits.ts";
import { focalRow } from "./focal.ts";
import { hingeRows } from "./hinge.ts";
import { logProbabilityRows } from "./log-probabilities.ts";
import type { Loss } from "./loss.ts";
import { mseRow } from "./mse.ts";
import { softmaxCrossEntropyRow } from "./softmax-cross-entropy.ts";

/** Every loss a run file can name. */
export const lossTable: readonly Loss[] = [
  softmaxCrossEntropyRow,
  bceWithLogitsRow,
  bceRow,
  mseRow,
  ...absoluteRows,
  ...hingeRows,
  focalRow,
  ...logProbabilityRows,
];

/** The loss called `name`, here or in PyTorch ("CrossEntropyLoss"). Throws `loss` with a suggestion. */
export function findLoss(name: string): Loss {
  const row = lossTable.find((l) => l.elsewhere.pytorch === name);
  return row ?? findRow(lossTable, name, { code: "loss", missing: `no loss is called "${name}"` });
}
