/** What commands have in common that search over a program's trainings. */
import { SteepestError } from "../../run/errors.ts";
import type { Terminal } from "../terminal.ts";

/** Nothing stands before `--`, and something after it. @throws SteepestError with `help` */
export function requireProgram(program: readonly string[], before: readonly string[], help: string): void {
  if (program.length > 0 && before.length === 0) return;
  const [first] = before;
  const what =
    program.length === 0
      ? "no program is given"
      : first!.startsWith("-")
        ? `unknown option ${first}`
        : `${first} stands before --`;
  throw new SteepestError("usage", what, { help });
}

/** Says how to go on; returns the exit code. */
export function interrupted(folder: string, terminal: Terminal): number {
  terminal.note(`interrupted; trainings that had ended are kept: go on with --resume --out ${folder}`);
  return 130;
}
