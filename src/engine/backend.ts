import { SteepestError } from "../run/errors.ts";
import type { TypedArray } from "./graph/dtype.ts";
import { type Expr, type Node, topologicalOrder } from "./graph/expr.ts";

/** What a backend is asked to compile: one step of a program. */
export interface ProgramSpec {
  /** Written by the host before a run: batches, hyper-parameters, random keys. Names are unique. */
  readonly inputs: readonly Node<"input">[];
  /** Kept between runs. After each run `input` holds what `next` was computed from the old values. */
  readonly state: readonly { readonly input: Node<"input">; readonly next: Expr }[];
  /** Read by the host after a run, computed from the state before the run. */
  readonly outputs: readonly { readonly name: string; readonly value: Expr }[];
}

/** Refuses a program that reads an input which nobody can write to. Throws `input`. */
export function requireInputs({ inputs, state, outputs }: ProgramSpec): void {
  const known = new Set<Expr>([...inputs, ...state.map((s) => s.input)].map((e) => e as Expr));
  for (const node of topologicalOrder([...outputs.map((o) => o.value), ...state.map((s) => s.next)])) {
    if (node.op !== "input" || known.has(node)) continue;
    const names = [...known].map((e) => (e.op === "input" ? e.attrs.name : ""));
    const { name } = node.attrs;
    throw new SteepestError("input", `the program reads the input "${name}", which it does not declare`, {
      help: names.includes(name)
        ? "use the tensor that was declared under this name, not a second one"
        : "add it to the program's inputs; in a training step, make it a part of the batch and take it from there",
    });
  }
}

/** A compiled step. Its memory is planned once; running it allocates nothing. */
export interface Executable {
  /** The memory of an input, a state tensor or an output, by name. Writing to it sets the tensor. bool is 0/1 in int32. */
  readonly view: (name: string) => TypedArray;
  readonly run: () => void;
  /** Bytes of tensor memory this program holds. */
  readonly bytes: number;
  /** What was compiled, for `steepest info`, tests and the curious. */
  readonly notes: Readonly<Record<string, string | number>>;
  /** Only where the memory is a device's, which computes while the host goes on: views are the host's copies then. */
  readonly device?: DeviceMemory;
}

/** A program's outputs after one run, by name. */
export type Results = Readonly<Record<string, TypedArray>>;

/**
 * The other side of a device's memory. `run` sends the inputs and returns before anything is computed. Each promise throws
 * `device-lost` when the device is gone, and `backend` when it refused the program.
 */
export interface DeviceMemory {
  /** Sends the views of the state. The first run does it by itself; call it after writing to them later. */
  readonly send: () => void;
  /** Waits for the runs since the last call and gives the outputs of each, oldest first. Views of outputs hold the last. */
  readonly results: () => Promise<readonly Results[]>;
  /** Waits for all runs and brings the state to its views. Make no run meanwhile. */
  readonly fetch: () => Promise<void>;
  /** Gives the memory back; the program can't run any more. */
  readonly release: () => void;
}

/** What a backend may know of a program before it compiles it. */
export interface BackendOptions {
  /** Refuse plans larger than this many bytes (default: what the backend can address). */
  readonly maxBytes?: number;
  /** How often the program will run, where that is known: code that takes long to make must repay it. */
  readonly runs?: number;
  /** The caller takes results through `Executable.device` where there is one: only such programs run on a device. */
  readonly late?: boolean;
}

/**
 * What turns a declared program into one that runs. All backends give the reference interpreter's numbers to
 * rounding.
 */
export interface Backend {
  /** What runs the programs; one that chooses by itself takes the name of its choice with the first program. */
  readonly name: string;
  /** Of one that was chosen for a program by trying: what came out. */
  readonly why?: string;
  readonly compile: (spec: ProgramSpec, options?: BackendOptions) => Executable;
}

/** An executable's `view` over its tensors by name. */
export const viewIn =
  (views: ReadonlyMap<string, TypedArray>): Executable["view"] =>
  (name) => {
    const found = views.get(name);
    if (found === undefined) throw new Error(`internal: no tensor named ${name}`);
    return found;
  };

/** What `make` allocates for a program; engines refuse with a RangeError when the machine has too little. */
export function orOutOfMemory<T>(bytes: number, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (cause instanceof RangeError) throw outOfMemory(bytes, 0);
    throw cause;
  }
}

/** Thrown before the first step when a plan cannot fit. */
export function outOfMemory(needed: number, limit: number): SteepestError {
  const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(2)} GiB`;
  return new SteepestError(
    "memory",
    `this program needs ${needed} bytes (${gib(needed)}) of tensor memory but at most ${gib(limit)} can be addressed`,
    {
      help: "use a smaller batch or model, or hand the run over to PyTorch, which is not bound to 32-bit memory",
      exitCode: 2,
    },
  );
}
