/**
 * A run whose results are taken later, so that a device may make its steps. Where the device goes, another run goes on from
 * the last good state: it makes the steps since then again, on the same batches at the same rates.
 */
import { SteepestError } from "../run/errors.ts";
import type { BuiltRun } from "./build.ts";
import type { StepResult } from "./program.ts";

/** A run, built with `late`, that outlives the device which makes its steps. */
export interface LateRun {
  /** What makes the steps: after a device was lost, another run. */
  readonly built: () => BuiltRun;
  /** Steps that were sent. */
  readonly sent: () => number;
  /** Steps that the weights of `built().step.state` have made. */
  readonly settled: () => number;
  /** Sends the next step. */
  readonly advance: (lr: number, momentum?: number) => void;
  /** Waits for the steps sent and gives the results that were not taken yet, oldest first. */
  readonly results: () => Promise<readonly StepResult[]>;
  /** Waits for the steps sent and brings the weights. Send no step meanwhile. */
  readonly settle: () => Promise<void>;
}

/** `again` builds the same run where no device can be lost; it is called when one was. */
export function lateRun(first: BuiltRun, again: () => Promise<BuiltRun>): LateRun {
  let built = first;
  let settled = 0;
  let good = copyOf(first);
  /** Rate and momentum of the steps since then. */
  const since: (readonly [lr: number, momentum: number | undefined])[] = [];
  /** How many of them have given their results. */
  let known = 0;
  let ready: StepResult[] = [];

  const goOn = async (): Promise<void> => {
    built = await again();
    for (const { name, values } of built.step.state) values.set(good.get(name)!);
    since.forEach(([lr, momentum], i) => {
      built.advance(settled + i, lr, momentum);
    });
    ready.push(...(await built.step.results()).slice(known));
    known = since.length;
  };
  const collect = async (): Promise<void> => {
    const found = await built.step.results();
    ready.push(...found);
    known += found.length;
  };
  const orGoOn = async (work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!isLost(error)) throw error;
      await goOn();
      await work();
    }
  };
  return {
    built: () => built,
    sent: () => settled + since.length,
    settled: () => settled,
    advance: (lr, momentum) => {
      const k = settled + since.length;
      since.push([lr, momentum]);
      try {
        built.advance(k, lr, momentum);
      } catch (error) {
        if (!isLost(error)) throw error; // else it is made again when results are waited for
      }
    },
    results: async () => {
      await orGoOn(collect);
      const taken = ready;
      ready = [];
      return taken;
    },
    settle: async () => {
      if (since.length === 0) return;
      await orGoOn(async () => {
        await collect();
        await built.step.pull();
      });
      settled += since.length;
      since.length = 0;
      known = 0;
      good = copyOf(built);
    },
  };
}

const copyOf = ({ step }: BuiltRun): ReadonlyMap<string, ArrayLike<number>> =>
  new Map(step.state.map(({ name, values }) => [name, values.slice()]));

const isLost = (error: unknown): boolean => error instanceof SteepestError && error.id === "device-lost";
