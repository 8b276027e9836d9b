import type { CommandRow } from "../command.ts";
import { whole } from "../flags.ts";

export const serve: CommandRow = {
  name: "serve",
  about: "answer with a trained model over HTTP",
  define: (c) => {
    c.argument("<run>", "a run folder, or one of its checkpoints")
      .option(
        "--port <number>",
        "port; default 4700, or the next one that is free",
        whole({ min: 0, max: 65_535 }),
      )
      .option("--host <address>", "address to listen on; 0.0.0.0 lets other machines in", "127.0.0.1")
      .option("--max-bytes <n>", "of the largest request", whole({ min: 1 }), 8_000_000)
      .addHelpText(
        "after",
        [
          "",
          'POST /predict takes { "rows": [ … ] }, POST /generate of a text model { "prompt": "…" }.',
          "GET /openapi.json describes them with the model's own columns, GET /health says whether it answers.",
          "There is no password: let in other machines only behind something that asks for one.",
          "",
          "  steepest serve runs/houses-1 --port 4700",
        ].join("\n"),
      );
  },
  load: () => import("../commands/serve.ts"),
};
