/** An evaluation's picture. */
import type { EvaluationPicture } from "../../plot/charts/evaluation.ts";
import { renderEvaluation } from "../../plot/charts/evaluation-draw.ts";
import { saveSvg } from "../../plot/node-save.ts";
import { emptyDocument } from "../../plot/node-svg.ts";
import type { Evaluation } from "../../predict/evaluate.ts";
import { SteepestError } from "../../run/errors.ts";
import { showNumber, showWhole } from "../../run/show-number.ts";
import type { ModelRecord } from "../../train/model-record.ts";

/** Throws `usage` for a model of text, whose evaluation is one number. */
export function requirePicture(record: ModelRecord): void {
  if (record.input.kind !== "text") return;
  throw new SteepestError("usage", "a text model's evaluation has no picture", { help: "leave --plot out" });
}

export async function drawEvaluation(
  { rows, classes, numbers: measured }: Evaluation,
  {
    record,
    numbers,
    path,
  }: {
    record: ModelRecord;
    numbers: { truth: ArrayLike<number>; predicted: ArrayLike<number> } | undefined;
    path: string;
  },
): Promise<void> {
  const title = `${record.name} on ${showWhole(rows)} rows`;
  const picture: EvaluationPicture = classes
    ? {
        kind: "classes",
        title,
        subtitle: `accuracy ${(100 * classes.accuracy).toFixed(2)} %`,
        names: classes.perClass.map(({ name }) => name),
        confusion: classes.confusion,
        calibration: classes.calibration ?? [],
      }
    : {
        kind: "numbers",
        title,
        subtitle: `RMSE ${showNumber(measured!.rmse)}, R² ${measured!.r2 === null ? "none" : showNumber(measured!.r2)}`,
        target: (record.input.kind === "table" ? record.input.encoding.target?.name : undefined) ?? "target",
        ...numbers!,
      };
  await saveSvg(async () => renderEvaluation(picture, { document: await emptyDocument() }), path);
}
