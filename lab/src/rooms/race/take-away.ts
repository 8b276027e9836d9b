/** A racer's path outside the page: on the command line, and as a call of the library. */
import type { ScheduleSpec } from "steepest/optim";
import type { Surface } from "steepest/surface";
import type { Ground } from "./ground.ts";
import type { Lane } from "./lanes.ts";
import { FORMULA } from "./view.ts";

/** In quotes for a shell where it needs them. */
const quoted = (word: string): string => (/^[\w.,:=+-]+$/.test(word) ? word : `'${word}'`);

interface Request {
  readonly ground: Ground;
  readonly steps: number;
  readonly noise: number;
  readonly seed: number;
}

interface Path {
  readonly optimizer: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly lane: Lane;
  readonly schedule: ScheduleSpec;
  readonly lr: number;
  readonly from: readonly number[];
}

export const takeAway = (
  surface: Surface,
  request: Request,
  path: Path,
): { readonly command: string; readonly code: string } => ({
  command: commandOf(request, path),
  code: codeOf(surface, request, path),
});

function codeOf(
  { variables, domain }: Surface,
  { ground, steps, noise, seed }: Request,
  { optimizer, lane, schedule, lr, from }: Path,
): string {
  const surface =
    ground.on === FORMULA
      ? `await parseFormula(${JSON.stringify(ground.f)}, ${JSON.stringify({ variables, domain })})`
      : `makeSurface(${JSON.stringify(ground.on)})`;
  const { name, ...options } = optimizer;
  const settings = {
    optimizer: Object.keys(options).length === 0 ? name : optimizer,
    from,
    lr,
    ...(lane.schedule === "constant" ? {} : { schedule }),
    ...(noise > 0 ? { noise: { sigma: noise, seed } } : {}),
    steps,
  };
  const written = Object.entries(settings).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return `const path = trajectory({ surface: ${surface}, ${written.join(", ")} })`;
}

function commandOf({ ground, steps, noise, seed }: Request, { lane, schedule, lr, from }: Path): string {
  const { name, ...rest } = schedule;
  const options = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === "object" ? JSON.stringify(value) : String(value)}`,
  );
  const scheduled = options.length === 0 ? name : `${name}:${options.join(",")}`;
  return [
    `npx steepest descend ${quoted(ground.on === FORMULA ? ground.f : ground.on)}`,
    `--from=${from.join(",")}`,
    `--optimizers ${quoted(lane.options === "" ? lane.optimizer : `${lane.optimizer}:${lane.options}`)}`,
    `--lr ${lr} --steps ${steps}`,
    ...(lane.schedule === "constant" ? [] : [`--schedule ${quoted(scheduled)}`]),
    ...(noise > 0 ? [`--noise ${noise} --seed ${seed}`] : []),
  ].join(" ");
}
