import { z } from "zod";
import { findOptimizer, optimizers } from "../../../optim/index.ts";
import { describeOptimizer } from "../../commands/optimizers.ts";
import { answerOf, defineTool, type Tool } from "../tool.ts";

export const explainOptimizer: Tool = defineTool({
  name: "explain_optimizer",
  title: "Explain an optimizer",
  description:
    "An optimizer's purpose, equation and paper, its options with defaults and ranges, its names in PyTorch, optax, Keras and " +
    "Hugging Face, how its rate follows the batch size, and its stability limit. Without a name it lists all optimizers.",
  input: z.object({ name: z.string().optional().describe("for example adamw, sgd, lion") }),
  reads: true,
  call({ name }) {
    const rows =
      name === undefined
        ? optimizers.map((o) => ({ name: o.name, purpose: o.about }))
        : [describeOptimizer(findOptimizer(name))];
    return answerOf(JSON.stringify({ schema: "steepest.optimizers/1", optimizers: rows }));
  },
});
