/** What a search needs of a training, be it a run file's, or somebody's program in a process of its own. */

/** One training at one rate with one seed. It can be continued, so that no step is paid twice. */
export interface Trial {
  readonly rate: number;
  readonly seed: number;
  /** Steps made so far. */
  readonly steps: number;
  /**
   * It goes on for a moment before it can be stopped, and that costs next to nothing: steps that nobody asked for do not count against
   * a budget, so that the search does not depend on how busy the machine is. Default false.
   */
  readonly overruns?: boolean;
  /** It has ended by itself and will make no more steps: its score stands for all later ones. */
  readonly ended: boolean;
  /** Trains on until `steps` are made, or until it has died or ended by itself. Never throws for a training that fails. */
  advance(steps: number): Promise<void>;
  /**
   * What is to be made small, as it stood after `steps` steps (what came later does not count): a loss averaged over the
   * last of them. Infinity when the training had died: not finite, or far above where it began.
   */
  scoreAt(steps: number): number;
  /** It will not be continued: what it holds may go. Its scores stay. */
  release(): void;
}

export interface Trials {
  /** Steps of a whole training. */
  readonly length: number;
  /** Fewer steps than this say nothing. */
  readonly shortest: number;
  start(rate: number, seed: number): Trial;
  /**
   * How far the losses that make a rate's score after `steps` lie below the reference, in standard deviations as far as
   * single losses make them. Default: without end.
   */
  evidence?(rate: number, steps: number): number;
  /**
   * The score of the best answer that looks at no features: a constant, the frequencies of the classes. Trainings may stay
   * at it for long, and then leave it; null where it is not known.
   */
  plateau?(): number | null;
  /** The score after `steps` of a training that learns nothing: on the same batches, or where trainings begin. */
  reference(steps: number): number | Promise<number>;
}
