/** Schedules made of schedules. Members are specifications, or functions when written in code. */
import { defineSchedule } from "./define.ts";
import type { MakeContext, ScheduleRow } from "./entry.ts";
import { badOption, type Member, number, numbers, schedule, scheduleList } from "./options.ts";
import { isMetricSchedule, type RunLengths, type Schedule } from "./types.ts";

/** One after the other: member i is in force from boundaries[i − 1] on, and counts its steps from there. */
export function joinSchedules(schedules: readonly Schedule[], boundaries: readonly number[]): Schedule {
  const active = (k: number): readonly [Schedule, number] => {
    const i = boundaries.filter((b) => b <= k).length;
    return [schedules[i]!, k - (boundaries[i - 1] ?? 0)];
  };
  const joined = (k: number): number => {
    const [member, local] = active(k);
    return member(local);
  };
  if (!schedules.some((member) => member.momentumAt)) return joined;
  return Object.assign(joined, {
    momentumAt: (k: number): number | undefined => {
      const [member, local] = active(k);
      return member.momentumAt?.(local);
    },
  });
}

/**
 * lr times every member's share of it: PyTorch's ChainedScheduler for members that are multiples of lr. Deviation: past
 * a CosineAnnealingLR's T_max PyTorch's recursion climbs from its own rate and forgets the other members' factors.
 */
export function chainSchedules(lr: number, members: readonly Schedule[]): Schedule {
  const unit = lr === 0 ? 1 : lr;
  return (k) => lr * members.reduce((product, member) => product * (member(k) / unit), 1);
}

/** A schedule times a number; momentum stays as it is. */
export function scaleSchedule(inner: Schedule, factor: number): Schedule {
  const scaled = (k: number): number => factor * inner(k);
  return inner.momentumAt ? Object.assign(scaled, { momentumAt: inner.momentumAt }) : scaled;
}

function buildMember(
  member: Member,
  lr: number,
  at: string,
  run: RunLengths,
  { build }: MakeContext,
): Schedule {
  if (typeof member === "function") return member;
  const built = build(member, lr, at, run);
  if (isMetricSchedule(built))
    throw badOption(at, "name", `${member.name} follows a metric and can't be part of another schedule`);
  return built;
}

/** What the run's lengths are for a member that has `totalSteps` steps of it. */
function lengthsOf(run: RunLengths, totalSteps: number | undefined): RunLengths {
  const { totalSteps: _, ...rest } = run;
  return totalSteps === undefined ? rest : { ...rest, totalSteps };
}

export const join: ScheduleRow = defineSchedule({
  name: "join",
  about: "Schedules one after the other; each counts its steps from its own beginning.",
  formula: "scheduleᵢ(k − boundaries[i − 1]) for boundaries[i − 1] ≤ k < boundaries[i]",
  source: { cite: "torch.optim.lr_scheduler.SequentialLR; optax.join_schedules; fastai's combine_scheds" },
  elsewhere: [
    {
      name: "SequentialLR",
      library: "pytorch",
      options: { schedulers: "schedules", milestones: "boundaries" },
    },
    { name: "join_schedules", library: "optax" },
    { name: "combine_scheds", library: "fastai", options: { scheds: "schedules", pcts: "shares" } },
  ],
  options: {
    schedules: scheduleList("The members in their order."),
    boundaries: numbers("Steps at which the next member takes over, one fewer than members.", {
      min: 0,
      ascending: true,
    }),
    shares: numbers("Instead of boundaries: each member's share of totalSteps, together 1.", {
      min: 0,
      max: 1,
    }),
    totalSteps: number("Steps of the whole run, for shares and for what the last member is filled with.", {
      above: 0,
      filledFrom: "totalSteps",
    }),
  },
  example: {
    schedules: [
      { name: "linear-factor", startFactor: 0.01, totalIters: 10 },
      { name: "cosine-annealing", tMax: 90 },
    ],
    boundaries: [10],
  },
  make: (lr, { schedules, boundaries, shares, totalSteps }, context) => {
    const { at, run } = context;
    if ((boundaries === null) === (shares === null))
      throw badOption(at, "boundaries", "join needs either boundaries or shares", "give one of the two");
    const starts = boundaries ?? startsOf(shares ?? [], totalSteps, at);
    if (starts.length !== schedules.length - 1)
      throw badOption(
        at,
        boundaries ? "boundaries" : "shares",
        boundaries
          ? `${boundaries.length} boundaries for ${schedules.length} schedules`
          : `${starts.length + 1} shares for ${schedules.length} schedules`,
        boundaries ? "give one boundary fewer than schedules" : "give one share a schedule",
      );
    const members = schedules.map((member, i) => {
      const end = starts[i] ?? totalSteps;
      const length = end === undefined || end === null ? undefined : end - (starts[i - 1] ?? 0);
      return buildMember(member, lr, `${at}.schedules[${i}]`, lengthsOf(run, length), context);
    });
    return joinSchedules(members, starts);
  },
});

function startsOf(shares: readonly number[], totalSteps: number | null, at: string): readonly number[] {
  if (totalSteps === null) throw badOption(at, "shares", "shares need totalSteps", "give totalSteps");
  const sum = shares.reduce((a, b) => a + b, 0);
  if (Math.abs(sum - 1) > 1e-9)
    throw badOption(at, "shares", `the shares add up to ${sum}`, "make them add up to 1");
  let passed = 0;
  return shares.slice(0, -1).map((share) => (passed += share) * totalSteps);
}

export const chain: ScheduleRow = defineSchedule({
  name: "chain",
  about: "Several schedules at once: the rate times the share that each one leaves of it.",
  formula: "lr·Π scheduleᵢ(k)/lr",
  source: { cite: "torch.optim.lr_scheduler.ChainedScheduler" },
  elsewhere: [{ name: "ChainedScheduler", library: "pytorch", options: { schedulers: "schedules" } }],
  options: { schedules: scheduleList("The members; each a multiple of lr.") },
  example: {
    schedules: [
      { name: "constant-factor", factor: 0.1, totalIters: 20 },
      { name: "exponential", gamma: 0.9 },
    ],
  },
  make: (lr, { schedules }, context) => {
    const unit = lr === 0 ? 1 : lr;
    const members = schedules.map((member, i) => {
      const at = `${context.at}.schedules[${i}]`;
      const built = buildMember(member, unit, at, context.run, context);
      if (typeof member !== "function")
        refuseAbsolute(member.name, built, buildMember(member, 2 * unit, at, context.run, context), at);
      return built;
    });
    return chainSchedules(lr, members);
  },
});

/**
 * A member with rates of its own (a floor, a peak) is no multiple of lr. PyTorch gives chained floors a meaning that
 * depends on the order of the members; instead of other numbers under its name there is an error.
 */
function refuseAbsolute(name: string, once: Schedule, twice: Schedule, at: string): void {
  for (const k of [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000]) {
    const [a, b] = [once(k), twice(k)];
    if (once.momentumAt || Math.abs(b - 2 * a) > 1e-9 * Math.abs(a))
      throw badOption(
        at,
        "name",
        `${name} sets rates of its own and can't be chained`,
        "leave out its floor or peak, or use join",
      );
  }
}

export const scale: ScheduleRow = defineSchedule({
  name: "scale",
  about: "Another schedule times a number; its momentum stays.",
  formula: "factor·schedule(k)",
  source: { cite: "ours; elsewhere a scaled schedule is written as a function" },
  elsewhere: [],
  options: {
    schedule: schedule("The schedule to scale."),
    factor: number("The number.", { required: true, min: 0 }),
  },
  example: { schedule: { name: "step", stepSize: 30 }, factor: 0.5 },
  make: (lr, { schedule: member, factor }, context) =>
    scaleSchedule(buildMember(member, lr, `${context.at}.schedule`, context.run, context), factor),
});
