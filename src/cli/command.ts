/** What a command is. */
import type { Command } from "commander";
import type { Row } from "../run/table.ts";
import type { Terminal } from "./terminal.ts";

export interface Invocation {
  /** What is left of the command line: positional arguments and unknown flags, in order. */
  readonly args: readonly string[];
  readonly options: Readonly<Record<string, unknown>>;
  /** Names of the flags that the row declares, for suggestions. */
  readonly flags: readonly string[];
  /** What stands after `--`, for a command that takes somebody's program; null where there is no `--`. */
  readonly program: readonly string[] | null;
  readonly terminal: Terminal;
  /** Print one JSON document on standard output and nothing else there. */
  readonly json: boolean;
}

/** Returns the exit code; 0 when it returns nothing. */
export type Run = (invocation: Invocation) => Promise<number | undefined>;

export interface CommandRow extends Row {
  /** Arguments, options and examples. */
  readonly define: (command: Command) => void;
  /** What stands after `--` is somebody's program; these are the options that it brings. */
  readonly defineProgram?: (command: Command) => void;
  readonly load: () => Promise<{ readonly run: Run }>;
}
