/** What everything that takes long has in common: it can be stopped, it tells how far it is, and it lets others run. */

export interface Clock {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Lets other work (signals, messages) happen. */
  readonly pause: () => Promise<void>;
}

/** What long work reads of an AbortSignal, and any AbortSignal is one. Named here so that the types need no DOM library. */
export interface StopSignal {
  readonly aborted: boolean;
  /** Throws the reason once aborted. */
  throwIfAborted(): void;
}

/**
 * What everything that takes long understands: how to be stopped, how it reports, which clock it reads. `P`
 * is its progress.
 */
export interface LongWork<P> {
  /** Aborted: the work ends soon. Training writes a checkpoint first; everything else gives null. */
  readonly signal?: StopSignal | undefined;
  readonly onProgress?: ((progress: P) => void) | undefined;
  /** Default: the system's. */
  readonly clock?: Clock | undefined;
}

/** The system's clock, in milliseconds; `pause` lets other work have a turn. */
export const systemClock: Clock = {
  now: () => performance.now(),
  pause: () =>
    new Promise((resolve) => {
      if (typeof setImmediate === "function") setImmediate(resolve);
      else setTimeout(resolve, 0);
    }),
};

/**
 * To be called often, and awaited: every `every` milliseconds it reports and lets other work happen. Throws the signal's
 * reason once it is aborted.
 */
export function takeTurns<P>(
  { signal, onProgress, clock = systemClock }: LongWork<P>,
  every = 50,
): (progress: () => P) => Promise<void> | undefined {
  let last = clock.now();
  const turn = async (progress: P): Promise<void> => {
    onProgress?.(progress);
    await clock.pause();
    signal?.throwIfAborted();
    last = clock.now();
  };
  return (progress) => {
    signal?.throwIfAborted();
    return clock.now() - last < every ? undefined : turn(progress());
  };
}

/** What `work` gives; null where it was stopped by the signal. */
export async function nullWhenAborted<T>(
  signal: StopSignal | undefined,
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (signal?.aborted === true) return null;
    throw error;
  }
}
