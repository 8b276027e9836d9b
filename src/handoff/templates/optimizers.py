"""Optimizers that torch.optim does not have, each by steepest's formula: θ parameter, g gradient, t step from 1."""
from typing import Any, Dict

import torch
from torch import Tensor

Slots = Dict[str, Tensor]


class Formula(torch.optim.Optimizer):
    """θ += update(g, s, θ) for each tensor. `s` holds the state by name; s["step"] is t."""

    #: State tensors of each parameter; they start as initial.safetensors says.
    slots = ()

    def __init__(self, params, lr: float, **options: Any):
        super().__init__(params, {"lr": lr, **options})

    @torch.no_grad()
    def step(self, closure=None):
        for group in self.param_groups:
            for p in group["params"]:
                s = self.state[p]
                s["step"] += 1
                p.add_(self.update(p.grad, s, p, int(s["step"]), group))

    def update(self, g: Tensor, s: Slots, p: Tensor, t: int, o: Dict[str, Any]) -> Tensor:
        raise NotImplementedError


def ema(average: Tensor, x: Tensor, beta: float) -> Tensor:
    """average ← β·average + (1 − β)·x, in place."""
    return average.mul_(beta).add_(x, alpha=1 - beta)


def adam_direction(g: Tensor, s: Slots, t: int, o: Dict[str, Any], corrected: bool = True) -> Tensor:
    """m̂/(√v̂ + ε) (Kingma & Ba 2015)."""
    beta1, beta2 = o["betas"]
    m, v = ema(s["m"], g, beta1), ema(s["v"], g * g, beta2)
    if not corrected:
        return m / (v.sqrt() + o["eps"])
    return m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + o["eps"])


class EmaMomentum(Formula):
    """m = βm + (1−β)g;  θ −= η m"""

    slots = ("m",)

    def update(self, g, s, p, t, o):
        m = ema(s["m"], g, o["beta"])
        return -o["lr"] * (m / (1 - o["beta"] ** t) if o["biasCorrection"] else m)


class Lamb(Formula):
    """u = m̂/(√v̂+ε) + λθ;  θ −= η u·φ(‖θ‖)/‖u‖ (You et al. 2020)"""

    slots = ("m", "v")

    def update(self, g, s, p, t, o):
        u = adam_direction(g, s, t, o, o["biasCorrection"]) + o["weightDecay"] * p
        ratio = trust_ratio(u, p, low=o["phiMin"], high=o["phiMax"])
        return -o["lr"] * (ratio.clamp(max=1) if o["trustClip"] else ratio) * u


class Lars(Formula):
    """u = (g + λθ)·trust·‖θ‖/(‖g + λθ‖ + ε);  buf = μ·buf − ηu;  θ += buf (You et al. 2017)"""

    slots = ("buf",)

    def update(self, g, s, p, t, o):
        u = g + o["weightDecay"] * p
        u = -o["lr"] * trust_ratio(u, p, coefficient=o["trust"], eps=o["eps"]) * u
        if o["momentum"] == 0:
            return u
        buf = s["buf"].mul_(o["momentum"]).add_(u)
        return u + o["momentum"] * buf if o["nesterov"] else buf


def trust_ratio(u: Tensor, p: Tensor, coefficient=1.0, eps=0.0, low=0.0, high=None) -> Tensor:
    """coefficient·φ(‖θ‖)/(‖u‖ + ε); 1 where either norm is 0."""
    p_norm, u_norm = p.norm(), u.norm()
    ratio = coefficient * p_norm.clamp(min=low, max=high) / (u_norm + eps)
    return torch.where((p_norm > 0) & (u_norm > 0), ratio, torch.ones_like(ratio))


class Lion(Formula):
    """θ −= η (sign(β₁m + (1−β₁)g) + λθ);  m = β₂m + (1−β₂)g (Chen et al. 2023)"""

    slots = ("m",)

    def update(self, g, s, p, t, o):
        beta1, beta2 = o["betas"]
        u = (beta1 * s["m"] + (1 - beta1) * g).sign()
        ema(s["m"], g, beta2)
        return -o["lr"] * (u + o["weightDecay"] * p)


class SignSgd(Formula):
    """θ −= η sign(g)"""

    def update(self, g, s, p, t, o):
        return -o["lr"] * g.sign()


class Signum(Formula):
    """m = βm + (1−β)g;  θ −= η (sign(m) + λθ)"""

    slots = ("m",)

    def update(self, g, s, p, t, o):
        return -o["lr"] * (ema(s["m"], g, o["beta"]).sign() + o["weightDecay"] * p)


class AdaBelief(Formula):
    """m = β₁m + (1−β₁)g;  s = β₂s + (1−β₂)(g−m)² + ε;  θ −= η (m̂/(√ŝ + ε) + λθ) (Zhuang et al. 2020)"""

    slots = ("m", "s")

    def update(self, g, s, p, t, o):
        beta1, beta2 = o["betas"]
        m = ema(s["m"], g, beta1)
        spread = ema(s["s"], (g - m) ** 2, beta2).add_(o["epsRoot"])
        u = m / (1 - beta1**t) / ((spread / (1 - beta2**t)).sqrt() + o["eps"])
        return -o["lr"] * (u + o["weightDecay"] * p)


class Yogi(Formula):
    """v = v − (1−β₂) sign(v − g²) g²;  θ −= η m̂/(√v̂ + ε) (Zaheer et al. 2018)"""

    slots = ("m", "v")

    def update(self, g, s, p, t, o):
        beta1, beta2 = o["betas"]
        g2 = g * g
        m = ema(s["m"], g, beta1)
        v = s["v"].sub_((1 - beta2) * (s["v"] - g2).sign() * g2)
        return -o["lr"] * m / (1 - beta1**t) / ((v / (1 - beta2**t)).sqrt() + o["eps"])


class Adan(Formula):
    """Moments of g, of its differences d, and of (g + β₂d)²; decay by division (Xie et al. 2022, algorithm 1)"""

    slots = ("m", "v", "n", "prev")

    def update(self, g, s, p, t, o):
        beta1, beta2, beta3 = o["betas"]
        d = torch.zeros_like(g) if t == 1 else g - s["prev"]
        s["prev"].copy_(g)
        m, v = ema(s["m"], g, beta1), ema(s["v"], d, beta2)
        n = ema(s["n"], (g + beta2 * d) ** 2, beta3)
        u = m / (1 - beta1**t) + beta2 * v / (1 - beta2**t)
        u = u / ((n / (1 - beta3**t)).sqrt() + o["eps"])
        lr, decay = o["lr"], o["weightDecay"]
        if o["noProx"]:
            return -lr * (u + decay * p)
        return (-lr * u - lr * decay * p) / (1 + lr * decay)
