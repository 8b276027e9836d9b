/** Writes a loop kernel as one C function over a range of its parts. */

import type { DType } from "../../../graph/dtype.ts";
import { bytesOf } from "../../../graph/dtype.ts";
import type { Expr } from "../../../graph/expr.ts";
import type { LoopKernel } from "../../kernels.ts";
import { aligned, uniformValue } from "../../nodes.ts";
import { laneBytes } from "../../passes/lane-bytes.ts";
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
/** Passes after which ending a short run costs little beside them. */
const FEW = 16;
/** Elements of a part, where a loop is cut along its vectors. */
const BLOCK = 4096;
/** A lane of work takes about this many nanoseconds for each operation. */
const NS_PER_LANE = 0.05;

export function writeLoop(kernel: LoopKernel, name: string, context: WriteContext): KernelText {
  const plan = planLoop(kernel, { short: true });
  if (plan.sizes.slice(0, plan.firstReduced).includes(0))
    return { text: `static void ${name}(char *m, i64 from, i64 to) {}\n`, parts: 1, cost: 0 };
  return new LoopText(kernel, plan, context).write(name);
}

/** How many elements one pass of the body handles: `lanes` per vector, `vectors` of them; of the last only `part`. */
interface Width {
  readonly vectors: number;
  readonly part?: number;
}

/** The statements that end a short run of all accumulators. */
const flushOf = (sets: readonly (readonly Accumulator[])[]): string =>
  sets
    .flatMap((set) => set.map((a) => a.flush))
    .join(" ")
    .trim();

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
  #range(d: number, body: () => void): void {
    const [first, last] = d === 0 ? ["from", "to"] : ["0", String(this.#plan.sizes[d]!)];
    this.#block(`for (i64 i${d} = ${first}; i${d} < ${last}; i${d}++)`, body);
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
    const { cycle } = stream;
    const value = loadLanes(vectorTag(tag), at, { step, count, lanes: this.#lanes.lanes, cycle });
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
  #vectorLoop(d: number, sets: readonly (readonly Accumulator[])[], flush = ""): void {
    this.#hoist(d);
    const cut = d === 0 && sets.length === 0;
    this.#vectors(d, { unroll: sets.length || 1, cut, flush }, (width) => this.#body(width, sets));
    this.#line(flush);
    this.#hoisted.clear();
  }

  /**
   * Loop d by vectors: `unroll` at a time, then the rest one by one, the last perhaps in part. With `cut` it runs over this
   * call's parts only; with `flush` the accumulators end a short run now and then.
   */
  #vectors(
    d: number,
    { unroll, cut, flush }: { unroll: number; cut: boolean; flush: string },
    pass: (width: Width) => void,
  ): void {
    const n = this.#plan.sizes[d]!;
    const { lanes } = this.#lanes;
    const step = lanes * unroll;
    const wide = Math.floor(n / step) * step;
    const even = Math.floor(n / lanes) * lanes;
    const i = `i${d}`;
    const body = (): void => pass({ vectors: unroll });
    if (wide > 0 && cut) this.#cut(i, wide, step, body);
    else if (wide > 0) this.#runs(i, { end: wide, step, flush }, body);
    for (let at = wide; at < n; at += lanes) {
      this.#block(cut ? `if (to == ${this.#blocks(n)})` : "", () => {
        this.#line(`const i64 ${i} = ${at};`);
        pass(at < even ? { vectors: 1 } : { vectors: 1, part: n - even });
      });
    }
  }

  /** i from 0 to `end`; where that is more than a short run and there is something to flush, flushed after each run. */
  #runs(
    i: string,
    { end, step, flush }: { end: number; step: number; flush: string },
    body: () => void,
  ): void {
    const next = step === 1 ? `${i}++` : `${i} += ${step}`;
    if (flush === "" || end / step <= RUN) {
      this.#block(`for (i64 ${i} = 0; ${i} < ${end}; ${next})`, body);
      return;
    }
    this.#block(`for (i64 ${i} = 0; ${i} < ${end};)`, () => {
      const run = RUN * step;
      this.#line(`i64 stop = ${i} + ${run} < ${end} ? ${i} + ${run} : ${end};`);
      this.#block(`for (; ${i} < stop; ${next})`, body);
      this.#line(flush);
    });
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

  /** Several vectors at a time where that hides the latency of adding and the loop is long enough. */
  #unroll(size: number): number {
    return this.#light && size >= this.#lanes.lanes * UNROLL ? UNROLL : 1;
  }

  #rowReduction(): void {
    const { sizes, firstReduced } = this.#plan;
    const last = sizes.length - 1;
    const first = this.#names;
    const sets = Array.from({ length: this.#unroll(sizes[last]!) }, () => this.#accumulators());
    const flush = flushOf(sets);
    const from = this.#runFrom(sets.length);
    const inner = (d: number): void => {
      if (d === last) this.#vectorLoop(d, sets, d === from ? flush : "");
      else this.#runs(`i${d}`, { end: sizes[d]!, step: 1, flush: "" }, () => inner(d + 1));
      if (d === from && d !== last) this.#line(flush);
    };
    inner(firstReduced);
    const count = this.#plan.reductions.length;
    this.#plan.reductions.forEach(({ node, stream }, r) => {
      const names = sets.map((_, s) => `r${first + s * count + r}`);
      const at = this.#place(this.#result(stream), 0);
      this.#line(`st_${elementTag(node.dtype)}(${at}, ${joinAll(node, this.#lanes, names)});`);
    });
  }

  /** The outermost reduced loop that, with all loops inside, makes no more than a few passes; else the innermost. */
  #runFrom(unroll: number): number {
    const { sizes, firstReduced } = this.#plan;
    let d = sizes.length - 1;
    let passes = Math.ceil(sizes[d]! / (this.#lanes.lanes * unroll));
    while (d > firstReduced && (passes *= sizes[d - 1]!) <= FEW) d--;
    return d;
  }

  /** A result's stream, which stands still in reduced loops. */
  #result(stream: Stream): Stream {
    return { ...stream, strides: stream.strides.map((s, d) => (d < this.#plan.firstReduced ? s : 0)) };
  }

  /** Column mode: several columns at a time, all reduced iterations inside. */
  #columns(): void {
    const { sizes, vector } = this.#plan;
    const how = { unroll: this.#unroll(sizes[vector]!), cut: vector === 0, flush: "" };
    this.#vectors(vector, how, (width) => this.#column(width));
  }

  #column(width: Width): void {
    const { sizes, firstReduced } = this.#plan;
    const sets = Array.from({ length: width.vectors }, () => this.#accumulators());
    const flush = flushOf(sets);
    const last = sizes.length - 1;
    const inner = (d: number): void => {
      const own = d === last ? flush : "";
      const body = d === last ? () => this.#body(width, sets) : () => inner(d + 1);
      this.#runs(`i${d}`, { end: sizes[d]!, step: 1, flush: own }, body);
      if (sizes[d]! <= RUN) this.#line(own);
    };
    inner(firstReduced);
    const { lanes } = this.#lanes;
    sets.forEach((set, v) => {
      this.#plan.reductions.forEach(({ node, stream }, r) => {
        const count = width.part ?? lanes;
        this.#line(this.#store(this.#result(stream), node.dtype, v * lanes, set[r]!.lanes, count));
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

/** Indices of extremes are found in lanes of 4 bytes and in column mode, where each lane has its own. */
function lanesOf(kernel: LoopKernel, plan: LoopPlan, vectorBytes: VectorBytes): Lanes {
  const bytes = laneBytes(kernel);
  const indexed = kernel.reductions.some((r) => r.node.op === "argmax");
  const single = (plan.sizes[plan.vector] ?? 1) <= 1 || (indexed && (!plan.column || bytes === 8));
  return bytes === null || single ? { lanes: 1, bytes: 4 } : { lanes: vectorBytes / bytes, bytes };
}
