/** A command line that names a run file and changes its settings: `run.json --optimizer.lr 0.1 --steps 500`. */
import { closest, SteepestError } from "../run/errors.ts";
import { type Override, parseOverrides } from "../run/overrides.ts";
import { runKeys } from "../run/run-schema.ts";

/** The run file and the flags, in whatever order they were given. `flags` are the command's own, for suggestions. */
export function splitArguments(
  args: readonly string[],
  flags: readonly string[],
): [string | undefined, Override[]] {
  const rest: string[] = [];
  let first: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    if (/^--[A-Za-z]/.test(arg)) {
      rest.push(arg);
      const next = args[i + 1];
      if (!arg.includes("=") && next !== undefined && !/^--[A-Za-z]/.test(next)) rest.push(args[++i]!);
    } else if (first === undefined) first = arg;
    else rest.push(arg);
  }
  const overrides = parseOverrides(rest);
  const known = runKeys();
  for (const { at } of overrides) {
    const key = String(at[0]);
    if (known.includes(key)) continue;
    if (key === "lr") {
      throw new SteepestError("usage", "unknown flag --lr", { help: "the run's own rate is --optimizer.lr" });
    }
    const near = closest(key, [...known, ...flags]);
    throw new SteepestError("usage", `unknown flag --${at.join(".")}`, {
      help: near
        ? `did you mean --${[near, ...at.slice(1)].join(".")}?`
        : `settings of the run are ${known.join(", ")}`,
    });
  }
  return [first, overrides];
}
