/** Opens the GPU that `navigator.gpu` offers. */
import { SteepestError } from "../../run/errors.ts";

/** The device's own side: what programs share. */
export interface Device {
  readonly gpu: GPUDevice;
  /** Bytes that one program's memory may have. */
  readonly limit: number;
  /** "nvidia ampere", or what else the adapter says of itself. */
  readonly adapter: string;
  /** Whether the adapter is a program that computes on the processor. */
  readonly software: boolean;
  /** Why the device is gone, or null. */
  readonly lost: () => string | null;
  /** The first error since the last call that nobody waited for, or null. */
  readonly error: () => string | null;
}

/** Throws `backend` where there is no WebGPU, or no adapter. */
export async function findAdapter(): Promise<GPUAdapter> {
  const gpu = typeof navigator === "undefined" ? undefined : (navigator as Partial<Navigator>).gpu;
  if (gpu === undefined) throw noGpu("there is no WebGPU here");
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) throw noGpu("WebGPU has no adapter: there is no GPU, or it is blocked");
  return adapter;
}

/** Throws `backend` where there is no adapter to open. An adapter opens one device. */
export async function openDevice(found?: GPUAdapter): Promise<Device> {
  const adapter = found ?? (await findAdapter());
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const opened = await adapter.requestDevice({
    requiredFeatures: adapter.features.has("subgroups") ? ["subgroups"] : [],
    requiredLimits: { maxBufferSize, maxStorageBufferBindingSize },
  });
  let [lost, error]: [string | null, string | null] = [null, null];
  opened.lost.then(({ reason, message }) => {
    lost = message || reason;
  });
  opened.addEventListener("uncapturederror", (event) => {
    error ??= event.error.message;
  });
  const { vendor, architecture, description } = adapter.info;
  const name = description || [vendor, architecture].filter(Boolean).join(" ") || "unknown";
  return {
    gpu: opened,
    limit: Math.min(maxBufferSize, maxStorageBufferBindingSize),
    adapter: name,
    software: adapter.info.isFallbackAdapter || /swiftshader|llvmpipe|basic render/i.test(name),
    lost: () => lost,
    error: () => {
      const found = error;
      error = null;
      return found;
    },
  };
}

const noGpu = (reason: string): SteepestError =>
  new SteepestError("backend", `programs can't run on a GPU: ${reason}`, {
    help: "use the wasm backend; in a page, a current Chrome, Edge, Safari or Firefox has WebGPU",
  });
