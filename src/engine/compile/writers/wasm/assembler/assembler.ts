/**
 * A small assembler for WebAssembly modules: functions are written instruction by instruction into byte arrays, and
 * `assemble` puts the sections together (WebAssembly core specification, chapter 5, binary format).
 */
import {
  type LaneMemoryOp,
  type LaneOp,
  laneMemoryOps,
  laneOps,
  type MemoryOp,
  memoryOps,
  type PlainOp,
  plainOps,
} from "./opcodes.ts";

export type ValueType = "i32" | "i64" | "f32" | "f64" | "v128";
const typeCode: Readonly<Record<ValueType, number>> = {
  i32: 0x7f,
  i64: 0x7e,
  f32: 0x7d,
  f64: 0x7c,
  v128: 0x7b,
};
const VOID = 0x40;

function unsigned(n: number, out: number[] = []): number[] {
  do {
    const byte = n % 128;
    n = Math.floor(n / 128);
    out.push(n > 0 ? byte | 128 : byte);
  } while (n > 0);
  return out;
}

function signed(value: number | bigint, out: number[] = []): number[] {
  let n = BigInt(value);
  for (;;) {
    const byte = Number(n & 127n);
    n >>= 7n;
    const done = (n === 0n && (byte & 64) === 0) || (n === -1n && (byte & 64) !== 0);
    out.push(done ? byte : byte | 128);
    if (done) return out;
  }
}

const scratch = new DataView(new ArrayBuffer(16));
const bytesOfScratch = (n: number): number[] => Array.from(new Uint8Array(scratch.buffer, 0, n));

/** A local variable or parameter of the function being written. */
export type Local = number & { readonly __local?: never };

/** Writes the body of one function. Methods append instructions and return the writer, so that calls chain. */
export class FunctionWriter {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly #locals: ValueType[] = [];
  readonly #free = new Map<ValueType, Local[]>();
  readonly code: number[] = [];

  constructor(params: readonly ValueType[] = [], results: readonly ValueType[] = []) {
    this.params = params;
    this.results = results;
  }

  /** A local of this type, reusing one that was released. Its content is undefined: set it before reading. */
  local(type: ValueType): Local {
    const reused = this.#free.get(type)?.pop();
    if (reused !== undefined) return reused;
    this.#locals.push(type);
    return this.params.length + this.#locals.length - 1;
  }

  /** Gives a local back for reuse. */
  release(type: ValueType, ...locals: Local[]): this {
    const list = this.#free.get(type) ?? [];
    this.#free.set(type, list);
    list.push(...locals);
    return this;
  }

  get(local: Local): this {
    return this.#raw(0x20, local);
  }
  set(local: Local): this {
    return this.#raw(0x21, local);
  }
  tee(local: Local): this {
    return this.#raw(0x22, local);
  }

  i32(value: number): this {
    this.code.push(0x41);
    signed(value | 0, this.code);
    return this;
  }
  i64(value: bigint): this {
    this.code.push(0x42);
    signed(BigInt.asIntN(64, value), this.code);
    return this;
  }
  f32(value: number): this {
    scratch.setFloat32(0, value, true);
    this.code.push(0x43, ...bytesOfScratch(4));
    return this;
  }
  f64(value: number): this {
    scratch.setFloat64(0, value, true);
    this.code.push(0x44, ...bytesOfScratch(8));
    return this;
  }
  /** A vector constant with every lane equal to `value`. */
  splat(type: "f32x4" | "f64x2" | "i32x4" | "i64x2", value: number | bigint): this {
    const lanes = type.endsWith("4") ? 4 : 2;
    for (let i = 0; i < lanes; i++) {
      if (type === "f32x4") scratch.setFloat32(i * 4, Number(value), true);
      else if (type === "i32x4") scratch.setInt32(i * 4, Number(value) | 0, true);
      else if (type === "f64x2") scratch.setFloat64(i * 8, Number(value), true);
      else scratch.setBigInt64(i * 8, BigInt.asIntN(64, BigInt(value)), true);
    }
    this.#opcode(0xfd00c);
    this.code.push(...bytesOfScratch(16));
    return this;
  }
  /** An int32x4 constant. */
  lanes(a: number, b: number, c: number, d: number): this {
    [a, b, c, d].forEach((v, i) => {
      scratch.setInt32(i * 4, v, true);
    });
    this.#opcode(0xfd00c);
    this.code.push(...bytesOfScratch(16));
    return this;
  }

  op(name: PlainOp): this {
    this.#opcode(plainOps[name]!);
    return this;
  }
  /** Load or store at the address on the stack plus `offset` bytes. Alignment hint 4. */
  memory(name: MemoryOp, offset = 0): this {
    this.#opcode(memoryOps[name]!);
    this.code.push(2);
    unsigned(offset, this.code);
    return this;
  }
  lane(name: LaneOp, index: number): this {
    this.#opcode(laneOps[name]!);
    this.code.push(index);
    return this;
  }
  laneMemory(name: LaneMemoryOp, index: number, offset = 0): this {
    this.#opcode(laneMemoryOps[name]!);
    this.code.push(2);
    unsigned(offset, this.code);
    this.code.push(index);
    return this;
  }
  /** Picks 16 bytes out of the 32 of two vectors. */
  shuffle(bytes: readonly number[]): this {
    this.#opcode(0xfd00d);
    this.code.push(...bytes);
    return this;
  }
  /** `shuffle` by 32-bit lanes: 0–3 of the first vector, 4–7 of the second. */
  shuffle32(a: number, b: number, c: number, d: number): this {
    return this.shuffle([a, b, c, d].flatMap((l) => [l * 4, l * 4 + 1, l * 4 + 2, l * 4 + 3]));
  }
  /** memory.fill: address, byte value and length in bytes are on the stack. */
  fill(): this {
    this.#opcode(0xfc00b);
    this.code.push(0);
    return this;
  }
  /** memory.copy: destination, source and length in bytes are on the stack. */
  copy(): this {
    this.#opcode(0xfc00a);
    this.code.push(0, 0);
    return this;
  }
  call(functionIndex: number): this {
    return this.#raw(0x10, functionIndex);
  }

  /** `block … end`: a branch to it leaves it. */
  block(body: () => void): this {
    return this.#structured(0x02, body);
  }
  /** `loop … end`: a branch to it starts it again. */
  loop(body: () => void): this {
    return this.#structured(0x03, body);
  }
  /** Runs a branch if the i32 on the stack is not zero. */
  if(then: () => void, otherwise?: () => void): this {
    this.code.push(0x04, VOID);
    then();
    if (otherwise) {
      this.code.push(0x05);
      otherwise();
    }
    this.code.push(0x0b);
    return this;
  }
  br(depth: number): this {
    return this.#raw(0x0c, depth);
  }
  brIf(depth: number): this {
    return this.#raw(0x0d, depth);
  }

  /** Counts `counter` from its present value up by `step` while it is (signed) below `limit`. */
  countUp(counter: Local, limit: () => void, step: number, body: () => void): this {
    return this.block(() => {
      this.get(counter);
      limit();
      this.op("i32.ge_s").brIf(0);
      this.loop(() => {
        body();
        this.get(counter).i32(step).op("i32.add").tee(counter);
        limit();
        this.op("i32.lt_s").brIf(0);
      });
    });
  }

  #raw(opcode: number, index: number): this {
    this.code.push(opcode);
    unsigned(index, this.code);
    return this;
  }
  #structured(opcode: number, body: () => void): this {
    this.code.push(opcode, VOID);
    body();
    this.code.push(0x0b);
    return this;
  }
  #opcode(code: number): void {
    if (code < 0x1000) this.code.push(code);
    else {
      this.code.push(code >> 12);
      unsigned(code & 0xfff, this.code);
    }
  }

  /** The function's entry in the code section. */
  body(): number[] {
    const runs: [number, ValueType][] = [];
    for (const type of this.#locals) {
      const last = runs[runs.length - 1];
      if (last !== undefined && last[1] === type) last[0]++;
      else runs.push([1, type]);
    }
    const head = unsigned(runs.length);
    for (const [count, type] of runs) {
      unsigned(count, head);
      head.push(typeCode[type]);
    }
    const size = unsigned(head.length + this.code.length + 1);
    return [...size, ...head, ...this.code, 0x0b];
  }
}

export interface ImportedFunction {
  readonly module: string;
  readonly name: string;
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

export interface ModuleSource {
  /** Imported functions take the first indices. */
  readonly imports: readonly ImportedFunction[];
  /** Own functions follow the imports; `name` exports one. */
  readonly functions: readonly { readonly writer: FunctionWriter; readonly name?: string }[];
  /** Imported as env.memory; pages of 64 KiB. */
  readonly memory: { readonly min: number; readonly max: number; readonly shared: boolean };
}

function appendAll(out: number[], bytes: readonly number[]): void {
  for (const b of bytes) out.push(b);
}

const text = (s: string): number[] => {
  const bytes = Array.from(new TextEncoder().encode(s));
  return [...unsigned(bytes.length), ...bytes];
};

export function assemble({ imports, functions, memory }: ModuleSource): Uint8Array<ArrayBuffer> {
  const types: number[][] = [];
  const typeIndex = (params: readonly ValueType[], results: readonly ValueType[]): number => {
    const bytes = [
      0x60,
      ...unsigned(params.length),
      ...params.map((p) => typeCode[p]),
      ...unsigned(results.length),
      ...results.map((r) => typeCode[r]),
    ];
    const known = types.findIndex((t) => t.length === bytes.length && t.every((b, i) => b === bytes[i]));
    return known >= 0 ? known : types.push(bytes) - 1;
  };
  const importEntries = imports.map((f) => [
    ...text(f.module),
    ...text(f.name),
    0x00,
    ...unsigned(typeIndex(f.params, f.results)),
  ]);
  importEntries.push([
    ...text("env"),
    ...text("memory"),
    0x02,
    memory.shared ? 3 : 1,
    ...unsigned(memory.min),
    ...unsigned(memory.max),
  ]);
  const ownTypes = functions.map(({ writer }) => unsigned(typeIndex(writer.params, writer.results)));
  const exports = functions.flatMap(({ name }, i) =>
    name === undefined ? [] : [[...text(name), 0x00, ...unsigned(imports.length + i)]],
  );

  const out = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  const section = (id: number, entries: readonly (readonly number[])[]): void => {
    const count = unsigned(entries.length);
    out.push(id);
    unsigned(
      entries.reduce((n, e) => n + e.length, count.length),
      out,
    );
    appendAll(out, count);
    for (const entry of entries) appendAll(out, entry);
  };
  section(1, types);
  section(2, importEntries);
  section(3, ownTypes);
  section(7, exports);
  section(
    10,
    functions.map(({ writer }) => writer.body()),
  );
  return Uint8Array.from(out);
}
