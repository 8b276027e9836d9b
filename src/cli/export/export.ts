/** What every export is given. */
import type { Override } from "../../run/overrides.ts";
import type { Invocation } from "../command.ts";

export interface Export extends Pick<Invocation, "terminal" | "json"> {
  /** A run file, a run folder or a checkpoint. */
  readonly file: string;
  /** Settings of the run that the command line changes. */
  readonly overrides: readonly Override[];
  readonly out: string | undefined;
  readonly quiet: boolean;
  /** ONNX: classes and probabilities in place of the model's own output. */
  readonly probabilities: boolean;
  /** ONNX: how a table's columns come in. */
  readonly inputs: "columns" | "matrix";
}
