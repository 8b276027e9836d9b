/** What a rate does on ½(x² + κy²), in words. */

export interface Regime {
  readonly tone: "good" | "info" | "warning" | "critical";
  readonly title: string;
  readonly why: string;
}

const show = (x: number): string => String(Number(x.toPrecision(3))).replace("-", "−");

/** Each step multiplies x by 1−η and y by 1−ηκ: everything else follows from these two numbers. */
export const factors = (lr: number, kappa: number): { readonly x: number; readonly y: number } => ({
  x: 1 - lr,
  y: 1 - lr * kappa,
});

export function regime(lr: number, kappa: number, steps: number): Regime {
  const { x, y } = factors(lr, kappa);
  const limit = show(2 / kappa);
  const slow = Math.max(Math.abs(x), Math.abs(y));
  const left = slow ** steps;
  if (Math.abs(y + 1) < 1e-9) {
    return {
      tone: "warning",
      title: "On the border: it never settles",
      why: `At exactly 2/L = ${limit} each step throws y to the same distance on the other side.`,
    };
  }
  if (y < -1) {
    return {
      tone: "critical",
      title: "Too large: it flies out",
      why: `Above 2/L = ${limit} each step lands farther from the valley's floor than it began: y grows by ${show(-y)} times and changes sides.`,
    };
  }
  if (left > 0.5) {
    const cause =
      y < 0
        ? `y changes sides at each step and keeps ${show(-100 * y)} % of its size`
        : "x hardly moves along the floor";
    return {
      tone: "warning",
      title: y < 0 ? "Nearly too large: it bounces for long" : "Too small: it barely moves",
      why: `After ${steps} steps ${show(100 * left)} % of the way is still to go, because ${cause}.`,
    };
  }
  if (Math.abs(lr - 2 / (kappa + 1)) < 0.02 / (kappa + 1)) {
    return {
      tone: "good",
      title: "Just right: no rate is faster here",
      why: `At 2/(L+μ) = ${show(2 / (kappa + 1))} both directions shrink equally fast, to ${show(100 * slow)} % a step.`,
    };
  }
  if (y < 0) {
    return {
      tone: "info",
      title: "Large: it bounces, and settles",
      why: `Between 1/L and 2/L each step overshoots the valley's floor: y changes sides and keeps ${show(-100 * y)} % of its size.`,
    };
  }
  return {
    tone: "good",
    title: "Safe: it slides down without overshooting",
    why: `Up to 1/L = ${show(1 / kappa)} neither coordinate changes sides; the flat direction keeps ${show(100 * x)} % a step and sets the pace.`,
  };
}
