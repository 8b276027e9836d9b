export const DOMAIN = { x: [-5, 5], y: [-2, 2] } as const;
export const STEPS = 120;
