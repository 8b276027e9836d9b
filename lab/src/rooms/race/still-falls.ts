/** The last quarter of the steps gained at least half as much as the one before: no floor comes nearer. */
export function stillFalls(losses: ArrayLike<number>): boolean {
  const last = losses.length - 1;
  const quarter = Math.floor(last / 4);
  if (quarter < 1) return false;
  const gain = (from: number, to: number): number => losses[from]! - losses[to]!;
  const before = gain(last - 2 * quarter, last - quarter);
  return before > 0 && gain(last - quarter, last) >= 0.5 * before;
}
