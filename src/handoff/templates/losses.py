"""The losses a run file can name, by PyTorch's functions where it has them. Classes are the last axis of the output."""
from typing import Callable, Dict

import torch
import torch.nn.functional as F
from torch import Tensor


def classes_first(output: Tensor, y: Tensor):
    """Logits [N, …, C] and labels [N, …] as PyTorch wants them: [M, C] and [M]."""
    return output.reshape(-1, output.shape[-1]), y.reshape(-1)


def like(y: Tensor, output: Tensor) -> Tensor:
    return y.reshape(output.shape).to(output.dtype)


def reduced(values: Tensor, reduction: str) -> Tensor:
    return values.mean() if reduction == "mean" else values.sum()


def softmax_cross_entropy(output, y, labelSmoothing=0.0, ignoreIndex=-100, reduction="mean"):
    z, labels = classes_first(output, y)
    return F.cross_entropy(z, labels, label_smoothing=labelSmoothing, ignore_index=ignoreIndex, reduction=reduction)


def nll(output, y, ignoreIndex=-100, reduction="mean"):
    return F.nll_loss(*classes_first(output, y), ignore_index=ignoreIndex, reduction=reduction)


def multi_margin(output, y, margin=1.0, power=1, reduction="mean"):
    return F.multi_margin_loss(*classes_first(output, y), p=int(power), margin=margin, reduction=reduction)


def bce_with_logits(output, y, posWeight=1.0, reduction="mean"):
    weight = None if posWeight == 1 else output.new_tensor(posWeight)
    return F.binary_cross_entropy_with_logits(output, like(y, output), pos_weight=weight, reduction=reduction)


def bce(output, y, reduction="mean"):
    return F.binary_cross_entropy(output, like(y, output), reduction=reduction)


def mse(output, y, reduction="mean"):
    return F.mse_loss(output, like(y, output), reduction=reduction)


def l1(output, y, reduction="mean"):
    return F.l1_loss(output, like(y, output), reduction=reduction)


def huber(output, y, delta=1.0, reduction="mean"):
    return F.huber_loss(output, like(y, output), delta=delta, reduction=reduction)


def smooth_l1(output, y, beta=1.0, reduction="mean"):
    return F.smooth_l1_loss(output, like(y, output), beta=beta, reduction=reduction)


def kl(output, y, reduction="mean"):
    return F.kl_div(output, like(y, output), reduction=reduction)


def hinge(output, y, margin=1.0, power=1, reduction="mean"):
    signed = torch.where(like(y, output) > 0, output, -output)
    return reduced(torch.relu(margin - signed) ** power, reduction)


def focal(output, y, gamma=2.0, alpha=0.25, reduction="mean"):
    """(1 − p of the truth)^γ · BCE (Lin et al. 2017)."""
    y = like(y, output)
    p = torch.sigmoid(output)
    values = F.binary_cross_entropy_with_logits(output, y, reduction="none") * (p + y - 2 * p * y) ** gamma
    if alpha >= 0:
        values = values * (y * (2 * alpha - 1) + (1 - alpha))
    return reduced(values, reduction)


LOSSES: Dict[str, Callable[..., Tensor]] = {
    "softmax-cross-entropy": softmax_cross_entropy,
    "bce-with-logits": bce_with_logits,
    "bce": bce,
    "mse": mse,
    "l1": l1,
    "huber": huber,
    "smooth-l1": smooth_l1,
    "hinge": hinge,
    "multi-margin": multi_margin,
    "focal": focal,
    "nll": nll,
    "kl": kl,
}


def accuracy(output: Tensor, y: Tensor, kind: str) -> Tensor:
    """Share of right answers: the largest class, or the right side of 0 (logits) or of one half (probabilities)."""
    if kind == "class":
        return (output.argmax(-1) == y).to(torch.float64).mean()
    threshold = 0.5 if kind == "probability" else 0.0
    return ((output > threshold) == (like(y, output) > 0.5)).to(torch.float64).mean()
