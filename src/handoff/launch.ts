/** How many processes a run gets and where they meet: flags checked before anything is started. */

import type { BatchPlan } from "../data/index.ts";
import { closest, SteepestError } from "../run/errors.ts";

/** How processes of a PyTorch training are started: torchrun's settings. */
export interface Launch {
  /** Processes on this machine. */
  readonly nproc: number;
  /** Machines: "2", or "1:4" for as many as come. */
  readonly nnodes: string;
  /** host:port of one of several machines. */
  readonly endpoint: string | null;
  readonly id: string | null;
  readonly maxRestarts: number;
  readonly python: string | undefined;
  /** Flags of train.py. */
  readonly flags: readonly string[];
}

type Given = Readonly<Record<string, unknown>>;

/** Reads the flags of `--engine torch`. Throws `usage`. */
export function readLaunch(options: Given): Launch {
  const nnodes = String(options["nnodes"] ?? "1");
  if (
    !/^[1-9]\d*(:[1-9]\d*)?$/.test(nnodes) ||
    (nnodes.includes(":") && minNodes(nnodes) > maxNodes(nnodes))
  ) {
    throw usage(`--nnodes is ${nnodes}`, "give a number of machines, or MIN:MAX such as 1:4");
  }
  const endpoint = (options["rdzvEndpoint"] as string | undefined) ?? null;
  if (endpoint !== null && !/^[^\s:]+:\d+$/.test(endpoint)) {
    throw usage(
      `--rdzv-endpoint is ${endpoint}`,
      "give host:port of one of the machines, such as node1:29400",
    );
  }
  if (maxNodes(nnodes) > 1 && endpoint === null) {
    throw usage(
      "several machines need a place to meet",
      "add --rdzv-endpoint HOST:29400, the same on all of them",
    );
  }
  const device = options["device"] as string | undefined;
  if (device !== undefined && !["auto", "cpu", "cuda"].includes(device)) {
    const near = closest(device, ["cpu", "cuda"]);
    throw usage(`--device is ${device}`, near ? `did you mean ${near}?` : "give cpu or cuda");
  }
  const accumulate = whole("--accumulate", options["accumulate"], { otherwise: 1, min: 1 });
  return {
    nproc: whole("--nproc", options["nproc"], { otherwise: 1, min: 1 }),
    nnodes,
    endpoint,
    id: (options["rdzvId"] as string | undefined) ?? null,
    maxRestarts: whole("--max-restarts", options["maxRestarts"], { otherwise: 3, min: 0 }),
    python: options["python"] as string | undefined,
    flags: [
      ...(device === undefined ? [] : ["--device", device]),
      ...(options["amp"] === true ? ["--amp"] : []),
      ...(accumulate === 1 ? [] : ["--accumulate", String(accumulate)]),
    ],
  };
}

export const minNodes = (nnodes: string): number => Number(nnodes.split(":")[0]);
export const maxNodes = (nnodes: string): number => Number(nnodes.split(":").at(-1));

function whole(flag: string, text: unknown, { otherwise, min }: { otherwise: number; min: number }): number {
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text !== "" && Number.isInteger(value) && value >= min) return value;
  throw usage(`${flag} is ${String(text)}`, `give ${flag} a whole number of ${min} or more`);
}

const usage = (what: string, help: string): SteepestError => new SteepestError("usage", what, { help });

/** Refuses processes that can't share a batch evenly, naming the numbers that fit. */
export function requireEvenShares({ batchSize }: BatchPlan, { nproc, nnodes }: Launch): void {
  const processes = nproc * minNodes(nnodes);
  if (batchSize % processes === 0) return;
  const below = Math.floor(batchSize / processes) * processes;
  const sizes = [below, below + processes].filter((s) => s > 0);
  const fitting = Array.from({ length: processes }, (_, i) => i + 1).filter((p) => batchSize % p === 0);
  throw new SteepestError(
    "batch-divide",
    `a batch of ${batchSize} rows does not divide by ${processes} processes`,
    {
      help: `use --batchSize ${sizes.join(" or ")}, or ${fitting.at(-1)} process${fitting.at(-1) === 1 ? "" : "es"}`,
    },
  );
}
