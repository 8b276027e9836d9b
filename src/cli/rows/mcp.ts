import type { CommandRow } from "../command.ts";

export const mcp: CommandRow = {
  name: "mcp",
  about: "serve diagnose, find-lr and more to an agent, by the Model Context Protocol on standard input",
  define: (c) => {
    c.option("--allow <folders...>", "what may be read and written; default: this folder")
      .option("--read-only", "offer no tool that runs a program")
      .addHelpText(
        "after",
        [
          "",
          "Tools: diagnose, compare_logs, schedule and explain_optimizer read; find_lr runs a command that its user",
          "has confirmed. Paths count from the first folder of --allow, and nothing outside of them is opened.",
          "",
          "An agent starts it by a line of its settings, for example:",
          '  { "mcpServers": { "steepest": { "command": "npx", "args": ["steepest", "mcp", "--allow", "/home/me/work"] } } }',
          "",
          "docs/agents.md says which tool answers what.",
        ].join("\n"),
      );
  },
  load: () => import("../commands/mcp.ts"),
};
