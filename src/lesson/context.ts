/** Where an experiment runs: the backend, and a way to report progress and to be stopped. */
import type { Backend } from "../engine/backend.ts";

export interface LessonContext {
  readonly backend: Backend;
  /** Awaited now and then: reports how far the experiment is (0…1), lets others run, throws when it is to stop. */
  readonly pause: (done: number) => Promise<void>;
}

export interface LessonContextOptions {
  readonly backend: Backend;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number) => void;
}

/** Milliseconds of work between two turns of the event loop. */
const TURN = 50;

export function lessonContext({ backend, signal, onProgress }: LessonContextOptions): LessonContext {
  let last = performance.now();
  return {
    backend,
    pause: async (done) => {
      signal?.throwIfAborted();
      if (performance.now() - last < TURN) return;
      onProgress?.(done);
      await new Promise((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      last = performance.now();
    },
  };
}
