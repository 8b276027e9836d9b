/** The host's side of a program's memory: copies of inputs, state and outputs, and what the host computes itself. */
import type { Executable, ProgramSpec, Results } from "../backend.ts";
import type { Buffer } from "../compile/kernels.ts";
import { bufferBytes } from "../compile/passes/memory.ts";
import type { GpuProgram } from "../compile/writers/wgsl/program.ts";
import { allocate, type TypedArray, typedView } from "../graph/dtype.ts";

/** A region of the memory, in bytes. */
export interface Region {
  readonly from: number;
  readonly bytes: number;
}

/** The parts of a split program. */
export interface Sides {
  /** The compiled host program. */
  readonly host: Executable;
  readonly spec: { readonly host: ProgramSpec; readonly device: ProgramSpec };
  /** Names whose host views are float64 beside a device's float32. */
  readonly rounded: ReadonlySet<string>;
}

export interface HostCopy {
  /** Laid out as the device's memory is, up to the last region. */
  readonly bytes: ArrayBuffer;
  readonly inputs: Region;
  readonly state: Region;
  readonly outputs: Region;
  readonly views: ReadonlyMap<string, TypedArray>;
  /** Runs the host program, and puts what the device needs of it among the inputs. Gives the outputs that are its own. */
  readonly compute: () => { [name: string]: TypedArray };
  /** Rounds what the host has written. */
  readonly beforeSending: () => void;
  /** Takes the state's bytes, as they came back. */
  readonly takeState: (bytes: ArrayBuffer) => void;
  /** Outputs of a step in their bytes, added to those of the host. */
  readonly resultsOf: (bytes: ArrayBuffer, ofHost: { [name: string]: TypedArray }) => Results;
  readonly takeOutputs: (last: Results) => void;
}

export function hostCopy({ plan, named }: GpuProgram, { host, spec, rounded }: Sides): HostCopy {
  const bufferOf = (name: string): Buffer => named.get(name)!;
  const at = (name: string): number => plan.address.get(bufferOf(name))!;
  const region = (names: readonly string[]): Region => {
    if (names.length === 0) return { from: 0, bytes: 0 };
    const from = Math.min(...names.map(at));
    return { from, bytes: Math.max(...names.map((n) => at(n) + bufferBytes(bufferOf(n)))) - from };
  };
  const stateNames = spec.device.state.map((s) => s.input.attrs.name);
  const outputNames = spec.device.outputs.map((o) => o.name);
  const inputs = region(spec.device.inputs.map((e) => e.attrs.name));
  const [state, outputs] = [region(stateNames), region(outputNames)];
  const bytes = new ArrayBuffer(Math.max(0, ...[inputs, state, outputs].map((r) => r.from + r.bytes)));

  const views = new Map<string, TypedArray>();
  const narrow = new Map<string, TypedArray>();
  for (const [name, { dtype, count }] of named) {
    narrow.set(name, typedView(bytes, at(name), dtype, count));
    views.set(name, rounded.has(name) ? allocate("float64", count) : narrow.get(name)!);
  }
  const ofHost = spec.host.outputs.map((o) => o.name);
  const crossings = ofHost.filter((n) => named.has(n));
  const hostOutputs = ofHost.filter((n) => !named.has(n));
  const hostLeaves = [...spec.host.inputs, ...spec.host.state.map((s) => s.input)].map((e) => e.attrs.name);
  for (const name of [...hostLeaves, ...hostOutputs]) views.set(name, host.view(name));
  return {
    bytes,
    inputs,
    state,
    outputs,
    views,
    compute: () => {
      host.run();
      for (const name of crossings) narrow.get(name)!.set(host.view(name));
      return Object.fromEntries(hostOutputs.map((n) => [n, host.view(n).slice()]));
    },
    beforeSending: () => {
      for (const name of rounded) narrow.get(name)?.set(views.get(name)!);
    },
    takeState: (given) => {
      new Uint8Array(bytes, state.from, state.bytes).set(new Uint8Array(given));
      for (const name of stateNames) if (rounded.has(name)) views.get(name)!.set(narrow.get(name)!);
    },
    resultsOf: (given, results) => {
      for (const name of outputNames) {
        const { dtype, count } = bufferOf(name);
        const values = typedView(given, at(name) - outputs.from, dtype, count);
        results[name] = rounded.has(name) ? Float64Array.from(values) : values;
      }
      return results;
    },
    takeOutputs: (last) => {
      for (const name of outputNames) views.get(name)!.set(last[name]!);
    },
  };
}
