/** What can end a program that is watched. Small: the command's help needs it. */
export type StopOn = "critical" | "divergence" | "non-finite";

export const STOP_ON: readonly StopOn[] = ["critical", "divergence", "non-finite"];
