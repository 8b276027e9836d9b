/**
 * Learning-rate sensitivity after Wortsman et al. 2023 ("Small-scale proxies for large-scale Transformer training
 * instabilities", arXiv 2309.14322): E over η in [a, b] of min(ℓ(η), ℓ₀) − ℓ*, with ℓ the final loss, ℓ₀ the loss at
 * the start (which a diverged run counts as) and ℓ* the least loss. Deviation: the paper takes one range for AdamW; rates of
 * different optimizers have different scales, so here [a, b] is the same factor on both sides of each one's best rate.
 */
export interface Sensitivity {
  /** In units of the loss. */
  readonly value: number;
  readonly from: number;
  readonly to: number;
  /** The range is narrower than meant, because the rates tried end there: not comparable with a full one. */
  readonly cut: boolean;
}

/** η is uniform in log η, and ℓ, the mean over the seeds, is linear in it between the rates tried (which rise). */
export function sensitivity(
  rates: readonly { readonly lr: number; readonly finals: readonly (number | null)[] }[],
  { best, start, factor }: { best: number; start: number; factor: number },
): Sensitivity | null {
  const capped = (finals: readonly (number | null)[]): number =>
    finals.reduce<number>((sum, l) => sum + Math.min(l ?? start, start) / finals.length, 0);
  const known = rates.map(({ lr, finals }) => ({ x: Math.log(lr), y: capped(finals) }));
  const min = Math.min(...known.map((p) => p.y));
  const [a, b] = [known[0], known.at(-1)];
  if (a === undefined || b === undefined || a.x === b.x) return null;
  const [wantedFrom, wantedTo] = [Math.log(best / factor), Math.log(best * factor)];
  const [from, to] = [Math.max(a.x, wantedFrom), Math.min(b.x, wantedTo)];
  let area = 0;
  for (let i = 1; i < known.length; i++) {
    const [p, q] = [known[i - 1]!, known[i]!];
    const [left, right] = [Math.max(p.x, from), Math.min(q.x, to)];
    if (right <= left) continue;
    const at = (x: number): number => p.y + ((x - p.x) / (q.x - p.x)) * (q.y - p.y) - min;
    area += ((at(left) + at(right)) / 2) * (right - left);
  }
  const rounding = 0.02; // rates are rounded to three digits
  return {
    value: area / (to - from),
    from: Math.exp(from),
    to: Math.exp(to),
    cut: from > wantedFrom + rounding || to < wantedTo - rounding,
  };
}
