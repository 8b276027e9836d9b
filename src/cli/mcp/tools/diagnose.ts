import { FORMATS } from "../../diagnose/formats.ts";
import { logArguments, readLogs } from "../logs.ts";
import { answerOf, defineTool, type Tool } from "../tool.ts";

/** Runs in one answer. */
const MAX_RUNS = 20;

export const diagnose: Tool = defineTool({
  name: "diagnose",
  title: "Diagnose training logs",
  description:
    "Reads logs of a training (text, CSV, JSONL, TensorBoard, Hugging Face, Keras, Lightning, W&B, MLflow …) and says for " +
    "each run whether its learning rate is too high, slightly high, good or too low, what went wrong at which steps, and " +
    "what to do. 'multiply' is the factor for the learning rate, null while it is undecided; 'verdicts' holds what is left " +
    "when one log can't decide. Call it when a training fails, stalls or looks odd, and before a rate is changed by hand.",
  input: logArguments,
  reads: true,
  async call(args, _, { folders }) {
    const { judged, notes, files } = await readLogs(args, folders);
    const left = judged.length - MAX_RUNS;
    if (left > 0) notes.push(`${left} more runs are not shown: name their files`);
    return answerOf(FORMATS.brief(judged.slice(0, MAX_RUNS)), { notes, files });
  },
});
