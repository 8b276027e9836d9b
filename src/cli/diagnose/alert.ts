/** `--on-alert`: a command of the user's for each alert, one after another, never in the way of reading. */
import { spawn } from "node:child_process";
import type { Finding } from "../../diagnose/index.ts";
import { toJson } from "./words.ts";

export interface AlertCommand {
  readonly run: (finding: Finding, run: string) => void;
  /** Resolves when every command has ended. */
  readonly settled: () => Promise<void>;
}

/** `fail` is told about a command that could not start or did not end with 0. */
export function createAlertCommand(command: string, fail: (text: string) => void): AlertCommand {
  let last: Promise<void> = Promise.resolve();
  return {
    run: (finding, run) => {
      last = last
        .then(() => runOne(command, finding, run))
        .then((error) => {
          if (error !== null) fail(`the command of --on-alert ${error} (${finding.id})`);
        });
    },
    settled: () => last,
  };
}

/** Why it failed, or null. Its output goes to standard error: standard output is ours. */
function runOne(command: string, finding: Finding, run: string): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(command, {
      shell: true,
      stdio: ["ignore", 2, 2],
      env: {
        ...process.env,
        STEEPEST_FINDING: finding.id,
        STEEPEST_SEVERITY: finding.severity,
        STEEPEST_STEP: String(finding.steps[0]),
        STEEPEST_RUN: run,
        STEEPEST_EVIDENCE: toJson(finding.evidence),
      },
    });
    child.on("error", (error) => resolve(`could not be started: ${error.message}`));
    child.on("close", (code, signal) => {
      if (code === 0) resolve(null);
      else resolve(code === null ? `was ended by ${signal}` : `ended with exit code ${code}`);
    });
  });
}
