/** The cost model against counts done by hand and by PyTorch, and the scaling model against its own formulas at the ends. */
import { describe, expect, test } from "vitest";
import * as nn from "../../nn/index.ts";
import * as losses from "../../nn/losses/index.ts";
import { adam, sgd } from "../../optim/index.ts";
import { largeBatchAdvice } from "../../optim/large-batch.ts";
import type { StepParts } from "../../train/trace.ts";
import { devices } from "./devices.ts";
import { expectedMaximum } from "./expected-maximum.ts";
import { computeOnDevice } from "./kernel-time.ts";
import { bytesSent, fitNetwork, ringAllReduce, ringPass } from "./ring.ts";
import { fitCompute, predictScaling, type ScalingOptions } from "./scaling.ts";
import { shardedBytes, sharesOf } from "./shards.ts";
import { stepCost } from "./step-cost.ts";

const mlp = (activation: nn.Layer, optimizer = adam()): StepParts => ({
  model: nn.sequential(nn.linear(784, 128), activation, nn.linear(128, 10)),
  loss: (output, batch) => losses.softmaxCrossEntropy(output, batch["y"]!),
  optimizer,
  batch: { x: [64, 784], y: { shape: [64], dtype: "int32" } },
});

describe("a step's cost", () => {
  test("parameters, gradients, optimizer state and batch by hand", () => {
    const n = 784 * 128 + 128 + 128 * 10 + 10;
    const { parameters, bytes } = stepCost(mlp(nn.relu()));
    expect(parameters).toBe(n);
    expect(bytes).toMatchObject({ parameters: 4 * n, gradients: 4 * n, batch: 4 * (64 * 784 + 64) });
    expect(bytes.optimizerState).toBe(8 * n); // m and v
    expect(stepCost(mlp(nn.relu(), sgd())).bytes.optimizerState).toBe(0);
    expect(stepCost({ ...mlp(nn.relu()), dtype: "float64" }).bytes.parameters).toBe(8 * n);
  });

  test("matrix products by hand: forward, gradients of weights, gradient of the hidden layer", () => {
    const forward = 2 * 64 * (784 * 128 + 128 * 10);
    const weights = forward;
    const hidden = 2 * 64 * 128 * 10;
    expect(stepCost(mlp(nn.relu())).flops.matmul).toBe(forward + weights + hidden);
  });

  // torch 1.13, torch.autograd.graph.saved_tensors_hooks, distinct storages that are neither parameters nor the input:
  // tanh network 784-128-128-10 with sigmoid: 32768 + 32768 + 2560 + 512 + 4
  test("activations are about what PyTorch saves", () => {
    const parts: StepParts = {
      ...mlp(nn.tanh()),
      model: nn.sequential(
        nn.linear(784, 128),
        nn.tanh(),
        nn.linear(128, 128),
        nn.sigmoid(),
        nn.linear(128, 10),
      ),
    };
    const { activations } = stepCost(parts).bytes;
    expect(activations / 68_612).toBeGreaterThan(0.95);
    expect(activations / 68_612).toBeLessThan(1.05);
  });

  test("activations grow with the batch, the rest does not", () => {
    const at = (rows: number) =>
      stepCost({ ...mlp(nn.relu()), batch: { x: [rows, 784], y: { shape: [rows], dtype: "int32" } } }).bytes;
    expect(at(128).activations / at(64).activations).toBeCloseTo(2, 1);
    expect(at(128).optimizerState).toBe(at(64).optimizerState);
  });
});

describe("ring all-reduce", () => {
  const network = { latency: 1e-4, bandwidth: 1e9 };

  test("one process sends nothing; many send nearly twice the bytes", () => {
    expect(ringAllReduce(1, 1e6, network)).toBe(0);
    expect(bytesSent(1, 1e6)).toBe(0);
    expect(bytesSent(1024, 1e6)).toBeCloseTo(2e6, -4);
    expect(ringAllReduce(4, 1e6, network)).toBeCloseTo(6 * (1e-4 + 2.5e5 / 1e9), 12);
  });

  test("machines of several processes share sums out inside before they send them across", () => {
    const machine = { processes: 4, latency: 1e-6, bandwidth: 1e11 };
    const faster = { ...network, machine };
    // 3 messages of a quarter inside, 1 of half of that quarter across
    expect(ringPass(8, 1e6, faster)).toBeCloseTo(3 * (1e-6 + 2.5e5 / 1e11) + 1 * (1e-4 + 1.25e5 / 1e9), 12);
    // nothing leaves the machine
    expect(ringPass(4, 1e6, faster)).toBeCloseTo(ringPass(4, 1e6, machine), 12);
    expect(ringAllReduce(8, 1e6, faster)).toBeLessThan(ringAllReduce(8, 1e6, network));
  });

  test("the fit finds the constants that made the timings", () => {
    for (const processes of [2, 5]) {
      const timings = [4, 1e3, 1e5, 1e7].map((bytes) => ({
        bytes,
        seconds: ringAllReduce(processes, bytes, network),
      }));
      const found = fitNetwork(processes, timings);
      expect(found.latency).toBeCloseTo(network.latency, 10);
      expect(found.bandwidth / network.bandwidth).toBeCloseTo(1, 8);
    }
  });
});

describe("predicted scaling", () => {
  const base: ScalingOptions = {
    processes: [1, 2, 8, 64],
    batchSize: 64,
    mode: "grow",
    compute: { perStep: 1e-3, perRow: 1e-4 },
    network: { latency: 1e-5, bandwidth: 1e9 },
    gradientBytes: 4e6,
    noiseScale: 1000,
  };

  test("one process is itself", () => {
    expect(predictScaling(base).rows[0]).toMatchObject({
      efficiency: 1,
      steps: 1,
      speedup: 1,
      communication: 0,
    });
  });

  test("efficiency falls with processes, overlap helps, free communication gives 1", () => {
    const { rows } = predictScaling(base);
    for (let i = 1; i < rows.length; i++) {
      expect(rows[i]!.efficiency).toBeLessThan(rows[i - 1]!.efficiency);
      expect(rows[i]!.efficiencyOverlapped).toBeGreaterThanOrEqual(rows[i]!.efficiency);
    }
    const free = predictScaling({ ...base, network: { latency: 0, bandwidth: Number.POSITIVE_INFINITY } });
    for (const row of free.rows) expect(row.efficiency).toBeCloseTo(1, 12);
  });

  test("beyond the noise scale more processes stop buying time", () => {
    const { rows } = predictScaling({
      ...base,
      processes: [1, 1024, 4096],
      network: { latency: 0, bandwidth: Number.POSITIVE_INFINITY },
    });
    // steps can fall by 1 + B_noise/B₁ at most
    expect(rows.at(-1)!.speedup!).toBeLessThan(1 + 1000 / 64);
    expect(rows[2]!.speedup! / rows[1]!.speedup!).toBeLessThan(1.05);
  });

  test("all wait for the slowest of p", () => {
    // Tippett 1925, table of the mean range: half of it is the expected maximum of 2, 5 and 100 normal numbers
    expect(expectedMaximum(1)).toBe(0);
    expect(expectedMaximum(2)).toBeCloseTo(1 / Math.sqrt(Math.PI), 6);
    expect(expectedMaximum(5)).toBeCloseTo(2.32593 / 2, 4);
    expect(expectedMaximum(100)).toBeCloseTo(5.01519 / 2, 4);
    const free = { ...base, network: { latency: 0, bandwidth: Number.POSITIVE_INFINITY } };
    const [one, two] = predictScaling({ ...free, processes: [1, 2], jitter: 0.1 }).rows;
    expect(one!.efficiency).toBe(1);
    expect(two!.efficiency).toBeCloseTo(1 / (1 + 0.1 / Math.sqrt(Math.PI)), 6);
  });

  test("shared-out parameters go round three times, and hide behind all of the compute", () => {
    const network = { latency: 0, bandwidth: 1e10 };
    const of = (shards?: number) =>
      predictScaling({ ...base, processes: [8], network, ...(shards !== undefined && { shards }) }).rows[0]!;
    expect(of(3).bytesSentPerStep / of().bytesSentPerStep).toBeCloseTo(1.5, 12);
    const compute = 1e-3 + 64e-4;
    expect((of(3).secondsPerStep - compute) / (of().secondsPerStep - compute)).toBeCloseTo(1.5, 4);
    expect(of(3).efficiencyOverlapped).toBe(1);
  });

  test("a step is not shorter than the start of its kernels", () => {
    const { rows } = predictScaling({ ...base, mode: "keep", compute: { ...base.compute, atLeast: 5e-3 } });
    const [one, two] = rows;
    expect(one!.secondsPerStep).toBeCloseTo(7.4e-3, 12);
    expect(two!.secondsPerStep).toBeGreaterThan(5e-3);
  });

  test("a shared batch must divide", () => {
    const { rows, refused } = predictScaling({ ...base, mode: "keep", processes: [1, 3, 64] });
    expect(rows.map((r) => r.rowsPerProcess)).toEqual([64, 1]);
    expect(refused).toEqual([{ processes: 3, why: "a batch of 64 does not divide by 3" }]);
  });

  test("compute from two sizes", () => {
    expect(
      fitCompute([
        { rows: 32, seconds: 0.0042 },
        { rows: 64, seconds: 0.0074 },
      ]),
    ).toEqual({
      perRow: expect.closeTo(1e-4, 10),
      perStep: expect.closeTo(1e-3, 10),
    });
  });
});

test("a process of many holds its share, and one block whole", () => {
  const parts: StepParts = {
    model: nn.gpt({ vocabulary: 100, context: 16, layers: 3, width: 32, heads: 4 }),
    loss: (output, batch) => losses.softmaxCrossEntropy(output, batch["y"]!),
    optimizer: adam(),
    batch: { x: { shape: [2, 16], dtype: "int32" }, y: { shape: [2, 16], dtype: "int32" } },
  };
  const cost = stepCost(parts);
  const shares = sharesOf(parts.model.params, cost);
  const block = nn.countParams(nn.transformerBlock(32, 4));
  expect(shares).toEqual({ parts: 4, largestBytes: 4 * block });
  const { parameters, gradients, optimizerState, total } = cost.bytes;
  const alone = total - parameters - gradients - optimizerState;
  expect(shardedBytes(cost, 1, shares)).toBe(total);
  expect(shardedBytes(cost, 4, shares)).toBeCloseTo(alone + (16 * cost.parameters) / 4 + 8 * block, 6);
});

describe("a step on a GPU that is not here", () => {
  const a100 = devices.find((d) => d.name === "a100")!;
  const wide =
    (width: number) =>
    (rows: number): StepParts => ({
      model: nn.linear(width, width, { bias: false }),
      loss: (output, batch) => losses.mse(output, batch["y"]!),
      optimizer: sgd(),
      batch: { x: [rows, width], y: [rows, width] },
    });

  test("large products run near the peak, small ones far below it, and half precision is faster", () => {
    const share = (width: number, precision: "half" | "float32") => {
      const rows = width;
      const flops = stepCost(wide(width)(rows)).flops.matmul;
      const { perStep, perRow } = computeOnDevice(wide(width), rows, { device: a100, precision });
      return flops / (perStep + rows * perRow) / a100.peak[precision]!;
    };
    expect(share(8192, "float32")).toBeGreaterThan(0.6);
    expect(share(8192, "float32")).toBeLessThan(0.8);
    expect(share(8192, "half")).toBeGreaterThan(0.3);
    expect(share(128, "half")).toBeLessThan(0.01);
  });

  test("the host starts every kernel: a tiny step takes as long as they take to start", () => {
    const { atLeast, perStep, perRow } = computeOnDevice(wide(8), 4, { device: a100, precision: "float32" });
    expect(atLeast).toBeGreaterThan(0);
    expect(perStep + 4 * perRow).toBeLessThan(atLeast!);
  });
});

describe("the rate for a larger batch", () => {
  const base = { batchSize: 64, lr: 0.1, noiseScale: null };

  test("linear for SGD, square root for Adam", () => {
    expect(largeBatchAdvice(640, { ...base, optimizer: "sgd" })).toMatchObject({ rule: "linear", lr: 1 });
    const adamw = largeBatchAdvice(6400, { ...base, optimizer: "adamw" });
    expect(adamw).toMatchObject({ rule: "square-root", lr: 1, optimizer: "adamw" });
  });

  test("damped near the noise scale, LAMB and LARS for very large batches", () => {
    const near = largeBatchAdvice(64_000, { ...base, optimizer: "sgd", noiseScale: 64 });
    expect(near.lr).toBeLessThan(0.2);
    expect(near.optimizer).toBe("lars");
    expect(largeBatchAdvice(32_768, { ...base, optimizer: "adamw" }).optimizer).toBe("lamb");
  });
});
