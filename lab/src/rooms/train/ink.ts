/** A drawing as strokes, as text of the address, and as the picture that a network of digits is used to. */

export type Stroke = readonly (readonly [x: number, y: number])[];

/** Strokes lie on a grid of 64 × 64: two letters a point, a dot between strokes. */
export const GRID = 64;
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

export const writeInk = (strokes: readonly Stroke[]): string =>
  strokes.map((s) => s.map(([x, y]) => LETTERS[x]! + LETTERS[y]!).join("")).join(".");

/** Null when it is no drawing. */
export function readInk(text: string): Stroke[] | null {
  if (text === "") return [];
  const strokes = text
    .split(".")
    .map((part) =>
      Array.from({ length: Math.ceil(part.length / 2) }, (_, i): [number, number] => [
        LETTERS.indexOf(part[2 * i]!),
        part[2 * i + 1] === undefined ? -1 : LETTERS.indexOf(part[2 * i + 1]!),
      ]),
    );
  return strokes.every((s) => s.length > 0 && s.every(([x, y]) => x >= 0 && y >= 0)) ? strokes : null;
}

export const SIDE = 28;
/** As the digits were made: 20 pixels for the longer side, then the centre of mass in the middle (LeCun et al. 1998). */
const BODY = 20;
/** Half the width of a pen's line, in pixels. */
const PEN = 1.1;

/** Grey levels 0…1, row by row, as the training digits have them. */
export function picture(strokes: readonly Stroke[]): Float32Array {
  const empty = new Float32Array(SIDE * SIDE);
  const points = strokes.flat();
  if (points.length === 0) return empty;
  const [xs, ys] = [points.map((p) => p[0]), points.map((p) => p[1])];
  const [left, top] = [Math.min(...xs), Math.min(...ys)];
  const [width, height] = [Math.max(...xs) - left, Math.max(...ys) - top];
  // a dot stays a dot
  const scale = (BODY - 2 * PEN) / Math.max(width, height, GRID / 8);
  const draw = (dx: number, dy: number): Float32Array =>
    empty.map((_, i) => {
      const [px, py] = [(i % SIDE) + 0.5 - dx, Math.floor(i / SIDE) + 0.5 - dy];
      let near = Number.POSITIVE_INFINITY;
      for (const stroke of strokes) {
        for (let k = 0; k < stroke.length; k++) {
          const at = (p: readonly [number, number]): [number, number] => [
            (p[0] - left) * scale,
            (p[1] - top) * scale,
          ];
          near = Math.min(near, distance([px, py], at(stroke[Math.max(0, k - 1)]!), at(stroke[k]!)));
        }
      }
      return Math.min(1, Math.max(0, PEN + 0.5 - near));
    });
  const middle = [(SIDE - width * scale) / 2, (SIDE - height * scale) / 2] as const;
  const first = draw(...middle);
  let [mass, x, y] = [0, 0, 0];
  first.forEach((ink, i) => {
    mass += ink;
    x += ink * ((i % SIDE) + 0.5);
    y += ink * (Math.floor(i / SIDE) + 0.5);
  });
  return draw(middle[0] + Math.round(SIDE / 2 - x / mass), middle[1] + Math.round(SIDE / 2 - y / mass));
}

/** From a point to a piece of a line. */
function distance(
  [px, py]: readonly [number, number],
  [ax, ay]: readonly [number, number],
  [bx, by]: readonly [number, number],
): number {
  const [dx, dy] = [bx - ax, by - ay];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((px - ax) * dx + (py - ay) * dy) / length));
  return Math.hypot(px - ax - along * dx, py - ay - along * dy);
}
