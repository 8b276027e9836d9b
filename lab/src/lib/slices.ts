/** A landscape along one of its directions, and where a walk stands on it. */
export interface Slice {
  /** Stands below it. */
  readonly name: string;
  readonly domain: readonly [number, number];
  /** Heights at places of the domain that lie evenly. */
  readonly curve: ArrayLike<number>;
  /** The coordinate by step. */
  readonly walk: ArrayLike<number>;
}

const SAMPLES = 241;

export const sliceOf = (
  { name, domain, part }: Pick<Slice, "name" | "domain"> & { readonly part: (x: number) => number },
  walk: ArrayLike<number>,
): Slice => ({
  name,
  domain,
  curve: Float64Array.from({ length: SAMPLES }, (_, i) =>
    part(domain[0] + (i / (SAMPLES - 1)) * (domain[1] - domain[0])),
  ),
  walk,
});
