/** `--resume`: where a run goes on, and what is said of a folder that is not as the run left it. */
import { statSync } from "node:fs";
import { join } from "node:path";
import { SteepestError } from "../../run/errors.ts";
import { refuseParts } from "../../run/node-parts.ts";
import type { BuiltRun } from "../../train/build.ts";
import { type Progress, restoreCheckpoint } from "../../train/checkpoint.ts";
import { firstOddLine, lastStepIn } from "../../train/node-metrics.ts";
import type { RunFolder } from "../../train/node-run-folder.ts";
import { refuseEdited } from "../../train/resume.ts";

type Which = "last" | "best";

export interface Resuming {
  readonly which: Which;
  /** Settings that differ from the checkpoint's are told and taken. */
  readonly force: boolean;
}

/** Reads `--from` and `--force`. Throws `usage`. */
export function resuming({ from = "last", force, resume }: Readonly<Record<string, unknown>>): Resuming {
  if (from !== "last" && from !== "best") {
    throw new SteepestError("usage", `--from is ${String(from)}`, { help: "give last or best" });
  }
  if (resume === undefined && (from !== "last" || force === true)) {
    throw new SteepestError("usage", `${force === true ? "--force" : "--from"} needs --resume`, {
      help: "add --resume, or leave it out",
    });
  }
  return { which: from, force: force === true };
}

/**
 * Sets the state from the checkpoint and cuts metrics.jsonl back to it; undefined where the run stopped before it wrote
 * anything and so begins at step 0. Throws `checkpoint-*` and `resume-differs`.
 */
export function resumeFrom(
  folder: RunFolder,
  built: BuiltRun,
  { which, force, note }: Resuming & { readonly note: (text: string) => void },
): Progress | undefined {
  const file = join(folder.path, `checkpoint-${which}.safetensors`);
  const metrics = join(folder.path, "metrics.jsonl");
  refuseParts(folder.path);
  const bytes = folder.readCheckpoint(which);
  if (bytes === null) {
    if (which === "best" || lastStepIn(metrics) !== null) throw missing(file, which);
    note(`note: the run stopped before its first checkpoint: it begins at step 0`);
    folder.truncateMetrics(0);
    return undefined;
  }
  const where = `in ${file}`;
  const onDifference = force ? (words: string) => note(`note: ${words}`) : undefined;
  const from = restoreCheckpoint(bytes, built.step.state, where, {
    accept: (settings) => refuseEdited(settings, built.spec, { where, onDifference }),
  });
  const shortened = sizeOf(metrics) < from.metricsBytes;
  const kept = folder.truncateMetrics(from.metricsBytes);
  const best = which === "last" && folder.readCheckpoint("best") !== null;
  const earlier = best ? " (--from best goes on from an earlier step)" : "";
  if (shortened) {
    const last = lastStepIn(metrics);
    const gone =
      last === null ? `its lines up to step ${from.step}` : `its lines from step ${last} to ${from.step}`;
    note(
      `warning: metrics.jsonl was shortened: ${gone} are gone, and the run goes on without them${earlier}`,
    );
  } else {
    const odd = firstOddLine(metrics);
    const what = odd === null ? "its lines have other lengths" : `line ${odd} is not as the run wrote it`;
    if (odd !== null || kept < from.metricsBytes)
      note(`warning: metrics.jsonl was changed: ${what}; the run goes on, and its curve is drawn with it`);
  }
  return { ...from, metricsBytes: kept };
}

const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

function missing(file: string, which: Which): SteepestError {
  return new SteepestError("checkpoint-missing", `there is no checkpoint ${file}`, {
    help:
      which === "last"
        ? "go on from the best one with --from best, or start the run again into another folder with --out"
        : "leave out --from to go on from the last one",
  });
}
