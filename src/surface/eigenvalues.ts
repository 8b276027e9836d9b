/** Eigenvalues of a small symmetric matrix by Jacobi's rotations, rising. */
export function symmetricEigenvalues(rows: ArrayLike<number>, n: number): number[] {
  const a = Float64Array.from(rows);
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
      }
    }
  }
  return Array.from({ length: n }, (_, i) => at(i, i)).sort((x, y) => x - y);
}
