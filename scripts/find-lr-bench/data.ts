/** Small made-up data sets, each the same every time: tables as CSV text. */
import { stream } from "../../src/random/index.ts";

const csv = (rows: readonly (readonly (number | string)[])[]): string => {
  const names = rows[0]!.map((_, i) => (i === rows[0]!.length - 1 ? "y" : `x${i}`));
  return [names, ...rows].map((r) => r.join(",")).join("\n");
};
const digits = (x: number): number => Number(x.toPrecision(6));

/** Friedman 1991, "Multivariate adaptive regression splines", equation 61: ten features of which five count. */
function friedman(): string {
  const [x, e] = [stream(1, "x").uniform(600 * 10), stream(1, "noise").normal(600)];
  return csv(
    Array.from({ length: 600 }, (_, i) => {
      const f = Array.from(x.slice(10 * i, 10 * i + 10), digits);
      const [a, b, c, d, g] = f as [number, number, number, number, number];
      const y = 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + 5 * g + e[i]!;
      return [...f, digits(y)];
    }),
  );
}

/** Features and target in units of their own, as a table of flats has them. */
function raw(): string {
  const [x, e] = [stream(2, "x").uniform(400 * 4), stream(2, "noise").normal(400)];
  return csv(
    Array.from({ length: 400 }, (_, i) => {
      const [a, b, c, d] = x.slice(4 * i, 4 * i + 4) as unknown as [number, number, number, number];
      const f = [1 + Math.floor(6 * a), 20 + 180 * b, digits(30 * c), Math.floor(3 * d)];
      return [
        ...f.map(digits),
        digits(40 + 3 * f[1]! + 25 * f[0]! - 4 * f[2]! + 0.02 * f[1]! * f[2]! + 20 * e[i]!),
      ];
    }),
  );
}

/** Gaussian clouds, one for each of many classes. */
function clouds(
  classes: number,
  { seed, size = 8, spread = 1 }: { seed: number; size?: number; spread?: number },
): string {
  const n = 1000;
  const centres = stream(seed, "centres").normal(classes * size);
  const e = stream(seed, "noise").normal(n * size);
  return csv(
    Array.from({ length: n }, (_, i) => {
      const c = i % classes;
      const f = Array.from({ length: size }, (_, j) =>
        digits(centres[c * size + j]! + spread * e[i * size + j]!),
      );
      return [...f, `c${c}`];
    }),
  );
}

/** Three classes by angle, and three in ten labels drawn anew. */
function mislabelled(): string {
  const [x, u] = [stream(3, "x").normal(400 * 6), stream(3, "labels").uniform(2 * 400)];
  return csv(
    Array.from({ length: 400 }, (_, i) => {
      const f = Array.from(x.slice(6 * i, 6 * i + 6), digits);
      const angle = Math.atan2(f[0]! + 0.3 * f[2]! * f[3]!, f[1]!) + Math.PI;
      const own = Math.min(2, Math.floor((3 * angle) / (2 * Math.PI)));
      const label = u[2 * i]! < 0.3 ? Math.floor(3 * u[2 * i + 1]!) : own;
      return [...f, `c${label}`];
    }),
  );
}

/** Sixty rows: too few to learn much that holds. */
function tiny(): string {
  const [x, e] = [stream(4, "x").normal(80 * 12), stream(4, "noise").normal(80)];
  return csv(
    Array.from({ length: 80 }, (_, i) => {
      const f = Array.from(x.slice(12 * i, 12 * i + 12), digits);
      return [...f, digits(f[0]! - 2 * f[1]! + f[2]! * f[3]! + 0.7 * e[i]!)];
    }),
  );
}

/** Two spirals around each other. */
function spirals(): string {
  const e = stream(5, "noise").normal(2 * 500);
  return csv(
    Array.from({ length: 500 }, (_, i) => {
      const t = 0.5 + (3 * Math.PI * Math.floor(i / 2)) / 250;
      const side = i % 2 === 0 ? 1 : -1;
      const at = [side * t * Math.cos(t), side * t * Math.sin(t)];
      return [...at.map((v, j) => digits((v + 0.3 * e[2 * i + j]!) / 5)), i % 2 === 0 ? "a" : "b"];
    }),
  );
}

/** Pictures of 8 × 8: a bar in one of four directions somewhere, in noise. */
function bars(): string {
  const [u, e] = [stream(6, "where").uniform(3 * 600), stream(6, "noise").normal(600 * 64)];
  return csv(
    Array.from({ length: 600 }, (_, i) => {
      const [a, b] = [Math.floor(8 * u[3 * i]!), Math.floor(5 * u[3 * i + 1]!)];
      const kind = i % 4;
      const pixel = Array.from({ length: 64 }, (_, p) => 0.6 * e[64 * i + p]!);
      for (let s = 0; s < 4; s++) {
        const k = b + s;
        const [r, c] = [
          [a, k],
          [k, a],
          [k, (a + s) % 8],
          [k, (a + 8 - s) % 8],
        ][kind]! as [number, number];
        pixel[8 * r + c] = pixel[8 * r + c]! + 2;
      }
      return [...pixel.map(digits), `k${kind}`];
    }),
  );
}

/** The parity of three of twelve signs: nothing is learnt for long, then all at once. */
function parity(): string {
  const u = stream(7, "signs").uniform(800 * 12);
  return csv(
    Array.from({ length: 800 }, (_, i) => {
      const s = Array.from(u.slice(12 * i, 12 * i + 12), (v) => (v < 0.5 ? -1 : 1));
      return [...s, s[0]! * s[1]! * s[2]! > 0 ? "even" : "odd"];
    }),
  );
}

/** Three rings, one inside the other, in a plane of six. */
function rings(): string {
  const [u, e] = [stream(11, "angle").uniform(600), stream(11, "noise").normal(600 * 6)];
  return csv(
    Array.from({ length: 600 }, (_, i) => {
      const r = 1 + (i % 3) + 0.25 * e[6 * i]!;
      const at = [r * Math.cos(2 * Math.PI * u[i]!), r * Math.sin(2 * Math.PI * u[i]!)];
      return [...[...at, ...e.slice(6 * i + 2, 6 * i + 6)].map(digits), `r${i % 3}`];
    }),
  );
}

/** A sum of waves, from where it was at the last eight looks: what comes next. */
function waves(): string {
  const e = stream(12, "noise").normal(708);
  const y = Array.from(
    e,
    (z, t) => Math.sin(t / 3) + 0.6 * Math.sin(t / 1.7 + 1) * Math.sin(t / 40) + 0.15 * z,
  );
  return csv(Array.from({ length: 700 }, (_, i) => [...y.slice(i, i + 8), y[i + 8]!].map(digits)));
}

/** Fifty features and three hundred rows; five features count, and chance flips one label in ten. */
function sparse(): string {
  const [x, u] = [stream(13, "x").normal(300 * 50), stream(13, "flip").uniform(300)];
  return csv(
    Array.from({ length: 300 }, (_, i) => {
      const f = Array.from(x.slice(50 * i, 50 * i + 50), digits);
      const yes = f[0]! + f[1]! - f[2]! + 0.5 * f[3]! * f[4]! > 0;
      return [...f, yes === u[i]! > 0.1 ? "yes" : "no"];
    }),
  );
}

/** Prices: a product of factors, so that few are large. */
function prices(): string {
  const [x, e] = [stream(14, "x").uniform(500 * 5), stream(14, "noise").normal(500)];
  return csv(
    Array.from({ length: 500 }, (_, i) => {
      const f = Array.from(x.slice(5 * i, 5 * i + 5), digits);
      return [...f, digits(Math.exp(3 + 2 * f[0]! + f[1]! * f[2]! - f[3]! + 0.2 * e[i]!))];
    }),
  );
}

/** Pictures of 8 × 8: a filled square, a frame or a cross, in noise. */
function shapes(): string {
  const [u, e] = [stream(15, "where").uniform(2 * 600), stream(15, "noise").normal(600 * 64)];
  return csv(
    Array.from({ length: 600 }, (_, i) => {
      const [top, left] = [Math.floor(5 * u[2 * i]!), Math.floor(5 * u[2 * i + 1]!)];
      const inside = (r: number, c: number): boolean =>
        [true, r === 0 || r === 3 || c === 0 || c === 3, r === 1 || c === 2][i % 3]!;
      const pixel = Array.from({ length: 64 }, (_, p) => {
        const [r, c] = [Math.floor(p / 8) - top, (p % 8) - left];
        const on = r >= 0 && r < 4 && c >= 0 && c < 4 && inside(r, c);
        return digits((on ? 1.5 : 0) + 0.6 * e[64 * i + p]!);
      });
      return [...pixel, `s${i % 3}`];
    }),
  );
}

/** Sentences of a small grammar. */
function sentences(): string {
  const u = stream(16, "words").uniform(4 * 900);
  const lists = [
    ["the cat", "a dog", "the old man", "my friend", "a bird"],
    [" sees ", " likes ", " follows ", " forgets "],
    ["the house", "a river", "the red ball", "no one", "the moon"],
    [". ", "! ", " again. ", " at night. "],
  ];
  return Array.from({ length: 900 }, (_, i) =>
    lists.map((list, k) => list[Math.floor(list.length * u[4 * i + k]!)]!).join(""),
  ).join("");
}

export const files: Readonly<Record<string, () => string>> = {
  "friedman.csv": friedman,
  "raw.csv": raw,
  "clouds20.csv": () => clouds(20, { seed: 8 }),
  "clouds50.csv": () => clouds(50, { seed: 9, size: 16, spread: 1.2 }),
  "mislabelled.csv": mislabelled,
  "tiny.csv": tiny,
  "spirals.csv": spirals,
  "bars.csv": bars,
  "parity.csv": parity,
  "rings.csv": rings,
  "waves.csv": waves,
  "sparse.csv": sparse,
  "prices.csv": prices,
  "shapes.csv": shapes,
  "sentences.txt": sentences,
};
