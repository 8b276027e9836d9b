/** What writers of single kernels hand to program.ts, and the words they share. */
import { bytesOf } from "../../../graph/dtype.ts";
import { sizeOf } from "../../../graph/shape.ts";
import type { Buffer } from "../../kernels.ts";
import type { FunctionName } from "./expression.ts";

/** One dispatch of a kernel: most kernels have one, those with partial results two. */
export interface KernelText {
  /** Declarations and an entry point called ENTRY. Places in memory stand there as `placeOf` writes them. */
  readonly text: string;
  /** Workgroups, as many as `groupsOf` arranges. */
  readonly groups: number;
  readonly uses: ReadonlySet<FunctionName>;
  /** Whether it exchanges numbers within subgroups. */
  readonly subgroups?: boolean;
  /** Words of partial results behind the program's buffers. */
  readonly scratch?: number;
}

/** What a device does well. */
export interface Traits {
  /** Adapters in software pay for each invocation that waits at a barrier. */
  readonly barriers: "cheap" | "slow";
  /** Whether invocations exchange numbers within a quad, which takes WGSL's subgroups. */
  readonly quads: boolean;
}

/** A GPU whose kernels use what every device has. */
export const plainGpu: Traits = { barriers: "cheap", quads: false };

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

/** Elements that an invocation takes at most, one after the other, where barriers are slow; and invocations worth having there. */
const EACH = 16;
const WORTH_HAVING = 2048;
/** Invocations of a workgroup there: what waits for nobody is better cut small. */
const SMALL_GROUP = 64;

/**
 * An entry point whose invocations take `count` elements, called `i`, after what is done once (`before`). In software an
 * invocation takes several: what is done once is dear there.
 */
export function perElement(
  count: number,
  body: string,
  {
    barriers = "cheap",
    before = "",
  }: { readonly barriers?: Traits["barriers"]; readonly before?: string } = {},
): Pick<KernelText, "text" | "groups"> {
  const each = barriers === "slow" ? Math.max(1, Math.min(EACH, Math.floor(count / WORTH_HAVING))) : 1;
  const small = barriers === "slow" || count <= SMALL_GROUP;
  const size = count === 1 ? 1 : small ? SMALL_GROUP : GROUP;
  const text = `${before}
  for (var i = group * ${size * each}u + local; i < min((group + 1u) * ${size * each}u, ${sizeText(count)}); i += ${size}u) {
${body}
  }`;
  const groups = Math.ceil(count / (size * each));
  return { text: entry(size, groups, text), groups };
}

/** A number that is part of the text. */
export const fixed = (n: number): string => `${n}u`;

/** Numbers below this are divided as floats: (a + 1/2) / n is further from whole numbers than float32 errs, even by 3 ulp. */
const FLOATING = 2 ** 20;

/** An index below `range` divided by `n`, whose text is `by`. Whole numbers are slow to divide on all devices. */
function quotient(of: string, { by, n, range }: { by: string; n: number; range: number }): string {
  if (by === fixed(n) && Number.isInteger(Math.log2(n))) return `${of} >> ${Math.log2(n)}u`;
  return range < FLOATING ? `quotient(${of}, ${by})` : `${of} / ${by}`;
}

/** Statements that take a number apart into digits called `name(d)`, the last one moving fastest. */
export function digits(
  of: string,
  sizes: readonly number[],
  name: (d: number) => string,
  number: (n: number) => string = fixed,
): string {
  const lines: string[] = [];
  let [rest, range] = [of, sizeOf(sizes)];
  for (let d = sizes.length - 1; d > 0; d--) {
    const n = sizes[d]!;
    const above = `${name(d)}_above`;
    lines.push(`  let ${above} = ${quotient(rest, { by: number(n), n, range })};`);
    lines.push(`  let ${name(d)} = ${rest} - ${above} * ${number(n)};`);
    [rest, range] = [above, range / n];
  }
  if (sizes.length > 0) lines.push(`  let ${name(0)} = ${rest};`);
  return lines.join("\n");
}
