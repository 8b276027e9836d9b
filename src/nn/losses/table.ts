import { closest } from "../../run/errors.ts";
import { absoluteRows } from "./absolute.ts";
import { bceRow } from "./bce.ts";
import { bceWithLogitsRow } from "./bce-with-logits.ts";
import { focalRow } from "./focal.ts";
import { hingeRows } from "./hinge.ts";
import { logProbabilityRows } from "./log-probabilities.ts";
import { type Loss, lossError } from "./loss.ts";
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
  const row = lossTable.find((l) => l.name === name || l.torch === name);
  if (row !== undefined) return row;
  const names = lossTable.map((l) => l.name);
  const near = closest(name, names);
  throw lossError(
    `no loss is called "${name}"`,
    near ? `did you mean "${near}"?` : `choose one of ${names.join(", ")}`,
  );
}
