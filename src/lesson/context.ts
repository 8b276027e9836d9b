/** Where an experiment runs: the backend, and a way to report progress and to be stopped. */
import type { Backend } from "../engine/backend.ts";
import { type LongWork, takeTurns } from "../run/long-work.ts";

/** What an experiment runs on. */
export interface LessonContext {
  readonly backend: Backend;
  /** Awaited now and then: reports how far the experiment is (0…1), lets others run, throws when it is to stop. */
  readonly pause: (done: number) => Promise<void>;
}

/** Progress is the share done, 0…1. */
export interface LessonContextOptions extends LongWork<number> {
  readonly backend: Backend;
}

/** A context that reports progress and ends when it is told to. */
export function lessonContext({ backend, ...work }: LessonContextOptions): LessonContext {
  const turn = takeTurns(work);
  return { backend, pause: async (done) => turn(() => done) };
}
