/** Writes a loop kernel as one WebAssembly function. */
import type { Expr } from "../../../graph/expr.ts";
import type { LoopKernel } from "../../kernels.ts";
import { aligned, uniformValue } from "../../nodes.ts";
import { type LoopPlan, planLoop, type Stream } from "../../passes/loop-plan.ts";
import type { AddressOf } from "../../passes/memory.ts";
import { type Accumulator, accumulator, combine, joinTotals, RUN } from "./accumulator.ts";
import { FunctionWriter, type Local, type ValueType } from "./assembler/assembler.ts";
import { constant, emitOp, valueType } from "./emit-op.ts";
import { lanesOf } from "./lanes.ts";
import type { MathContext } from "./math/index.ts";
import { type StreamAccess, streamAccess } from "./stream-access.ts";

export interface EmitContext {
  readonly addressOf: AddressOf;
  readonly fma: boolean;
  readonly callHost: (f: FunctionWriter) => MathContext["callHost"];
}

/** Reductions with little work per element run several vectors at a time, to hide the latency of adding. */
const UNROLL = 4;
const LIGHT = 8;

export function emitLoop(kernel: LoopKernel, context: EmitContext): FunctionWriter {
  const plan = planLoop(kernel, { short: true });
  const f = new FunctionWriter();
  if (plan.sizes.slice(0, plan.firstReduced).includes(0)) return f;
  new LoopWriter(f, kernel, plan, context).write();
  return f;
}

/** How many elements one pass of the body handles: `lanes` per vector, `vectors` of them. */
interface Width {
  readonly lanes: 1 | 2 | 4;
  readonly vectors: number;
}

class LoopWriter {
  readonly #f: FunctionWriter;
  readonly #kernel: LoopKernel;
  readonly #plan: LoopPlan;
  readonly #context: EmitContext;
  /** Of the vector loop. */
  readonly #lanes: 1 | 2 | 4;
  readonly #offsets: readonly Local[];
  readonly #memory: StreamAccess;
  /** Loop-invariant operands by width of the body that uses them. */
  readonly #hoisted = new Map<string, Local>();

  constructor(f: FunctionWriter, kernel: LoopKernel, plan: LoopPlan, context: EmitContext) {
    this.#f = f;
    this.#kernel = kernel;
    this.#plan = plan;
    this.#context = context;
    this.#lanes = lanesOf(kernel, plan);
    this.#offsets = plan.groups.map(() => f.local("i32"));
    this.#memory = streamAccess(f, { plan, offsets: this.#offsets, addressOf: context.addressOf });
  }

  write(): void {
    for (const offset of this.#offsets) this.#f.i32(0).set(offset);
    this.#level(0);
  }

  /** Loops from level d inwards. */
  #level(d: number): void {
    const { sizes, firstReduced, vector, column } = this.#plan;
    const reduces = this.#kernel.reductions.length > 0;
    if (column && d === vector) this.#columns();
    else if (reduces && d === firstReduced) this.#rowReduction();
    else if (d === sizes.length) this.#body({ lanes: 1, vectors: 1 }, []);
    else if (d === vector) this.#vectorLoop(d, []);
    else this.#repeat(sizes[d]!, () => this.#level(d + 1), () => this.#advance(d, 1), () => this.#advance(d, -sizes[d]!)); // biome-ignore format: one call
  }

  /** `count` times: body, then step; afterwards unwind. */
  #repeat(count: number, body: () => void, step: () => void, unwind: () => void = () => {}): void {
    const f = this.#f;
    if (count === 1) {
      body();
      step();
    } else if (count > 1) {
      const left = f.local("i32");
      f.i32(count)
        .set(left)
        .loop(() => {
          body();
          step();
          f.get(left).i32(1).op("i32.sub").tee(left).brIf(0);
        });
      f.release("i32", left);
    }
    if (count > 0) unwind();
  }

  /** Moves every offset by `count` iterations of loop d. */
  #advance(d: number, count: number): void {
    this.#plan.groups.forEach((strides, g) => {
      const bytes = strides[d]! * count;
      if (bytes !== 0) this.#f.get(this.#offsets[g]!).i32(bytes).op("i32.add").set(this.#offsets[g]!);
    });
  }

  /** The innermost loop of elementwise work and of row reductions. */
  #vectorLoop(d: number, accumulators: readonly WidthAccumulators[]): void {
    const n = this.#plan.sizes[d]!;
    const widths = this.#widths(n);
    this.#hoist(d, widths, () => {
      let done = 0;
      for (const width of widths) {
        const step = width.lanes * width.vectors;
        const count = Math.floor((n - done) / step);
        const own = accumulators.find((a) => a.width === width.lanes);
        const pass = (): void => this.#body(width, own?.vectors ?? []);
        const flush = (): void => own?.vectors.flat().forEach((a) => a.flush());
        if (own === undefined) this.#repeat(count, pass, () => this.#advance(d, step));
        else {
          this.#repeat(
            Math.floor(count / RUN),
            () => this.#repeat(RUN, pass, () => this.#advance(d, step)),
            flush,
          );
          this.#repeat(count % RUN, pass, () => this.#advance(d, step), flush);
        }
        done += count * step;
      }
      if (n > 0) this.#advance(d, -n);
    });
  }

  /** Body widths that together cover n iterations: unrolled vectors, vectors, single elements. */
  #widths(n: number): Width[] {
    const lanes = this.#lanes;
    if (lanes === 1) return [{ lanes: 1, vectors: 1 }];
    const light = this.#kernel.reductions.length > 0 && this.#kernel.members.length <= LIGHT;
    const out: Width[] = [];
    let rest = n;
    if (light && n >= lanes * UNROLL) {
      out.push({ lanes, vectors: UNROLL });
      rest %= lanes * UNROLL;
    }
    if (rest >= lanes) {
      out.push({ lanes, vectors: 1 });
      rest %= lanes;
    }
    if (rest > 0 || out.length === 0) out.push({ lanes: 1, vectors: this.#plan.joined ? rest : 1 });
    return out;
  }

  /** Loads operands that stand still in loop d once before it. */
  #hoist(d: number, widths: readonly Width[], body: () => void): void {
    const held: [ValueType, Local][] = [];
    for (const [e, stream] of this.#plan.loads) {
      if (stream.strides[d] !== 0) continue;
      for (const lanes of new Set(widths.map((w) => w.lanes))) {
        if (stream.cycle !== undefined && lanes === 1) continue;
        const type = valueType(e.dtype, lanes);
        const local = this.#f.local(type);
        this.#memory.load(stream, e.dtype, lanes, 0);
        this.#f.set(local);
        this.#hoisted.set(hoistKey(stream, lanes), local);
        held.push([type, local]);
      }
    }
    body();
    this.#hoisted.clear();
    for (const [type, local] of held) this.#f.release(type, local);
  }

  #rowReduction(): void {
    const f = this.#f;
    const { sizes, firstReduced } = this.#plan;
    const widths = this.#widths(sizes[sizes.length - 1]!);
    const sets: WidthAccumulators[] = [];
    for (const lanes of new Set(widths.map((w) => w.lanes))) {
      const vectors = Math.max(...widths.filter((w) => w.lanes === lanes).map((w) => w.vectors));
      sets.push({ width: lanes, vectors: Array.from({ length: vectors }, () => this.#accumulators(lanes)) });
    }
    for (const a of sets.flatMap((s) => s.vectors.flat())) a.start();
    const inner = (d: number): void => {
      if (d === sizes.length - 1) this.#vectorLoop(d, sets);
      else this.#repeat(sizes[d]!, () => inner(d + 1), () => this.#advance(d, 1), () => this.#advance(d, -sizes[d]!)); // biome-ignore format: one call
    };
    inner(firstReduced);
    this.#plan.reductions.forEach(({ node, stream }, r) => {
      f.get(this.#offsets[stream.group]!);
      joinTotals(
        f,
        node,
        sets.flatMap(({ width, vectors }) => vectors.map((set) => ({ width, partial: set[r]! }))),
      );
      this.#memory.store(stream, node.dtype, 1, 0);
    });
    for (const a of sets.flatMap((s) => s.vectors.flat())) a.release();
  }

  /** Column mode: several columns at a time, all reduced iterations inside. */
  #columns(): void {
    const f = this.#f;
    const { sizes, vector, firstReduced } = this.#plan;
    const n = sizes[vector]!;
    let done = 0;
    for (const width of this.#widths(n)) {
      const step = width.lanes * width.vectors;
      const count = Math.floor((n - done) / step);
      done += count * step;
      if (count === 0) continue;
      const vectors = Array.from({ length: width.vectors }, () => this.#accumulators(width.lanes));
      const all = vectors.flat();
      const flush = (): void => all.forEach((a) => a.flush());
      const inner = (d: number): void => {
        const size = sizes[d]!;
        const unwind = (): void => this.#advance(d, -size);
        const next = (): void => this.#advance(d, 1);
        if (d < sizes.length - 1) this.#repeat(size, () => inner(d + 1), next, unwind);
        else {
          this.#repeat(
            Math.floor(size / RUN),
            () => this.#repeat(RUN, () => this.#body(width, vectors), next),
            flush,
          );
          this.#repeat(size % RUN, () => this.#body(width, vectors), next, flush);
          if (size > 0) unwind();
        }
      };
      this.#repeat(
        count,
        () => {
          for (const a of all) a.start();
          inner(firstReduced);
          vectors.forEach((set, v) => {
            this.#plan.reductions.forEach(({ node, stream }, r) => {
              f.get(this.#offsets[stream.group]!);
              set[r]!.finish();
              this.#memory.store(stream, node.dtype, width.lanes, v * width.lanes);
            });
          });
        },
        () => this.#advance(vector, step),
      );
      for (const a of all) a.release();
    }
    if (n > 0) this.#advance(vector, -n);
  }

  #accumulators(lanes: 1 | 2 | 4): Accumulator[] {
    return this.#plan.reductions.map(({ node }) => accumulator({ f: this.#f, lanes }, node));
  }

  /** One pass over `width` elements: loads, the members, accumulation, and last of all the stores. */
  #body(width: Width, accumulators: readonly (readonly Accumulator[])[]): void {
    for (let v = 0; v < width.vectors; v++) this.#vector(width.lanes, v * width.lanes, accumulators[v] ?? []);
  }

  #vector(lanes: 1 | 2 | 4, element: number, accumulators: readonly Accumulator[]): void {
    const f = this.#f;
    const values = new Map<Expr, Local>();
    const own: [ValueType, Local][] = [];
    const hold = (e: Expr): void => {
      const type = valueType(e.dtype, lanes);
      const local = f.local(type);
      f.set(local);
      own.push([type, local]);
      values.set(e, local);
    };
    const push = (x: Expr): void => {
      const value = uniformValue(x);
      if (value !== null) {
        constant({ f, lanes }, x.dtype, value);
        return;
      }
      const source = aligned(x);
      if (!values.has(source)) {
        const stream = this.#plan.loads.get(source)!;
        const hoisted = this.#hoisted.get(hoistKey(stream, lanes));
        if (hoisted !== undefined) {
          f.get(hoisted);
          return;
        }
        this.#memory.load(stream, source.dtype, lanes, element);
        hold(source);
      }
      f.get(values.get(source)!);
    };
    const math: MathContext = { f, fma: this.#context.fma, callHost: this.#context.callHost(f) };
    for (const member of this.#kernel.members) {
      emitOp(member, { ...math, lanes, push: (i) => push(member.inputs[i]!) });
      hold(member);
    }
    accumulators.forEach((a, r) => a.add(() => push(this.#kernel.reductions[r]!.value)));
    for (const { value, stream, accumulate } of this.#plan.stores) {
      f.get(this.#offsets[stream.group]!);
      push(value);
      if (accumulate) {
        this.#memory.load(stream, value.dtype, lanes, element);
        combine({ f, lanes }, { op: "reduceSum", dtype: value.dtype });
      }
      this.#memory.store(stream, value.dtype, lanes, element);
    }
    for (const [type, local] of own) f.release(type, local);
  }
}

/** Accumulators for bodies of one lane count, one set per unrolled vector. */
interface WidthAccumulators {
  readonly width: 1 | 2 | 4;
  readonly vectors: readonly (readonly Accumulator[])[];
}

const hoistKey = (stream: Stream, lanes: number): string =>
  `${lanes}|${stream.operand.buffer.id}|${stream.operand.view.offset}|${stream.strides.join()}|${stream.cycle}`;
