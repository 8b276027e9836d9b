import type { State, Transform } from "../transform.ts";

/** The schedules of transforms, where they have any. */
export const feedsOf = (...inner: readonly Transform[]): Pick<Transform, "feeds"> => {
  const feeds = inner.flatMap((t) => t.feeds ?? []);
  return feeds.length === 0 ? {} : { feeds };
};

/** What a wrapper passes on of the transform it keeps under `inner`: rate, schedules, what can be measured, what ends the run. */
export const passOn = (
  inner: Transform,
): Pick<Transform, "lr" | "feeds" | "measure" | "errorIfNonfinite"> => ({
  ...feedsOf(inner),
  ...(inner.lr === undefined ? {} : { lr: inner.lr }),
  ...(inner.errorIfNonfinite === true ? { errorIfNonfinite: true } : {}),
  ...(inner.measure === undefined
    ? {}
    : {
        measure: (grads, state, params, hyper) =>
          inner.measure!(grads, state["inner"] as State, params, hyper),
      }),
});
