/** A curve known at some steps, as a value for each step 1…k: straight between two of them. */
export function between(
  evaluations: readonly { readonly step: number; readonly loss: number }[],
  k: number,
): number[] {
  const values = new Array<number>(k).fill(Number.NaN);
  evaluations.forEach(({ step, loss }, i) => {
    const next = evaluations[i + 1];
    if (step >= 1 && step <= k) values[step - 1] = loss;
    if (next === undefined) return;
    for (let s = Math.max(1, step + 1); s < Math.min(k + 1, next.step); s++)
      values[s - 1] = loss + ((next.loss - loss) * (s - step)) / (next.step - step);
  });
  return values;
}
