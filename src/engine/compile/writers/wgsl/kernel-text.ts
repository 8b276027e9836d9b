/** What writers of single kernels hand to program.ts, and the words they share. */
import { bytesOf } from "../../../graph/dtype.ts";
import type { Buffer } from "../../kernels.ts";
import type { FunctionName } from "./expression.ts";

/** One dispatch of a kernel: most kernels have one, those with partial results two. */
export interface KernelText {
  /** Declarations and an entry point called ENTRY. Places in memory stand there as `placeOf` writes them. */
  readonly text: string;
  /** Workgroups, as many as `groupsOf` arranges. */
  readonly groups: number;
  readonly uses: ReadonlySet<FunctionName>;
  /** Words of partial results behind the program's buffers. */
  readonly scratch?: number;
}

/** What is dear on a device. Adapters in software pay for each invocation that waits at a barrier. */
export interface Costs {
  readonly barriers: "cheap" | "slow";
}

/** The entry point's name. */
export const ENTRY = "kernel";
/** Workgroups along one axis that every device allows. */
const MAX_GROUPS = 65_535;
/** Invocations of a workgroup that every device allows. */
export const GROUP = 256;

/** A number of workgroups as rows of at most 65,535. */
export const groupsOf = (count: number): readonly [number, number] => {
  const rows = Math.ceil(count / MAX_GROUPS);
  return [Math.ceil(count / Math.max(1, rows)), Math.max(1, rows)];
};

/** Where a buffer begins, in words: known once memory is planned. */
export const placeOf = (b: Buffer, offset = 0): string => `<<${b.id}:${offset}>>`;
/** Where partial results begin. */
export const SCRATCH = "<<scratch>>";
/** A number in which kernels that share a pipeline may differ; `role` tells it from others that happen to be equal. */
export const sizeText = (n: number, role = "n"): string => `<<${role}=${n}>>`;
/** Places and such numbers as they stand in texts. */
export const PLACE: RegExp = /<<(scratch|\d+:\d+|\w+=\d+)>>/g;

/** A stride in bytes, in words. */
export const words = (bytes: number): number => bytes / bytesOf.float32;

/** The head of an entry point; `group` counts workgroups from 0, which is the same for all invocations of one. */
export function entry(size: number, groups: number, body: string): string {
  const [row] = groupsOf(groups);
  const guard = groups === row ? "" : `\n  if (group >= ${sizeText(groups)}) { return; }`;
  const number = groups === row ? "at_group.x" : `at_group.y * ${sizeText(row)} + at_group.x`;
  return `@compute @workgroup_size(${size})
fn ${ENTRY}(@builtin(workgroup_id) at_group: vec3<u32>, @builtin(local_invocation_index) local: u32) {
  let group = ${number};${guard}
${body}
}
`;
}

/** An entry point whose invocations each take one of `count` elements, called `i`. */
export function perElement(count: number, body: string): Pick<KernelText, "text" | "groups"> {
  const size = count === 1 ? 1 : count <= 64 ? 64 : GROUP;
  const groups = Math.ceil(count / size);
  const guard = size === 1 ? "" : `\n  if (i >= ${sizeText(count)}) { return; }`;
  return { text: entry(size, groups, `  let i = group * ${size}u + local;${guard}\n${body}`), groups };
}

/** A number that is part of the text. */
export const fixed = (n: number): string => `${n}u`;

/** Statements that take a number apart into digits called `name(d)`, the last one moving fastest. */
export function digits(
  of: string,
  sizes: readonly number[],
  name: (d: number) => string,
  number: (n: number) => string = fixed,
): string {
  const lines: string[] = [];
  let inner = 1;
  for (let d = sizes.length - 1; d >= 0; d--) {
    const quotient = inner === 1 ? of : `${of} / ${number(inner)}`;
    lines.unshift(`  let ${name(d)} = ${d === 0 ? quotient : `${quotient} % ${number(sizes[d]!)}`};`);
    inner *= sizes[d]!;
  }
  return lines.join("\n");
}
