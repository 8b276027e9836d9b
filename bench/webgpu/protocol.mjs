/**
 * What `peers/protocol.mjs` is to Node, for the same adapters in a page: the workload stands in the address, data come from
 * the server, and the bench calls `bench.measure`. Counts what is given to the device.
 */
const asked = new URL(location.href).searchParams;
export const workload = asked.get("workload");
export const option = "webgpu";

const files = new Map(
  await Promise.all(
    asked
      .get("files")
      .split(",")
      .map(async (name) => [name, await (await fetch(`/data/${name}`)).arrayBuffer()]),
  ),
);

/** A data file's numbers. */
export const numbers = (name) => new Float32Array(files.get(`${name}.bin`).slice(0));
export const record = (name) => JSON.parse(new TextDecoder().decode(files.get(`${name}.json`)));
export const allowRelaxedSimd = () => undefined;
export const ramp = () => {
  throw new Error("this workload is not for pages");
};

/** Dispatches, submissions, and buffers that are alive. */
const counts = { dispatches: 0, submissions: 0, buffers: 0 };
function counted(prototype, name, change, by) {
  const call = prototype[name];
  prototype[name] = function (...given) {
    counts[change] += by;
    return call.apply(this, given);
  };
}
counted(GPUComputePassEncoder.prototype, "dispatchWorkgroups", "dispatches", 1);
counted(GPUQueue.prototype, "submit", "submissions", 1);
counted(GPUDevice.prototype, "createBuffer", "buffers", 1);
counted(GPUBuffer.prototype, "destroy", "buffers", -1);

/** Mean milliseconds of a step over about so many seconds, and what one gave to the device. */
export async function perStep(step, seconds) {
  const before = { ...counts };
  const from = performance.now();
  let [count, elapsed] = [0, 0];
  do {
    await step();
    count++;
    elapsed = performance.now() - from;
  } while (elapsed < seconds * 1e3);
  return {
    milliseconds: elapsed / count,
    steps: count,
    dispatches: (counts.dispatches - before.dispatches) / count,
    submissions: (counts.submissions - before.submissions) / count,
    buffers: counts.buffers,
  };
}

export function serve(prepared) {
  globalThis.bench = prepared;
}
