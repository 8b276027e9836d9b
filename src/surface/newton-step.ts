/** Newton's step of a small symmetric Hessian. */

/** −(H + shift·I)⁻¹g by elimination with pivots; H row-major [n, n]. */
export function newtonStep(
  hessian: ArrayLike<number>,
  gradient: ArrayLike<number>,
  shift: number,
): Float64Array {
  const n = gradient.length;
  const rows = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: n + 1 }, (_, j) =>
      j === n ? -gradient[i]! : hessian[i * n + j]! + (i === j ? shift : 0),
    ),
  );
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++) if (Math.abs(rows[r]![c]!) > Math.abs(rows[pivot]![c]!)) pivot = r;
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const factor = rows[r]![c]! / rows[c]![c]!;
      for (let j = c; j <= n; j++) rows[r]![j] = rows[r]![j]! - factor * rows[c]![j]!;
    }
  }
  return Float64Array.from(rows, (row, i) => row[n]! / row[i]!);
}
