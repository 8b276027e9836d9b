/** The race by the library: every path computed in one go, with all terms of all steps. */
import { transfer } from "comlink";
import { optimizers, schedules } from "steepest/optim";
import { SteepestError } from "steepest/run";
import { type Minimum, type SurfaceGrid, surfaceGrid, surfaces } from "steepest/surface";
import { formulaSurface, type Ground, open } from "./ground.ts";
import { type Finish, judge } from "./judge.ts";
import { nameOf } from "./lanes.ts";
import { type Packed, pack } from "./pack.ts";
import { type Ran, type Request, readOptions, runLane } from "./run-lane.ts";

export type { Ground, Request };

export interface Catalogue {
  readonly surfaces: readonly { readonly name: string; readonly label: string; readonly about: string }[];
  readonly optimizers: readonly {
    readonly name: string;
    readonly about: string;
    readonly formula: string;
    readonly source: string;
    /** Names and defaults. */
    readonly options: string;
  }[];
  readonly schedules: readonly string[];
}

export interface Terrain {
  readonly label: string;
  readonly text: string;
  readonly variables: readonly [string, string];
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly start: readonly [number, number];
  readonly minima: readonly Minimum[];
  readonly field: SurfaceGrid;
}

export interface Racer extends Packed {
  readonly name: string;
  readonly formula: string;
  readonly lr: number;
  /** Which colour, dash and marker; its place among the lanes. */
  readonly slot: number;
  readonly outcome: string;
  /** The same path on the command line, and as a call. */
  readonly command: string;
  readonly code: string;
}

interface Problem {
  readonly what: string;
  readonly help: string | null;
}

export interface Race {
  readonly racers: readonly Racer[];
  /** By lane: why it can't race, or null. */
  readonly problems: readonly (Problem | null)[];
  readonly finish: Finish;
  /** The height of the lowest minimum, and whether it was known beforehand; null where there is none. */
  readonly lowest: { readonly value: number; readonly known: boolean } | null;
}

export function catalogue(): Catalogue {
  return {
    surfaces: surfaces.map(({ name, label, about }) => ({ name, label, about })),
    optimizers: optimizers.map(({ name, about, formula, source, options }) => ({
      name,
      about,
      formula,
      source: source.cite,
      options: options
        .filter((o) => o.name !== "lr")
        .map((o) => `${o.name}=${Array.isArray(o.default) ? JSON.stringify(o.default) : String(o.default)}`)
        .join(", "),
    })),
    // those that need a function can't be written in an address
    schedules: schedules
      .filter((s) => Object.values(s.options).every((o) => o.type !== "function" || !o.required))
      .map((s) => s.name),
  };
}

export async function checkFormula(f: string): Promise<void> {
  await formulaSurface(f);
}

export function checkOptions(optimizer: string, options: string): void {
  readOptions(optimizer, options);
}

type Pair<T> = readonly [T, T];

export async function terrain(ground: Ground): Promise<Terrain> {
  const { surface } = await open(ground);
  const [x, y] = surface.domain as Pair<Pair<number>>;
  return {
    label: surface.label,
    text: surface.text,
    variables: surface.variables as Pair<string>,
    x,
    y,
    start: surface.start as Pair<number>,
    minima: surface.minima,
    field: surfaceGrid(surface, { x, y, columns: 220, rows: 160 }),
  };
}

export async function race(request: Request): Promise<Race> {
  const ground = await open(request.ground);
  const { surface, evaluate, descents } = ground;
  const from = request.from.map((at, i) => (Number.isNaN(at) ? surface.start[i]! : at));
  const problems: (Problem | null)[] = [];
  const ran: (Ran & { readonly slot: number })[] = [];
  for (const [slot, lane] of request.lanes.entries()) {
    const outcome = attempt(() => runLane(ground, lane, { request, from }));
    problems.push("what" in outcome ? outcome : null);
    if (!("what" in outcome)) ran.push({ ...outcome, slot });
  }
  // programs of settings gone by are dropped
  for (const key of descents.keys()) if (!ran.some((r) => r.key === key)) descents.delete(key);

  const known = surface.minima.length > 0;
  const minima = known ? surface.minima : ran.flatMap((r) => r.path.verdict.minimum ?? []);
  const packed = ran.map(({ path, lastSlope }) => pack(path, { lastSlope, minima }));
  const finish = judge(
    ran.map(({ lane, lr, path, limit }, i) => ({
      name: nameOf(lane),
      lr,
      packed: packed[i]!,
      verdict: path.verdict,
      limit,
    })),
    { evaluate, variables: surface.variables, domain: surface.domain! },
  );
  const made: Race = {
    racers: ran.map(({ lane, entry, lr, slot, path, command, code }, i) => ({
      ...packed[i]!,
      name: nameOf(lane),
      formula: entry.formula,
      lr,
      slot,
      outcome: path.verdict.outcome,
      command,
      code,
    })),
    problems,
    finish,
    lowest: minima.length === 0 ? null : { value: Math.min(...minima.map((m) => m.value)), known },
  };
  // nobody here needs the numbers any more: handed over, they are not copied
  const columns = packed.flatMap(({ points, losses, slopes, distances, lrs, terms }) => [
    ...[points, losses, slopes, distances, lrs],
    ...terms.map((t) => t.values),
  ]);
  return transfer(
    made,
    columns.map((column) => column.buffer),
  );
}

/** A lane that can't race is no reason for the others not to. */
function attempt<T>(work: () => T): T | Problem {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof SteepestError)) throw error;
    return { what: error.message, help: error.help ?? null };
  }
}
