/** The rooms in order. A room opens when its folder `rooms/<id>/` has a `Room.svelte`. */
import type { Component } from "svelte";

export interface Room {
  readonly id: string;
  readonly number: number;
  readonly title: string;
  /** One line for the first page and for search. */
  readonly summary: string;
  readonly load: () => Promise<{ readonly default: Component }>;
}

declare const __LAB_ROOMS__: readonly string[] | null;

const listed: readonly (readonly [id: string, title: string, summary: string])[] = [
  ["step-size", "Step size", "Too small crawls, too large bounces out: where the border lies and why."],
  ["convergence", "Convergence", "How fast the gap closes, measured beside what the theorems promise."],
  ["batches", "Batches and noise", "All samples, some, or one: what the noise costs and what it buys."],
  ["momentum", "Momentum", "A ball with memory: faster through ravines, and it can overshoot."],
  ["race", "The race", "Any optimizers, any surface, one start: every term of every step."],
  [
    "walkthrough",
    "The walkthrough",
    "SGD against Adam on features of very different size, replayed exactly.",
  ],
  ["learning-rate", "Learning rate", "Four symptoms, one test that finds the rate, and how far to trust it."],
  ["schedules", "Schedules", "Change the learning rate during a run, compare, and take the code with you."],
  [
    "minima",
    "Sharp and flat minima",
    "Which valley a run ends in, and what rate and noise have to do with it.",
  ],
  ["train", "Train something", "Handwritten digits, a real network, your browser."],
  ["doctor", "Doctor", "Drop a training log: what went wrong, where it shows, what to do."],
  ["claims", "Claims", "Every sentence of the lesson put to the test, with a button to run it."],
  [
    "language-model",
    "A language model",
    "A small GPT learns to write while you watch: steer it, feed it, keep its weights.",
  ],
];

const modules = import.meta.glob<{ readonly default: Component }>("./rooms/*/Room.svelte");

export const rooms: readonly Room[] = listed.flatMap(([id, title, summary], i) => {
  const load = modules[`./rooms/${id}/Room.svelte`];
  const wanted = __LAB_ROOMS__ === null || __LAB_ROOMS__.includes(id);
  return load !== undefined && wanted ? [{ id, number: i + 1, title, summary, load }] : [];
});
