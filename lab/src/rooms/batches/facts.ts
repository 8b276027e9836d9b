/** Samples of the problem. */
export const N = 64;
export const STEPS = 128;
export const DOMAIN = { x: [-2.6, 2.6], y: [-2.4, 2] } as const;
export const samplings = ["epochs", "replaced"] as const;
/** The second weight's share of the line's height. */
export const INTERCEPT = 0.5;
