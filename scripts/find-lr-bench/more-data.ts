/** More small made-up data sets, each of any seed: tables as CSV text, texts, and an array as NumPy writes it. */
import { stream } from "../../src/random/index.ts";

type Row = readonly (number | string)[];
type Make = (seed: number) => string | Uint8Array;

const digits = (x: number): number => Number(x.toPrecision(6));
const csv = (rows: readonly Row[]): string => {
  const names = rows[0]!.map((_, i) => (i === rows[0]!.length - 1 ? "y" : `x${i}`));
  return [names, ...rows].map((r) => r.join(",")).join("\n");
};
const rows = (n: number, row: (i: number) => Row): string => csv(Array.from({ length: n }, (_, i) => row(i)));
const slice = (x: Float64Array | Float32Array, i: number, size: number): number[] =>
  Array.from(x.slice(size * i, size * (i + 1)), digits);
const pick = <T>(list: readonly T[], u: number): T => list[Math.floor(list.length * u)]!;

/** A plane and a bend, and one row in twelve far off it. */
const outliers: Make = (seed) => {
  const [x, e, u] = [
    stream(seed, "x").normal(500 * 8),
    stream(seed, "e").normal(500),
    stream(seed, "u").uniform(500),
  ];
  return rows(500, (i) => {
    const f = slice(x, i, 8);
    const y = 2 * f[0]! - f[1]! + Math.abs(f[2]!) + 0.3 * e[i]! * (u[i]! < 1 / 12 ? 30 : 1);
    return [...f, digits(y)];
  });
};

/** How often each of 120 words stands in a document of one of six topics. */
const topics: Make = (seed) => {
  const [g, u] = [stream(seed, "words").normal(6 * 120), stream(seed, "draws").uniform(450 * 40)];
  const sums = Array.from({ length: 6 }, (_, t) => {
    let sum = 0;
    return Array.from(g.slice(120 * t, 120 * (t + 1)), (z) => (sum += Math.exp(1.2 * z)));
  });
  return rows(450, (i) => {
    const counts = Array.from({ length: 120 }, () => 0);
    const upTo = sums[i % 6]!;
    for (let k = 0; k < 40; k++) {
      const at = upTo.findIndex((s) => s >= u[40 * i + k]! * upTo.at(-1)!);
      counts[Math.max(0, at)]!++;
    }
    return [...counts, `t${i % 6}`];
  });
};

/** Signals of 48 samples: a chirp, a burst, a square wave or two tones, somewhere, in noise. */
const signals: Make = (seed) => {
  const [u, e] = [stream(seed, "where").uniform(3 * 480), stream(seed, "e").normal(480 * 48)];
  return rows(480, (i) => {
    const [a, b] = [6.28 * u[3 * i]!, 0.3 + 0.3 * u[3 * i + 1]!];
    const at = 8 + 32 * u[3 * i + 2]!;
    const wave = (t: number): number =>
      [
        Math.sin(a + b * t + 0.01 * t * t),
        2 * Math.exp(-(((t - at) / 5) ** 2)) * Math.sin(a + 1.2 * t),
        Math.sign(Math.sin(a + b * t)),
        Math.sin(a + b * t) + Math.sin(2.3 * b * t),
      ][i % 4]!;
    return [...Array.from({ length: 48 }, (_, t) => digits(wave(t) + 0.5 * e[48 * i + t]!)), `s${i % 4}`];
  });
};

/** Brackets that close in their order, of three kinds. */
const brackets: Make = (seed) => {
  const u = stream(seed, "brackets").uniform(2 * 9000);
  const open: number[] = [];
  let text = "";
  for (let i = 0; i < 9000; i++) {
    const closes = open.length > 0 && (open.length > 5 || u[2 * i]! < 0.48);
    if (closes) text += ")]}"[open.pop()!]!;
    else {
      open.push(Math.floor(3 * u[2 * i + 1]!));
      text += "([{"[open.at(-1)!]!;
    }
  }
  return text;
};

/** Two half moons in a plane, with four features that say nothing. */
const moons: Make = (seed) => {
  const [u, e] = [stream(seed, "u").uniform(500), stream(seed, "e").normal(500 * 6)];
  return rows(500, (i) => {
    const [t, side, z] = [Math.PI * u[i]!, i % 2, slice(e, i, 6)];
    const at = side === 0 ? [Math.cos(t), Math.sin(t)] : [1 - Math.cos(t), 0.5 - Math.sin(t)];
    return [...at.map((v, j) => digits(v + 0.18 * z[j]!)), ...z.slice(2), side === 0 ? "up" : "down"];
  });
};

/** Sums of two numbers below fifty, written out. */
const sums: Make = (seed) => {
  const u = stream(seed, "sums").uniform(2 * 1200);
  const two = (x: number): string => String(x).padStart(2, "0");
  return Array.from({ length: 1200 }, (_, i) => {
    const [a, b] = [Math.floor(50 * u[2 * i]!), Math.floor(50 * u[2 * i + 1]!)];
    return `${two(a)}+${two(b)}=${two(a + b)};`;
  }).join("");
};

/** Who clicks: a hundred features of which few are one, and one answer in seven is yes. */
const clicks: Make = (seed) => {
  const [w, u] = [stream(seed, "w").normal(100), stream(seed, "u").uniform(600 * 9)];
  return rows(600, (i) => {
    const f = Array.from({ length: 100 }, () => 0);
    let z = -2.2;
    for (let k = 0; k < 8; k++) {
      // words that are frequent and words that are rare
      const at = Math.floor(100 * u[9 * i + k]! ** 2);
      if (f[at] === 0) z += w[at]!;
      f[at] = 1;
    }
    return [...f, u[9 * i + 8]! < 1 / (1 + Math.exp(-z)) ? "yes" : "no"];
  });
};

/** Rows of twenty numbers that three hidden ones bend into shape. */
const hidden: Make = (seed) => {
  const n = 400;
  const [z, w, e] = [
    stream(seed, "z").normal(n * 3),
    stream(seed, "w").normal(20 * 6),
    stream(seed, "e").normal(n * 20),
  ];
  const values = Float32Array.from({ length: n * 20 }, (_, k) => {
    const [i, j] = [Math.floor(k / 20), k % 20];
    let y = 0.1 * e[k]!;
    for (let h = 0; h < 3; h++)
      y += w[6 * j + h]! * z[3 * i + h]! + 0.4 * w[6 * j + 3 + h]! * Math.tanh(z[3 * i + h]! * z[3 * i]!);
    return y;
  });
  return npy(values, [n, 20]);
};

/** NumPy's format, version 1.0, of a table. */
function npy(values: Float32Array, [n, size]: readonly [number, number]): Uint8Array {
  const fields = `{'descr': '<f4', 'fortran_order': False, 'shape': (${n}, ${size}), }`;
  const head = `\x93NUMPY\x01\x00\x76\x00${fields.padEnd(117)}\n`;
  const bytes = new Uint8Array(head.length + values.byteLength);
  bytes.set(Array.from(head, (c) => c.charCodeAt(0)));
  bytes.set(new Uint8Array(values.buffer), head.length);
  return bytes;
}

/** A chequered plane. */
const checks: Make = (seed) => {
  const u = stream(seed, "u").uniform(700 * 2);
  return rows(700, (i) => {
    const [a, b] = [4 * u[2 * i]!, 4 * u[2 * i + 1]!];
    return [digits(a - 2), digits(b - 2), (Math.floor(a) + Math.floor(b)) % 2 === 0 ? "dark" : "light"];
  });
};

/** One row in twenty is of the kind that is looked for. */
const rare: Make = (seed) => {
  const [x, u] = [stream(seed, "x").normal(800 * 10), stream(seed, "u").uniform(800)];
  return rows(800, (i) => {
    const f = slice(x, i, 10);
    const z = 1.5 * f[0]! * f[1]! + f[2]! - 4.5;
    return [...f, u[i]! < 1 / (1 + Math.exp(-2 * z)) || i % 40 === 0 ? "yes" : "no"];
  });
};

/** Eight measurements of very different size, and a target of steps, as trees make it. */
const steps: Make = (seed) => {
  const [x, e] = [stream(seed, "x").uniform(450 * 8), stream(seed, "e").normal(450)];
  return rows(450, (i) => {
    const f = slice(x, i, 8);
    const y =
      (f[0]! > 0.5 ? 3 : 0) + (f[1]! > 0.3 && f[2]! < 0.6 ? 2 : 0) - (f[3]! > 0.8 ? 4 : 0) + 0.5 * e[i]!;
    return [...f.map((v, j) => digits(v * 10 ** (j % 3))), digits(y)];
  });
};

/** Counts of events, whose mean grows quickly with two of six features. */
const counts: Make = (seed) => {
  const [x, u] = [stream(seed, "x").normal(500 * 6), stream(seed, "u").uniform(500)];
  return rows(500, (i) => {
    const f = slice(x, i, 6);
    const mean = Math.exp(0.5 + 0.7 * f[0]! - 0.4 * f[1]! * f[2]!);
    let [k, p] = [0, Math.exp(-mean)];
    for (let sum = p; sum < u[i]! && k < 200; k++, sum += p) p *= mean / (k + 1);
    return [...f, k];
  });
};

/** Characters of which each follows from the two before it, one time in five by chance. */
const chain: Make = (seed) => {
  const [next, u] = [stream(seed, "next").uniform(144), stream(seed, "u").uniform(2 * 9000)];
  const letters = "abcdefghijkl";
  let [a, b, text] = [0, 1, ""];
  for (let i = 0; i < 9000; i++) {
    const c = u[2 * i]! < 0.2 ? Math.floor(12 * u[2 * i + 1]!) : Math.floor(12 * next[12 * a + b]!);
    text += letters[c]!;
    [a, b] = [b, c];
  }
  return text;
};

/** Pictures of 8 × 8 with one, two or three dots. */
const dots: Make = (seed) => {
  const [u, e] = [stream(seed, "u").uniform(600 * 6), stream(seed, "e").normal(600 * 64)];
  return rows(600, (i) => {
    const pixel = Array.from({ length: 64 }, (_, p) => 0.4 * e[64 * i + p]!);
    for (let k = 0; k <= i % 3; k++) {
      // each in a third of its own, so that none hides another
      const [r, c] = [1 + Math.floor(6 * u[6 * i + 2 * k]!), Math.floor(2.6 * k + 2 * u[6 * i + 2 * k + 1]!)];
      for (const at of [8 * r + c, 8 * r + c + 8]) pixel[at] = pixel[at]! + 2;
    }
    return [...pixel.map(digits), `d${1 + (i % 3)}`];
  });
};

/** A date as people write it, and as machines do. */
const dates: Make = (seed) => {
  const u = stream(seed, "dates").uniform(3 * 900);
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const two = (x: number): string => String(x).padStart(2, "0");
  return Array.from({ length: 900 }, (_, i) => {
    const [d, y] = [1 + Math.floor(28 * u[3 * i]!), 20 + Math.floor(10 * u[3 * i + 1]!)];
    const m = pick(months, u[3 * i + 2]!);
    return `${d} ${m} ${y}>${y}-${two(1 + months.indexOf(m))}-${two(d)}\n`;
  }).join("");
};

/** Ten wells of one machine: what the tenth shows follows from the others with a lag and a drift. */
const wells: Make = (seed) => {
  const e = stream(seed, "e").normal(610 * 9);
  const level = Array.from({ length: 9 }, () => 0);
  const before: number[][] = [];
  for (let t = 0; t < 610; t++) {
    level.forEach((v, j) => {
      level[j] = 0.95 * v + e[9 * t + j]!;
    });
    before.push([...level]);
  }
  return rows(600, (i) => {
    const [now, then] = [before[i + 10]!, before[i + 4]!];
    const y = Math.sin(now[0]! / 2) + 0.3 * then[1]! + 0.2 * now[2]! * Math.tanh(now[3]!) + i / 300;
    return [...now.map(digits), digits(20 + 5 * y)];
  });
};

export const makers: Readonly<Record<string, Make>> = {
  outliers,
  topics,
  signals,
  brackets,
  moons,
  sums,
  clicks,
  hidden,
  checks,
  rare,
  steps,
  counts,
  chain,
  dots,
  dates,
  wells,
};
