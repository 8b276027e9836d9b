import { describe, expect, test } from "vitest";
import { emptyDocument } from "../node-svg.ts";
import { planTrajectories, type TrajectoryMap } from "./trajectories.ts";
import { renderTrajectories } from "./trajectories-draw.ts";
import { sketchTrajectories } from "./trajectories-sketch.ts";

const [columns, rows] = [40, 30];
/** x² + y² over ±2. */
const values = Array.from({ length: columns * rows }, (_, k) => {
  const x = -2 + (4 * (k % columns)) / (columns - 1);
  const y = -2 + (4 * Math.floor(k / columns)) / (rows - 1);
  return x * x + y * y;
});
const map = (paths: TrajectoryMap["paths"], more: Partial<TrajectoryMap> = {}): TrajectoryMap => ({
  title: "bowl",
  x: { label: "x", domain: [-2, 2] },
  y: { label: "y", domain: [-2, 2] },
  grid: { columns, rows, values },
  minima: [{ at: [0, 0], kind: "global" }],
  paths,
  ...more,
});
const spiral = (k: number): number[][] =>
  Array.from({ length: 50 }, (_, t) => [
    1.8 * 0.93 ** t * Math.cos(t / 2 + k),
    1.8 * 0.93 ** t * Math.sin(t / 2 + k),
  ]);

describe("planning", () => {
  test("levels are evenly spaced on the log scale and lie within the heights", () => {
    const { levels, heights } = planTrajectories(map([]));
    const gaps = levels.slice(1).map((l, i) => l - levels[i]!);
    for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0]!, 9);
    expect(levels.at(-1)!).toBeLessThan(Math.max(...heights));
    expect(levels[0]!).toBeGreaterThan(Math.min(...heights));
  });
  test("a path is cut at the frame and comes back", () => {
    const { paths } = planTrajectories(
      map([
        {
          name: "out",
          points: [
            [1, 0],
            [3, 0],
            [3, 1],
            [1, 1],
          ],
        },
      ]),
    );
    expect(paths[0]!.lines).toEqual([
      [
        [1, 0],
        [2, 0],
      ],
      [
        [2, 1],
        [1, 1],
      ],
    ]);
    expect(paths[0]).toMatchObject({ end: [1, 1], exit: null });
  });
  test("a segment across the whole frame is drawn, one beside it is not", () => {
    const { paths } = planTrajectories(
      map([
        {
          name: "across",
          points: [
            [-4, -4],
            [4, 4],
          ],
        },
        {
          name: "beside",
          points: [
            [-4, 3],
            [4, 3],
          ],
        },
      ]),
    );
    expect(paths[0]!.lines).toEqual([
      [
        [-2, -2],
        [2, 2],
      ],
    ]);
    expect(paths[1]!.lines).toEqual([]);
  });
  test("a diverged path ends where it left", () => {
    const points = [
      [1, 1],
      [-1.5, 1],
      [1e200, 1],
      [Number.NaN, Number.NaN],
      [0, 0],
    ];
    const { paths } = planTrajectories(map([{ name: "wild", points }]));
    expect(paths[0]!.end).toBeNull();
    expect(paths[0]!.exit![0]).toBeCloseTo(2, 12);
  });
  test("up to a step only", () => {
    const { paths } = planTrajectories(map([{ name: "a", points: spiral(0) }], { upTo: 3 }));
    expect(paths[0]!.lines.flat()).toHaveLength(4);
    expect(paths[0]!.end).toEqual(spiral(0)[3]);
  });
});

describe("drawing", () => {
  const ten = Array.from({ length: 10 }, (_, k) => ({
    name: `optimizer ${k}`,
    points: spiral(k * 0.6),
    note: `lr ${k}`,
  }));
  test.for([
    ["light", 860],
    ["dark", 860],
    ["page", 420],
  ] as const)("ten paths, %s, %i px", async ([theme, width]) => {
    const svg = renderTrajectories(map(ten), { document: await emptyDocument(), theme, width });
    const styles = ten.map(({ name }) => {
      const group = svg.slice(svg.indexOf(`aria-label="${name}"`)).split("</g>")[0]!;
      expect(group, name).toMatch(/d="M[\d.,L-]+"/);
      const line = group.match(/<path [^>]*stroke-width="2"[^>]*>/)![0];
      const of = (attribute: string): string => line.match(new RegExp(` ${attribute}="([^"]*)"`))?.[1] ?? "";
      expect(of("stroke")).not.toBe("");
      return `${of("stroke")} ${of("stroke-dasharray")}`;
    });
    expect(new Set(styles).size).toBe(10);
    for (const { name, note } of ten) {
      expect(svg).toContain(`>${name}<`);
      expect(svg).toContain(`>${note}<`);
    }
    expect(svg.match(/class="minimum global"/g)).toHaveLength(1);
    expect(svg.match(/aria-label="contour"/g)).not.toBeNull();
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
  });
  test.for([
    ["no path", []],
    ["one point", [{ name: "a", points: [[0, 0]] }]],
    [
      "nothing inside",
      [
        {
          name: "a",
          points: [
            [9, 9],
            [8, 9],
          ],
        },
      ],
    ],
    ["no finite point", [{ name: "a", points: [[Number.NaN, 0]] }]],
  ] as [string, TrajectoryMap["paths"]][])("%s", async ([, paths]) => {
    expect(renderTrajectories(map(paths), { document: await emptyDocument() })).not.toMatch(/NaN|undefined/);
  });
  test.for([
    ["a plane of one height", values.map(() => 3)],
    ["holes", values.map((v, i) => (i % 3 === 0 ? Number.NaN : v))],
    ["nothing finite", values.map(() => Number.NaN)],
    ["infinite heights", values.map((v, i) => (i === 5 ? Number.POSITIVE_INFINITY : v * 1e300))],
  ] as const)("%s", async ([, heights]) => {
    const odd = map([{ name: "a", points: spiral(0) }], { grid: { columns, rows, values: heights } });
    expect(renderTrajectories(odd, { document: await emptyDocument() })).not.toMatch(/NaN|undefined/);
    expect(sketchTrajectories(odd).split("\n")).toHaveLength(23);
  });
});

test("in characters: numbers for paths, marks for start and minimum, nothing beyond the frame", () => {
  const text = sketchTrajectories(
    map([
      {
        name: "a",
        points: [
          [-1.5, -1.5],
          [0.5, 0.5],
          [9, 9],
        ],
      },
    ]),
    { ascii: true },
  );
  const lines = text.split("\n");
  expect(lines.slice(0, -1).every((l) => l.length === 72)).toBe(true);
  expect(lines.filter((l) => l.includes("1")).length).toBeGreaterThan(10);
  expect(text).toMatch(/\*/);
  expect(text).toMatch(/o1/);
  expect(text).toMatch(/^[\x20-\x7e\n]+$/);
});
