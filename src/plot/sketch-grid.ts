/** Dots in characters, and how a curve is put there. */

export interface Grid {
  readonly columns: number;
  readonly rows: number;
  /** Row 0 is at the top. Dots outside are left out. */
  readonly set: (x: number, y: number) => void;
  readonly lines: () => string[];
}

/** Bit of each dot in U+2800…28FF, by row and column. */
const BRAILLE = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/** Braille has 2 × 4 dots a character; ' . : make 1 × 2. */
export function createGrid(width: number, height: number, { ascii }: { ascii: boolean }): Grid {
  const [perX, perY] = ascii ? [1, 2] : [2, 4];
  const cells = new Uint8Array(width * height);
  return {
    columns: width * perX,
    rows: height * perY,
    set(x, y) {
      if (x < 0 || y < 0 || x >= width * perX || y >= height * perY) return;
      const cell = Math.floor(y / perY) * width + Math.floor(x / perX);
      cells[cell]! |= ascii ? 1 << (y % 2) : BRAILLE[y % 4]![x % 2]!;
    },
    lines: () =>
      Array.from({ length: height }, (_, r) =>
        Array.from(cells.subarray(r * width, (r + 1) * width), (bits) =>
          ascii ? " '.:"[bits]! : bits === 0 ? " " : String.fromCharCode(0x2800 + bits),
        ).join(""),
      ),
  };
}

/** A curve in dots: column of each point, and its row, NaN where it has none. */
export interface Dots {
  readonly columns: ArrayLike<number>;
  readonly rows: ArrayLike<number>;
}

/**
 * Column by column: a bar over the middle four fifths of its values, its extremes as dots (a bar when far out),
 * and a line from the median before. A point without a row breaks the line.
 */
export function drawCurve(grid: Grid, { columns, rows }: Dots): void {
  const n = Math.min(columns.length, rows.length);
  let before: { x: number; y: number } | null = null;
  for (let i = 0; i < n; ) {
    const x = columns[i]!;
    const values: number[] = [];
    let broken = false;
    for (; i < n && columns[i] === x; i++) {
      if (Number.isFinite(rows[i]!)) values.push(rows[i]!);
      else broken = true;
    }
    if (values.length === 0) {
      before = null;
      continue;
    }
    values.sort((a, b) => a - b);
    const at = (q: number): number => values[Math.round(q * (values.length - 1))]!;
    const [low, high, min, max] = [at(0.1), at(0.9), at(0), at(1)];
    const far = 1.5 * (high - low);
    const [top, bottom] = [min < low - far ? min : low, max > high + far ? max : high];
    line(grid, { x, y: Math.round(top) }, { x, y: Math.round(bottom) });
    grid.set(x, Math.round(max));
    grid.set(x, Math.round(min));
    const middle = { x, y: Math.round(at(0.5)) };
    if (before) line(grid, before, middle);
    before = broken ? null : middle;
  }
}

function line(grid: Grid, a: { x: number; y: number }, b: { x: number; y: number }): void {
  const n = Math.max(Math.abs(b.x - a.x), Math.abs(b.y - a.y), 1);
  for (let k = 0; k <= n; k++)
    grid.set(Math.round(a.x + ((b.x - a.x) * k) / n), Math.round(a.y + ((b.y - a.y) * k) / n));
}
