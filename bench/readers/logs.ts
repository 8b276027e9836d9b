/** Made logs of a given size, written in pieces: one run of loss, rate and gradient norm. */
import { closeSync, openSync, writeSync } from "node:fs";
import { maskedCrc32c } from "../../src/logs/crc.ts";

/** What a reader has to find in a made log. */
export interface Truth {
  readonly points: number;
  readonly firstStep: number;
  readonly lastStep: number;
  /** Extremes of the loss, as written. */
  readonly min: number;
  readonly max: number;
}

export interface Row {
  readonly step: number;
  readonly loss: number;
  readonly lr: number;
  readonly gradNorm: number;
}

/** Falls, with noise; float32 like the numbers in an event file. */
export function rowAt(step: number, points: number): Row {
  return {
    step,
    loss: Math.fround(0.2 + 2.1 * Math.exp((-8 * step) / points) + 0.05 * noise(step, 1)),
    lr: Math.fround(1e-3 * (1 - step / points)),
    gradNorm: Math.fround(1 + 0.3 * noise(step, 2)),
  };
}

/** In −0.5 … 0.5, without a period: the finaliser of MurmurHash3. */
function noise(step: number, which: number): number {
  let x = Math.imul(step + 1, 0x9e3779b1) ^ Math.imul(which, 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
  return ((x ^ (x >>> 16)) >>> 8) / 2 ** 24 - 0.5;
}

const PIECE = 1 << 20;

/** Appends rows until the file has `size` bytes. */
function make(
  path: string,
  size: number,
  head: Uint8Array,
  encode: (row: Row) => Uint8Array,
  rowOf = rowAt,
): Truth {
  const file = openSync(path, "w");
  const guess = Math.round(size / encode(rowAt(12_345, 1e6)).length);
  let [written, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let piece: Uint8Array[] = [head];
  let held = head.length;
  let step = 0;
  const flush = (): void => {
    written += writeSync(file, Buffer.concat(piece));
    piece = [];
    held = 0;
  };
  for (; written + held < size; step++) {
    const row = rowOf(step, guess);
    min = Math.min(min, row.loss);
    max = Math.max(max, row.loss);
    const bytes = encode(row);
    piece.push(bytes);
    held += bytes.length;
    if (held >= PIECE) flush();
  }
  flush();
  closeSync(file);
  return { points: step, firstStep: 0, lastStep: step - 1, min, max };
}

export function makeCsv(path: string, size: number): Truth {
  const encode = ({ step, loss, lr, gradNorm }: Row): Uint8Array =>
    Buffer.from(`${step},${loss},${lr},${gradNorm}\n`);
  return make(path, size, Buffer.from("step,loss,lr,grad_norm\n"), encode);
}

/** Console output as trainers print it; `dated`: behind a logger's date. */
export function makeText(path: string, size: number, { dated }: { dated: boolean }): Truth {
  const encode = ({ step, loss, lr, gradNorm }: Row): Uint8Array => {
    const when = dated
      ? `${new Date(1.7e12 + 370 * step).toISOString().replace("T", " ").slice(0, 23)} - INFO - `
      : "";
    return Buffer.from(
      `${when}step ${step} | loss: ${loss.toFixed(DIGITS)} | lr: ${lr.toExponential(3)} | grad norm: ${gradNorm.toFixed(3)}\n`,
    );
  };
  const rowOf = (step: number, points: number): Row => {
    const row = rowAt(step, points);
    return { ...row, loss: Number(row.loss.toFixed(DIGITS)) };
  };
  return make(path, size, Buffer.from("training starts\n"), encode, rowOf);
}

const DIGITS = 6;

/** TFRecords of Event messages (tensorflow/core/util/event.proto), one scalar each, as `SummaryWriter.add_scalar` writes. */
export function makeEvents(path: string, size: number): Truth {
  const version = Buffer.concat([double(1, 1.7e9), bytesField(3, Buffer.from("brain.Event:2"))]);
  const scalar = (tag: string, value: number, step: number): Uint8Array => {
    const simple = Buffer.alloc(5);
    simple[0] = (2 << 3) | 5;
    simple.writeFloatLE(value, 1);
    const one = Buffer.concat([bytesField(1, Buffer.from(tag)), simple]);
    const when = double(1, 1.7e9 + step);
    return record(Buffer.concat([when, Buffer.of(2 << 3), varint(step), bytesField(5, bytesField(1, one))]));
  };
  return make(path, size, record(version), ({ step, loss, lr, gradNorm }) =>
    Buffer.concat([
      scalar("train/loss", loss, step),
      scalar("train/lr", lr, step),
      scalar("train/grad_norm", gradNorm, step),
    ]),
  );
}

function record(data: Uint8Array): Uint8Array {
  const out = Buffer.alloc(12 + data.length + 4);
  out.writeUInt32LE(data.length, 0);
  out.writeUInt32LE(maskedCrc32c(out, 0, 8), 8);
  out.set(data, 12);
  out.writeUInt32LE(maskedCrc32c(data, 0, data.length), 12 + data.length);
  return out;
}

function double(field: number, value: number): Uint8Array {
  const out = Buffer.alloc(9);
  out[0] = (field << 3) | 1;
  out.writeDoubleLE(value, 1);
  return out;
}

const bytesField = (field: number, content: Uint8Array): Uint8Array =>
  Buffer.concat([Buffer.of((field << 3) | 2), varint(content.length), content]);

function varint(value: number): Uint8Array {
  const out: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest & 127) | 128);
  return Buffer.from([...out, rest]);
}
