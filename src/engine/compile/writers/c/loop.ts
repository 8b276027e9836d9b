/** Writes a loop kernel as one C function over a range of its parts. */

import type { DType } from "../../../graph/dtype.ts";
import { bytesOf } from "../../../graph/dtype.ts";
import type { Expr } from "../../../graph/expr.ts";
import type { LoopKernel } from "../../kernels.ts";
import { aligned, uniformValue } from "../../nodes.ts";
import { type LoopPlan, planLoop, type Stream } from "../../passes/loop-plan.ts";
import type { AddressOf } from "../../passes/memory.ts";
import { type Accumulator, accumulator, joinAll, RUN } from "./accumulator.ts";
import { expression, type MathName, uniform } from "./expression.ts";
import type { VectorBytes } from "./prelude.ts";
import {
  elementTag,
  isVector,
  type Lanes,
  loadLanes,
  storeLanes,
  tagOf,
  typeName,
  vectorTag,
} from "./types.ts";

export interface WriteContext {
  readonly addressOf: AddressOf;
  readonly vectorBytes: VectorBytes;
  readonly uses: (name: MathName) => void;
  /** The name of a table of `count` 32-bit numbers, whose element i is a C expression of i. */
  readonly table: (expression: string, count: number) => string;
}

/** A kernel as C: a function `void NAME(char *m, i64 from, i64 to)` that does parts from…to of `parts`. */
export interface KernelText {
  readonly text: string;
  readonly parts: number;
  /** Roughly the nanoseconds that one part takes on one core. */
  readonly cost: number;
}

/** Reductions with little work per element run several vectors at a time, to hide the latency of adding. */
const UNROLL = 4;
const LIGHT = 8;
/** Elements of a part, where a loop is cut along its vectors. */
const BLOCK = 4096;
/** A lane of work takes about this many nanoseconds for each operation. */
const NS_PER_LANE = 0.05;

export function writeLoop(kernel: LoopKernel, name: string, context: WriteContext): KernelText {
  const plan = planLoop(kernel);
  if (plan.sizes.slice(0, plan.firstReduced).includes(0))
    return { text: `static void ${name}(char *m, i64 from, i64 to) {}\n`, parts: 1, cost: 0 };
  return new LoopText(kernel, plan, context).write(name);
}

/** How many elements one pass of the body handles: `lanes` per vector, `vectors` of them; of the last only `part`. */
interface Width {
  readonly vectors: number;
  readonly part?: number;
}

class LoopText {
  readonly #kernel: LoopKernel;
  readonly #plan: LoopPlan;
  readonly #context: WriteContext;
  readonly #lanes: Lanes;
  readonly #hoisted = new Map<Stream, string>();
  #lines: string[] = [];
  #depth = 1;
  #names = 0;

  constructor(kernel: LoopKernel, plan: LoopPlan, context: WriteContext) {
    this.#kernel = kernel;
    this.#plan = plan;
    this.#context = context;
    this.#lanes = lanesOf(kernel, plan, context.vectorBytes);
  }

  write(name: string): KernelText {
    const { sizes, vector, firstReduced, column } = this.#plan;
    const reduces = this.#kernel.reductions.length > 0;
    const work = sizes.reduce((a, b) => a * b, 1) * (this.#kernel.members.length + 2) * NS_PER_LANE;
    const whole = sizes.length === 0 || (reduces && !column && firstReduced === 0);
    const parts = whole ? 1 : vector === 0 ? this.#blocks(sizes[0]!) : sizes[0]!;
    this.#level(0);
    const operations = [...this.#kernel.members, ...this.#kernel.reductions.map((r) => r.node)].map(
      (n) => n.op,
    );
    const text = `/* [${this.#kernel.domain.join(", ")}]: ${operations.join(" ") || "copy"} */
static void ${name}(char *m, i64 from, i64 to) {
${this.#lines.join("\n")}
}
`;
    return { text, parts, cost: work / parts };
  }

  #line(text: string): void {
    if (text !== "") this.#lines.push("  ".repeat(this.#depth) + text);
  }

  #block(head: string, body: () => void): void {
    this.#line(`${head} {`);
    this.#depth++;
    body();
    this.#depth--;
    this.#line("}");
  }

  #name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  /** Elements of one part of a loop that is cut along its vectors. */
  get #blockSize(): number {
    if (!this.#plan.column) return BLOCK;
    return this.#lanes.lanes * (this.#light ? UNROLL : 1);
  }
  #blocks(n: number): number {
    return Math.max(1, Math.ceil(n / this.#blockSize));
  }
  get #light(): boolean {
    return (
      this.#kernel.reductions.length > 0 && this.#kernel.members.length <= LIGHT && isVector(this.#lanes)
    );
  }

  /** Loops from level d inwards. */
  #level(d: number): void {
    const { sizes, firstReduced, vector, column } = this.#plan;
    const reduces = this.#kernel.reductions.length > 0;
    if (column && d === vector) this.#columns();
    else if (reduces && d === firstReduced) this.#rowReduction();
    else if (d === sizes.length) this.#body({ vectors: 1 }, []);
    else if (d === vector) this.#vectorLoop(d, []);
    else this.#range(d, () => this.#level(d + 1));
  }

  /** All iterations of loop d; of the outermost, those of this call. */
  #range(d: number, body: () => void, step = 1): void {
    const [first, last] = d === 0 ? ["from", "to"] : ["0", String(this.#plan.sizes[d]!)];
    this.#block(`for (i64 i${d} = ${first}; i${d} < ${last}; i${d} += ${step})`, body);
  }

  /** Where a stream stands, `element` elements further along the vector loop. */
  #place(stream: Stream, element: number): string {
    const { buffer, view } = stream.operand;
    const { vector } = this.#plan;
    const start = this.#context.addressOf(buffer) + view.offset * bytesOf[buffer.dtype];
    const further = element * (stream.strides[vector] ?? 0);
    const moves = stream.strides.flatMap((s, d) => (s === 0 ? [] : [`i${d} * ${s}`]));
    return ["m", `${start}ll`, ...moves, ...(further === 0 ? [] : [further])].join(" + ");
  }

  #load(stream: Stream, dtype: DType, element: number, count: number): string {
    const at = this.#place(stream, element);
    const { dtype: stored } = stream.operand.buffer;
    const tag = elementTag(stored);
    if (!isVector(this.#lanes)) return `ld_${tag}(${at})`;
    const step = stream.strides[this.#plan.vector] ?? 0;
    const value = loadLanes(vectorTag(tag), at, { step, count, lanes: this.#lanes.lanes });
    return dtype === "bool" ? `${value} != 0` : value;
  }

  #store(stream: Stream, dtype: DType, element: number, value: string, count: number): string {
    const at = this.#place(stream, element);
    const tag = elementTag(dtype);
    if (!isVector(this.#lanes)) return `st_${tag}(${at}, ${value});`;
    const step = stream.strides[this.#plan.vector] ?? 0;
    return storeLanes(vectorTag(tag), at, dtype === "bool" ? `${value} & 1` : value, { step, count });
  }

  /** The innermost loop of elementwise work and of row reductions. */
  #vectorLoop(d: number, sets: readonly (readonly Accumulator[])[]): void {
    const n = this.#plan.sizes[d]!;
    this.#hoist(d);
    const { lanes } = this.#lanes;
    const unroll = sets.length || 1;
    const wide = Math.floor(n / (lanes * unroll)) * lanes * unroll;
    const even = Math.floor(n / lanes) * lanes;
    const flush = sets
      .flat()
      .map((a) => a.flush)
      .join(" ")
      .trim();
    const i = `i${d}`;
    const pass = (width: Width): void => this.#body(width, sets);
    const cut = d === 0 && sets.length === 0;
    if (wide > 0) {
      const step = lanes * unroll;
      if (cut) this.#cut(i, wide, step, () => pass({ vectors: unroll }));
      else if (flush !== "" && wide / step > RUN) {
        this.#block(`for (i64 ${i} = 0; ${i} < ${wide};)`, () => {
          this.#line(`i64 stop = ${i} + ${RUN * step} < ${wide} ? ${i} + ${RUN * step} : ${wide};`);
          this.#block(`for (; ${i} < stop; ${i} += ${step})`, () => pass({ vectors: unroll }));
          this.#line(flush);
        });
      } else
        this.#block(`for (i64 ${i} = 0; ${i} < ${wide}; ${i} += ${step})`, () => pass({ vectors: unroll }));
    }
    const last = cut
      ? (body: () => void) => this.#block(`if (to == ${this.#blocks(n)})`, body)
      : (body: () => void) => this.#block("", body);
    for (let at = wide; at < n; at += lanes) {
      last(() => {
        this.#line(`const i64 ${i} = ${at};`);
        pass(at < even ? { vectors: 1 } : { vectors: 1, part: n - even });
      });
    }
    this.#line(flush);
    this.#hoisted.clear();
  }

  /** The whole vectors of parts from…to of a loop that is cut along its vectors. */
  #cut(i: string, end: number, step: number, body: () => void): void {
    const size = this.#blockSize;
    this.#line(`const i64 end = to * ${size} < ${end} ? to * ${size} : ${end};`);
    this.#block(`for (i64 ${i} = from * ${size}; ${i} < end; ${i} += ${step})`, body);
  }

  /** Loads operands that stand still in loop d once before it. */
  #hoist(d: number): void {
    for (const [e, stream] of this.#plan.loads) {
      if (stream.strides[d] !== 0) continue;
      const t = tagOf(e.dtype, this.#lanes);
      const name = this.#name("h");
      this.#line(`const ${typeName[t]} ${name} = ${this.#load(stream, e.dtype, 0, this.#lanes.lanes)};`);
      this.#hoisted.set(stream, name);
    }
  }

  #accumulators(): Accumulator[] {
    return this.#plan.reductions.map(({ node }) => {
      const a = accumulator(node, this.#lanes, this.#name("r"));
      this.#line(a.start);
      return a;
    });
  }

  #rowReduction(): void {
    const { sizes, firstReduced } = this.#plan;
    const last = sizes.length - 1;
    const unroll = this.#light && sizes[last]! >= this.#lanes.lanes * UNROLL ? UNROLL : 1;
    const first = this.#names;
    const sets = Array.from({ length: unroll }, () => this.#accumulators());
    const inner = (d: number): void => {
      if (d === last) this.#vectorLoop(d, sets);
      else this.#block(`for (i64 i${d} = 0; i${d} < ${sizes[d]!}; i${d}++)`, () => inner(d + 1));
    };
    inner(firstReduced);
    const count = this.#plan.reductions.length;
    this.#plan.reductions.forEach(({ node, stream }, r) => {
      const names = sets.map((_, s) => `r${first + s * count + r}`);
      const at = this.#placeOfResult(stream);
      this.#line(`st_${elementTag(node.dtype)}(${at}, ${joinAll(node, this.#lanes, names)});`);
    });
  }

  #placeOfResult(stream: Stream): string {
    return this.#place(
      { ...stream, strides: stream.strides.map((s, d) => (d < this.#plan.firstReduced ? s : 0)) },
      0,
    );
  }

  /** Column mode: several columns at a time, all reduced iterations inside. */
  #columns(): void {
    const { sizes, vector } = this.#plan;
    const n = sizes[vector]!;
    const { lanes } = this.#lanes;
    const unroll = this.#light && n >= lanes * UNROLL ? UNROLL : 1;
    const wide = Math.floor(n / (lanes * unroll)) * lanes * unroll;
    const even = Math.floor(n / lanes) * lanes;
    const i = `i${vector}`;
    const cut = vector === 0;
    if (wide > 0) {
      const body = (): void => this.#column({ vectors: unroll });
      if (cut) this.#cut(i, wide, lanes * unroll, body);
      else this.#block(`for (i64 ${i} = 0; ${i} < ${wide}; ${i} += ${lanes * unroll})`, body);
    }
    for (let at = wide; at < n; at += lanes) {
      this.#block(cut ? `if (to == ${this.#blocks(n)})` : "", () => {
        this.#line(`const i64 ${i} = ${at};`);
        this.#column(at < even ? { vectors: 1 } : { vectors: 1, part: n - even });
      });
    }
  }

  #column(width: Width): void {
    const { sizes, firstReduced } = this.#plan;
    const sets = Array.from({ length: width.vectors }, () => this.#accumulators());
    const flush = sets
      .flat()
      .map((a) => a.flush)
      .join(" ")
      .trim();
    const inner = (d: number): void => {
      const size = sizes[d]!;
      const i = `i${d}`;
      if (d < sizes.length - 1) this.#block(`for (i64 ${i} = 0; ${i} < ${size}; ${i}++)`, () => inner(d + 1));
      else if (flush === "" || size <= RUN) {
        this.#block(`for (i64 ${i} = 0; ${i} < ${size}; ${i}++)`, () => this.#body(width, sets));
        this.#line(flush);
      } else
        this.#block(`for (i64 ${i} = 0; ${i} < ${size};)`, () => {
          this.#line(`i64 stop = ${i} + ${RUN} < ${size} ? ${i} + ${RUN} : ${size};`);
          this.#block(`for (; ${i} < stop; ${i}++)`, () => this.#body(width, sets));
          this.#line(flush);
        });
    };
    inner(firstReduced);
    const { lanes } = this.#lanes;
    sets.forEach((set, v) => {
      this.#plan.reductions.forEach(({ node, stream }, r) => {
        const kept = { ...stream, strides: stream.strides.map((s, d) => (d < firstReduced ? s : 0)) };
        this.#line(this.#store(kept, node.dtype, v * lanes, set[r]!.lanes, width.part ?? lanes));
      });
    });
  }

  /** One pass over `width` elements: loads, the members, accumulation, and last of all the stores. */
  #body(width: Width, sets: readonly (readonly Accumulator[])[]): void {
    const { lanes } = this.#lanes;
    for (let v = 0; v < width.vectors; v++) {
      if (width.vectors > 1)
        this.#block("", () => this.#vector(v * lanes, width.part ?? lanes, sets[v] ?? []));
      else this.#vector(v * lanes, width.part ?? lanes, sets[v] ?? []);
    }
  }

  #vector(element: number, count: number, accumulators: readonly Accumulator[]): void {
    const values = new Map<Expr, string>();
    const hold = (e: Expr, text: string): string => {
      const name = this.#name("t");
      this.#line(`const ${typeName[tagOf(e.dtype, this.#lanes)]} ${name} = ${text};`);
      values.set(e, name);
      return name;
    };
    const value = (x: Expr): string => {
      const constant = uniformValue(x);
      if (constant !== null) return uniform(x.dtype, constant, this.#lanes);
      const source = aligned(x);
      const known = values.get(source);
      if (known !== undefined) return known;
      const stream = this.#plan.loads.get(source)!;
      return this.#hoisted.get(stream) ?? hold(source, this.#load(stream, source.dtype, element, count));
    };
    for (const member of this.#kernel.members) {
      const inputs = member.inputs.map(value);
      hold(
        member,
        expression(member, { lanes: this.#lanes, input: (i) => inputs[i]!, uses: this.#context.uses }),
      );
    }
    accumulators.forEach((a, r) => {
      this.#line(a.add(value(this.#kernel.reductions[r]!.value), count));
    });
    for (const { value: stored, stream, accumulate } of this.#plan.stores) {
      const own = value(stored);
      const there = accumulate ? `${this.#load(stream, stored.dtype, element, count)} + ` : "";
      this.#line(this.#store(stream, stored.dtype, element, `${there}${own}`, count));
    }
  }
}

/** All lanes of a loop have one width: that of float64 if all it touches is float64, else of 4-byte elements. */
function lanesOf(kernel: LoopKernel, plan: LoopPlan, vectorBytes: VectorBytes): Lanes {
  const bytes = laneBytes(kernel, plan.column);
  const enough = (plan.sizes[plan.vector] ?? 1) > 1;
  return bytes === null || !enough ? { lanes: 1, bytes: 4 } : { lanes: vectorBytes / bytes, bytes };
}

/** Null where elements are handled one by one: mixed widths, indices, whole division. */
function laneBytes({ members, loads, stores, reductions }: LoopKernel, column: boolean): 4 | 8 | null {
  const indexed = reductions.some((r) => r.node.op === "argmax");
  if (indexed && !column) return null;
  const inMemory: DType[] = [
    ...[...loads.values(), ...stores.map((s) => s.to)].map((o) => o.buffer.dtype),
    ...reductions.map((r) => r.value.dtype),
  ];
  const dtypes = new Set<DType>(inMemory);
  for (const m of members) {
    dtypes.add(m.dtype);
    for (const x of m.inputs) dtypes.add(x.dtype);
    if (m.op === "div" && m.dtype === "int32") return null;
  }
  if (!dtypes.has("float64")) return 4;
  if (indexed) return null;
  const onlyDouble = !dtypes.has("float32") && !dtypes.has("int32") && !inMemory.includes("bool");
  return onlyDouble && members.every((m) => m.op !== "random") ? 8 : null;
}
