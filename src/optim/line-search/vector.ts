/** A few words on plain vectors for the searches that the host drives. */
export const dot = (a: Float64Array, b: Float64Array): number => {
  let t = 0;
  for (let i = 0; i < a.length; i++) t += a[i]! * b[i]!;
  return t;
};

/** x + t·d */
export const along = (x: Float64Array, t: number, d: Float64Array): Float64Array =>
  x.map((v, i) => v + t * d[i]!);

export const minus = (a: Float64Array, b: Float64Array): Float64Array => a.map((v, i) => v - b[i]!);

export const scaled = (a: Float64Array, t: number): Float64Array => a.map((v) => t * v);

export const largest = (a: Float64Array): number => {
  let m = 0;
  for (const v of a) m = Number.isNaN(v) ? Number.NaN : Math.max(m, Math.abs(v));
  return m;
};

export const sumAbs = (a: Float64Array): number => a.reduce((t, v) => t + Math.abs(v), 0);
