/** What momentum does along one direction of curvature λ: the roots of z² − (1 + β − ηλ)z + β. */
export type Regime = "slides" | "swings" | "flips" | "flies out";

export const regimeOf = (rate: number, beta: number): Regime => {
  if (rate >= 2 * (1 + beta)) return "flies out";
  const root = Math.sqrt(beta);
  if (rate <= (1 - root) ** 2) return "slides";
  return rate < (1 + root) ** 2 ? "swings" : "flips";
};

export const meanings: Readonly<Record<Regime, string>> = {
  slides: "two real factors: it slides down without changing sides",
  swings: "a complex pair of factors: it swings from side to side as a wave, and each step keeps √β",
  flips: "negative factors: it changes sides at each step",
  "flies out": "a factor beyond −1: each step lands farther out",
};
