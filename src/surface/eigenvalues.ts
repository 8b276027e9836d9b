/** Eigenvalues of a small symmetric matrix [n, n], row-major, rising. */
export const symmetricEigenvalues = (rows: ArrayLike<number>, n: number): number[] =>
  inEigenbasis(rows, new Float64Array(n)).map((d) => d.value);

export interface EigenDirection {
  readonly value: number;
  /** Of the given vector, along this eigenvector; its sign says nothing. */
  readonly component: number;
}

/** Eigenvalues of a small symmetric matrix by Jacobi's rotations, rising, and a vector's components along them. */
export function inEigenbasis(rows: ArrayLike<number>, vector: ArrayLike<number>): EigenDirection[] {
  const n = vector.length;
  const a = Float64Array.from(rows);
  const g = Float64Array.from(vector);
  const at = (i: number, j: number): number => a[i * n + j]!;
  const offDiagonal = (): number => {
    let sum = 0;
    for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) sum += at(i, j) ** 2;
    return sum;
  };
  const scale = a.reduce((sum, v) => sum + v * v, 0);
  // quadratic convergence: a matrix needs about ten sweeps at most
  for (let sweep = 0; sweep < 50 && offDiagonal() > 1e-30 * scale; sweep++) {
    for (let p = 0; p < n; p++) {
      for (let q = p + 1; q < n; q++) {
        if (at(p, q) === 0) continue;
        const theta = (at(q, q) - at(p, p)) / (2 * at(p, q));
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k++) {
          const [kp, kq] = [at(k, p), at(k, q)];
          a[k * n + p] = c * kp - s * kq;
          a[k * n + q] = s * kp + c * kq;
        }
        for (let k = 0; k < n; k++) {
          const [pk, qk] = [at(p, k), at(q, k)];
          a[p * n + k] = c * pk - s * qk;
          a[q * n + k] = s * pk + c * qk;
        }
        const [gp, gq] = [g[p]!, g[q]!];
        g[p] = c * gp - s * gq;
        g[q] = s * gp + c * gq;
      }
    }
  }
  return Array.from(g, (component, i) => ({ value: at(i, i), component })).sort((x, y) => x.value - y.value);
}
