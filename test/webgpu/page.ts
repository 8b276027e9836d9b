/** What the test asks a page for, in the page. */
import { type WebGpuBackend, webgpuBackend } from "../../src/engine/backends/webgpu.ts";
import { longSum, primitiveCases, wholeCases } from "../conformance/cases.ts";
import { disagreements } from "./late.ts";

let opened: Promise<WebGpuBackend> | null = null;
const backend = (): Promise<WebGpuBackend> => (opened ??= webgpuBackend());

/** Of many cases that differ in size alone each third: a pipeline takes a software adapter a tenth of a second. */
const thinned = /over every choice of axes|matmul|argmax/;

const checks = {
  adapter: async (): Promise<string[]> => [(await backend()).adapter],
  primitives: async (): Promise<string[]> => {
    const groups = Object.entries({
      ...primitiveCases("float32"),
      ...wholeCases,
      "a million terms": [longSum("float32")],
    });
    const cases = groups.flatMap(([name, list]) =>
      thinned.test(name) ? list.filter((_, i) => i % 3 === 0) : list,
    );
    return disagreements(await backend(), cases);
  },
};

export type Check = keyof typeof checks;
Object.assign(globalThis, { checks });
