/** Loads and stores of a loop's streams: vectors whose lanes lie side by side, stand still, or lie apart. */
import { bytesOf, type DType } from "../../../graph/dtype.ts";
import type { LoopPlan, Stream } from "../../passes/loop-plan.ts";
import type { AddressOf } from "../../passes/memory.ts";
import type { FunctionWriter, Local } from "./assembler/assembler.ts";

/** `element` counts along the vector loop, from where the stream's offset stands. */
export interface StreamAccess {
  /** Puts `lanes` elements on the stack. bool becomes a mask in vectors. */
  readonly load: (stream: Stream, dtype: DType, lanes: number, element: number) => void;
  /** Stores `lanes` elements; the stream's offset and the value are on the stack. */
  readonly store: (stream: Stream, dtype: DType, lanes: number, element: number) => void;
}

interface Place {
  readonly plan: LoopPlan;
  /** How far each of the plan's groups has moved, in bytes. */
  readonly offsets: readonly Local[];
  readonly addressOf: AddressOf;
}

export function streamAccess(f: FunctionWriter, { plan, offsets, addressOf }: Place): StreamAccess {
  const stepOf = (stream: Stream): number => stream.strides[plan.vector] ?? 0;
  /** First byte, relative to the offset. */
  const start = (stream: Stream, element: number): number => {
    const { buffer, view } = stream.operand;
    const size = bytesOf[buffer.dtype];
    const { cycle } = stream;
    const step = stepOf(stream);
    const further =
      cycle !== undefined
        ? (element % cycle) * size
        : isHeld(step, size)
          ? Math.floor((element * step) / size) * size
          : element * step;
    return addressOf(buffer) + view.offset * size + further;
  };
  return {
    load: (stream, dtype, lanes, element) => {
      const at = start(stream, element);
      const [offset, step, size] = [offsets[stream.group]!, stepOf(stream), bytesOf[dtype]];
      f.get(offset);
      if (lanes === 1) f.memory(`${scalarType(dtype)}.load`, at);
      else if (stream.cycle === 2) f.memory("v128.load64_splat", at);
      else if (stream.cycle === 4) f.memory("v128.load", at);
      else if (isHeld(step, size)) {
        const value = f.local("v128");
        if (step * 4 === size) f.memory("v128.load32_splat", at);
        else f.memory("v128.load64_zero", at).set(value).get(value).get(value).shuffle32(0, 0, 1, 1);
        f.release("v128", value);
      } else if (step === size) f.memory("v128.load", at);
      else if (step === 0) f.memory(size === 8 ? "v128.load64_splat" : "v128.load32_splat", at);
      else {
        const value = f.local("v128");
        f.memory(size === 8 ? "v128.load64_zero" : "v128.load32_zero", at).set(value);
        for (let l = 1; l < lanes; l++) {
          f.get(offset)
            .get(value)
            .laneMemory(size === 8 ? "v128.load64_lane" : "v128.load32_lane", l, at + l * step)
            .set(value);
        }
        f.get(value).release("v128", value);
      }
      if (dtype === "bool" && lanes > 1) f.splat("i32x4", 0).op("i32x4.ne");
    },
    store: (stream, dtype, lanes, element) => {
      const at = start(stream, element);
      const [step, size] = [stepOf(stream), bytesOf[dtype]];
      if (lanes === 1) {
        f.memory(`${scalarType(dtype)}.store`, at);
        return;
      }
      if (dtype === "bool") f.splat("i32x4", 1).op("v128.and");
      if (step === size) {
        f.memory("v128.store", at);
        return;
      }
      const [value, offset] = [f.local("v128"), f.local("i32")];
      f.set(value).set(offset);
      for (let l = 0; l < lanes; l++) {
        f.get(offset)
          .get(value)
          .laneMemory(size === 8 ? "v128.store64_lane" : "v128.store32_lane", l, at + l * step);
      }
      f.release("v128", value).release("i32", offset);
    },
  };
}

/** Is an element found by several iterations in a row? */
const isHeld = (step: number, size: number): boolean => step > 0 && step < size;

const scalarType = (dtype: DType): "f32" | "f64" | "i32" =>
  dtype === "float32" ? "f32" : dtype === "float64" ? "f64" : "i32";
