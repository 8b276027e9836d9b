import type { CommandRow } from "../command.ts";
import { finite, whole } from "../flags.ts";

export const generate: CommandRow = {
  name: "generate",
  about: "let a text model write on",
  define: (c) => {
    c.argument("<run>", "a run folder, or one of its checkpoints")
      .requiredOption("--prompt <text>", "the text to go on from")
      .option("--length <n>", "characters to write", whole({ min: 1 }), 200)
      .option(
        "--temperature <number>",
        "below 1 more of the probable; 0 always the most probable",
        finite(),
        1,
      )
      .option("--top-k <n>", "draw from the so many most probable characters only", whole({ min: 1 }))
      .option("--seed <n>", "the same seed writes the same text", whole({ min: 0 }), 0)
      .addHelpText("after", "\n  steepest generate runs/verses-1 --prompt 'Shall I ' --temperature 0.8");
  },
  load: () => import("../commands/generate.ts"),
};
