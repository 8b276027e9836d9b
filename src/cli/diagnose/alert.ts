/** Alerts: the line that tells one, and `--on-alert`, a command of the user's for each, never in the way of reading. */
import { spawn } from "node:child_process";
import type { Finding } from "../../diagnose/index.ts";
import { evidenceWords, nameOf, SEVERITIES, stepsWords, titleOf, toJson } from "../../diagnose/words.ts";
import type { RunLog } from "../../run/log.ts";
import type { Terminal } from "../terminal.ts";

/** "✗ divergence at step 120, run.csv: best 0.5 · end 3.1"; a log without a source is not named. */
export function alertLine(
  finding: Finding,
  log: RunLog,
  { colors, ascii = false }: { readonly colors: Terminal["colors"]; readonly ascii?: boolean },
): string {
  const { symbol, color } = SEVERITIES[finding.severity];
  const head = colors.bold(colors[color](`${ascii ? "!" : symbol} ${titleOf(finding.id)}`));
  const place = stepsWords([finding.steps[0], finding.steps[0]], log.stepUnit);
  const name = log.source === "" ? "" : `, ${nameOf(log)}`;
  return `${head} at ${place}${name}: ${colors.dim(evidenceWords(finding.evidence))}`;
}

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
