/** Runs on a disk that loses power, and goes on until they are done: they must end as the run that was never cut off. */

import { memoryHost } from "../../src/data/index.ts";
import { wasm } from "../../src/engine/backends/wasm.ts";
import { SteepestError } from "../../src/run/errors.ts";
import { parseRun } from "../../src/run/parse-run.ts";
import { type BuiltRun, buildRun } from "../../src/train/build.ts";
import { type Progress, restoreCheckpoint } from "../../src/train/checkpoint.ts";
import { train } from "../../src/train/loop.ts";
import { createRunFolderAt, openRunFolder, type RunFolder } from "../../src/train/node-run-folder.ts";
import { randomFrom } from "../robust/fuzz/mutate.ts";
import { createVolatileDisk, PLACE, PowerCut, type VolatileDisk } from "./volatile-disk.ts";

/** A run of many checkpoints. */
export const RUN: Readonly<Record<string, unknown>> = {
  name: "t",
  data: { source: "lesson-logistic" },
  model: { kind: "mlp", hidden: [3] },
  optimizer: { name: "adamw", lr: 0.02 },
  batchSize: 32,
  steps: 24,
  validation: 0.25,
  checkpointEvery: 5,
};

export interface Powered {
  /** Operations of a run that is not cut off: places where power may fail. */
  readonly operations: number;
  /** Cuts power at that operation, and again (up to `cuts` times) while the run goes on; how often it was cut off. */
  readonly trial: (place: number, seed: number, cuts: number) => Promise<number>;
}

export async function powered(): Promise<Powered> {
  const built = await buildRun(parseRun(RUN), { host: memoryHost({}), backend: wasm });
  const fresh = built.step.state.map(({ values }) => values.slice());
  const reset = (): void => built.step.state.forEach(({ values }, i) => values.set(fresh[i]!));

  const whole = createVolatileDisk();
  await session(built, whole, { begun: false });
  const expected = contents(whole);
  return {
    operations: whole.operations(),
    trial: async (place, seed, cuts) => {
      const random = randomFrom(seed * 1_000_003 + place);
      const disk = createVolatileDisk();
      disk.cutAfter(place);
      const promised = { begun: false };
      for (let cut = 0; ; cut++) {
        reset();
        try {
          await session(built, disk, promised);
          compare(contents(disk), expected);
          return cut;
        } catch (error) {
          if (!(error instanceof PowerCut)) throw error;
          disk.restart(random);
          if (cut + 1 < cuts) disk.cutAfter(1 + random.below(whole.operations()));
        }
      }
    },
  };
}

/** `steepest train`, or `--resume` where the folder has a run. */
async function session(built: BuiltRun, { io }: VolatileDisk, promised: { begun: boolean }): Promise<void> {
  const begun = io.existsSync(`${PLACE}/run.json`);
  if (promised.begun && !begun) throw new Error("a run that was begun is no longer there");
  const folder = begun ? openRunFolder(PLACE, io) : started(io);
  const from = begun ? goOn(folder, built) : undefined;
  if (from === undefined) folder.writeRun(RUN);
  promised.begun = true;
  await train(built, { store: folder, ...(from && { from }) });
  folder.close();
}

/** Without a run.json nothing was promised yet: what else may be there is cleared away, as its user would. */
function started(io: VolatileDisk["io"]): RunFolder {
  if (io.existsSync(PLACE)) for (const name of io.readdirSync(PLACE)) io.rmSync(`${PLACE}/${name}`);
  return createRunFolderAt(PLACE, io);
}

function goOn(folder: RunFolder, built: BuiltRun): Progress | undefined {
  const bytes = folder.readCheckpoint("last");
  if (bytes === null) {
    folder.truncateMetrics(0);
    return undefined;
  }
  const from = restoreCheckpoint(bytes, built.step.state, "checkpoint-last");
  const kept = folder.truncateMetrics(from.metricsBytes);
  if (kept !== from.metricsBytes) {
    throw new SteepestError("metrics-lost", `${kept} of ${from.metricsBytes} bytes of metrics are left`);
  }
  return from;
}

/** Of a run's folder, what must be the same however often power failed. */
export const FILES: readonly string[] = [
  "metrics.jsonl",
  "checkpoint-last.safetensors",
  "checkpoint-best.safetensors",
];
const contents = ({ io }: VolatileDisk): Buffer[] => FILES.map((name) => io.readFileSync(`${PLACE}/${name}`));

function compare(found: readonly Buffer[], expected: readonly Buffer[]): void {
  FILES.forEach((name, i) => {
    if (!found[i]!.equals(expected[i]!))
      throw new Error(`${name} is not that of the run that was never cut off`);
  });
}
