/** argv → command → exit code. 0 done, 1 the work failed, 2 wrong usage or bad input, 130 interrupted. */
import { Command, CommanderError } from "commander";
import { closest, formatError, SteepestError } from "../run/errors.ts";
import { plainLines } from "../run/plain.ts";
import { version } from "../run/version.ts";
import { commands } from "./commands.ts";
import { createTerminal } from "./terminal.ts";

export async function main(argv: readonly string[] = process.argv.slice(2)): Promise<void> {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    // the reader (head, less) went away: that is its right
    if (error.code === "EPIPE") process.exit(0);
    process.stderr.write(`${formatError(error)}\n`);
    process.exit(1);
  });
  // nobody can be told when standard error itself fails, as after a hang-up: the work goes on to its checkpoint
  process.stderr.on("error", () => {});
  process.exitCode = await runCommandLine(argv);
}

async function runCommandLine(line: readonly string[]): Promise<number> {
  const [argv, after] = splitProgram(line);
  let exitCode = 0;
  const program = new Command("steepest")
    .description("Train with gradient descent, and understand what it does.")
    .version(version)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(plainLines(usageMessage(text))) });
  for (const row of commands) {
    const command = program
      .command(row.name)
      .description(row.about)
      .option("--json", "print one JSON document")
      .option("--no-color", "no colours")
      .exitOverride()
      .configureOutput({ outputError: (text, write) => write(plainLines(usageMessage(text, row.name))) })
      .action(async () => {
        const options = command.opts<Record<string, unknown>>();
        const { run } = await row.load();
        const result = await run({
          args: command.args,
          options,
          flags: command.options.flatMap(({ long }) => (long ? [long.slice(2)] : [])),
          program: after,
          terminal: createTerminal({
            color: options["color"] !== false && options["json"] !== true,
            json: options["json"] === true,
          }),
          json: options["json"] === true,
        });
        exitCode = result ?? 0;
      });
    row.define(command);
    // beside a run file the same names may be its settings
    if (after !== null || argv.some((arg) => arg === "--help" || arg === "-h")) row.defineProgram?.(command);
  }
  if (argv.length === 0) {
    program.outputHelp();
    return 0;
  }
  try {
    refuseUnknownCommand(argv);
    await program.parseAsync(argv.map(briefly), { from: "user" });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`${formatError(error)}\n`);
    return error instanceof SteepestError ? error.exitCode : 1;
  }
}

/** The command line, and what follows `--` where the command takes a program. */
function splitProgram(line: readonly string[]): [argv: readonly string[], program: readonly string[] | null] {
  const at = line.indexOf("--");
  const takes = commands.find((c) => c.name === line[0])?.defineProgram !== undefined;
  return at < 0 || !takes ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
}

/** `--json` takes no value, so that a path may follow it; its one other form is a format of `diagnose`. */
const briefly = (arg: string, _: number, [command]: readonly string[]): string =>
  command === "diagnose" && arg === "--json=brief" ? "--format=brief" : arg;

/** commander would suggest too, but in other words than the rest of our messages. */
function refuseUnknownCommand([first]: readonly string[]): void {
  const names = [...commands.map((c) => c.name), "help"];
  if (first === undefined || first.startsWith("-") || names.includes(first)) return;
  const near = closest(first, names);
  throw new SteepestError("usage", `there is no command "${first}"`, {
    help: near ? `did you mean "${near}"?` : `the commands are ${names.join(", ")}`,
  });
}

/** commander's "error: …\n(Did you mean …?)" in our form. */
function usageMessage(text: string, command?: string): string {
  const [what = "", ...rest] = text
    .replace(/^error: /, "")
    .trim()
    .split("\n");
  // a value that flags.ts refuses
  const [, flag, value, remedy] =
    /^option '(?:-\w, )?(--[\w-]+).*' argument '(.*)' is invalid\. (.*)$/.exec(what) ?? [];
  if (remedy !== undefined) return `error[usage]: ${flag} is ${value}\nhelp: ${remedy}\n`;
  const hint = rest.join(" ").replace(/^\(|\)$/g, "");
  const help =
    hint === "" ? `see steepest ${command ? `${command} ` : ""}--help` : hint.replace(/^Did/, "did");
  return `error[usage]: ${what}\nhelp: ${help}\n`;
}
