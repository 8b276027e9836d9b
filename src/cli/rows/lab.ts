import type { CommandRow } from "../command.ts";
import { whole } from "../flags.ts";

export const lab: CommandRow = {
  name: "lab",
  about: "serve the interactive page on this machine",
  define: (c) => {
    c.option(
      "--port <number>",
      "port; default 4600, or the next one that is free",
      whole({ min: 0, max: 65_535 }),
    )
      .option("--host <address>", "address to listen on; 0.0.0.0 lets other machines in", "127.0.0.1")
      .option("--no-open", "do not open the browser")
      .addHelpText(
        "after",
        "\nThe page computes everything in the browser; nothing is sent anywhere. Ctrl-C ends it.",
      );
  },
  load: () => import("../commands/lab.ts"),
};
