/** The numbers that the race's figures draw. */
import type { Table } from "../../lib/save.ts";
import type { Race, Racer, Terrain } from "./worker.ts";

/** Every step of everybody. */
export const raceTable = (race: Race | null, terrain: Terrain | null): Table => ({
  columns: ["lane", "step", ...(terrain?.variables ?? ["x", "y"]), "f", "gradient norm", "distance", "rate"],
  rows: (race?.racers ?? []).flatMap((r) =>
    Array.from(r.losses, (f, k) => [
      r.name,
      k,
      r.points[2 * k]!,
      r.points[2 * k + 1]!,
      f,
      r.slopes[k]!,
      r.distances[k]!,
      r.lrs[k - 1] ?? "",
    ]),
  ),
});

/** Every term of every step of one of them. */
export const termTable = ({ terms, made }: Racer, variables: readonly string[]): Table => ({
  columns: [
    "step",
    ...terms.flatMap((t) => (t.width === 2 ? variables.map((n) => `${t.name} ${n}`) : [t.name])),
  ],
  rows: Array.from({ length: made }, (_, k) => [
    k + 1,
    ...terms.flatMap((t) => Array.from(t.values.subarray(t.width * k, t.width * (k + 1)))),
  ]),
});
