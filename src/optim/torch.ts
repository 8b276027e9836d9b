/** How an optimizer's row names its equal in PyTorch. */

export interface TorchClass {
  /** torch.optim, or the module that a PyTorch project brings along. */
  readonly library: "torch.optim" | "optimizers";
  readonly class: string;
  /** Its arguments besides lr. */
  readonly options: Readonly<Record<string, unknown>>;
  /** State there → the end of the path it has in our checkpoints. */
  readonly state: Readonly<Record<string, string>>;
  /** The argument that a schedule's momentum replaces. */
  readonly momentum: "momentum" | "betas" | "beta" | null;
}

/** A class of torch.optim under the same formula. */
export const inTorch = (
  name: string,
  options: TorchClass["options"],
  state: TorchClass["state"],
  momentum: TorchClass["momentum"] = null,
): TorchClass => ({ library: "torch.optim", class: name, options, state, momentum });

/** A class of the PyTorch project's own module (`handoff/templates`), which takes our options by our names. */
export const inProject = (
  name: string,
  { lr: _, ...options }: { readonly lr: number },
  state: TorchClass["state"],
  momentum: TorchClass["momentum"] = null,
): TorchClass => ({ library: "optimizers", class: name, options, state, momentum });

/** Adam's and AdamW's state. */
export const adamState = ({ amsgrad }: { readonly amsgrad: boolean }): TorchClass["state"] => ({
  exp_avg: "adam.m",
  exp_avg_sq: "adam.v",
  ...(amsgrad && { max_exp_avg_sq: "adam.vmax" }),
});

/** Adam's and AdamW's arguments. */
export const adamArguments = (o: {
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  readonly amsgrad: boolean;
  readonly maximize: boolean;
}): TorchClass["options"] => ({
  betas: o.betas,
  eps: o.eps,
  weight_decay: o.weightDecay,
  amsgrad: o.amsgrad,
  maximize: o.maximize,
});
