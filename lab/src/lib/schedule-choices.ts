/** The schedules that rooms with a run file let you choose: what stands in the list, and in the run file. */
export const scheduleLabels = {
  constant: "constant",
  "warmup-cosine": "warm-up, then cosine",
  "warmup-linear": "warm-up, then linear",
  "inverse-sqrt": "warm-up, then 1/√k",
} as const;

export type ScheduleChoice = keyof typeof scheduleLabels;

/** A run file's `schedule`; `warmup` is the share of the steps in which the rate rises. */
export const scheduleSettings = (
  name: ScheduleChoice,
  { warmup, steps }: { readonly warmup: number; readonly steps: number },
): { readonly name: string; readonly warmupSteps?: number } =>
  name === "constant" ? { name } : { name, warmupSteps: Math.ceil(warmup * steps) };
