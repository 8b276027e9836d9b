/** Checkpoints in parts, one of each process, as PyTorch runs with `--shard` write them. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { SteepestError } from "./errors.ts";

/**
 * Refuses a run folder that a crash left with its newest checkpoint in parts, beside an older whole one. Throws
 * `checkpoint-parts`.
 */
export function refuseParts(path: string): void {
  const parts = join(path, "sharded");
  const names = existsSync(parts) ? readdirSync(parts) : [];
  if (!names.some((name) => name.startsWith("last-") && existsSync(join(parts, name, "progress.json"))))
    return;
  const own = join(path, "torch", "sharded.py");
  throw new SteepestError("checkpoint-parts", `the newest checkpoint lies in parts in ${parts}`, {
    help: `join them with the run's PyTorch project: python3 ${existsSync(own) ? own : "sharded.py"} ${path}`,
  });
}
