import { add, mean, mul, reshape, rsqrt, square, stopGradient, sub } from "../engine/graph/index.ts";
import { nnError, requireSizes } from "./errors.ts";
import { constantInit } from "./init.ts";
import type { Layer } from "./layer.ts";

/** Options of `batchNorm`, with PyTorch's defaults and PyTorch's sense of `momentum`. */
export interface BatchNormOptions {
  readonly eps?: number;
  /** Share of the new batch in the running statistics. */
  readonly momentum?: number;
  readonly affine?: boolean;
}

/**
 * PyTorch's `nn.BatchNorm1d/2d` by the rank of its input: [N, C] or [N, C, …], one mean and variance per channel.
 * Training normalises by the batch's biased variance and moves `running_mean` and `running_var` (the unbiased one)
 * towards the batch's; evaluation uses the running ones. PyTorch's counter `num_batches_tracked` is not kept: it only
 * matters for a cumulative average.
 */
export function batchNorm(
  channels: number,
  { eps = 1e-5, momentum = 0.1, affine = true }: BatchNormOptions = {},
): Layer {
  requireSizes("batchNorm", { channels });
  return {
    params: affine ? { weight: constantInit([channels], 1), bias: constantInit([channels], 0) } : {},
    buffers: { running_mean: constantInit([channels], 0), running_var: constantInit([channels], 1) },
    keys: 0,
    forward: (p, x, { training }) => {
      if (x.shape.length < 2 || x.shape[1] !== channels)
        throw nnError(`batchNorm: needs [N, ${channels}, …], got [${x.shape.join(", ")}]`);
      const perChannel = (v: Parameters<typeof reshape>[0]) =>
        reshape(v, [channels, ...x.shape.slice(2).map(() => 1)]);
      const axes = x.shape.map((_, i) => i).filter((i) => i !== 1);
      const count = axes.reduce((n, a) => n * x.shape[a]!, 1);
      if (training && count < 2)
        throw nnError(
          "batchNorm: needs more than one value per channel to train on",
          "use batches of 2 or more rows, or drop the last partial batch",
        );
      const average = training ? mean(x, { axes }) : p["running_mean"]!;
      const centred = sub(x, perChannel(average));
      const variance = training ? mean(square(centred), { axes }) : p["running_var"]!;
      const y = mul(centred, perChannel(rsqrt(add(variance, eps))));
      const output = affine ? add(mul(y, perChannel(p["weight"]!)), perChannel(p["bias"]!)) : y;
      if (!training) return { output, buffers: {} };
      const moved = (name: string, batch: typeof x) =>
        add(mul(p[name]!, 1 - momentum), mul(stopGradient(batch), momentum));
      return {
        output,
        buffers: {
          running_mean: moved("running_mean", average),
          running_var: moved("running_var", mul(variance, count / (count - 1))),
        },
      };
    },
  };
}
