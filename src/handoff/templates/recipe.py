"""Optimizer, clip and schedule of the run, as project.json names them."""
import contextlib
import importlib
import inspect
import math
from typing import Dict, List, Optional

import torch
from torch import Tensor

from arguments import SHAPES
from checkpoint import read_safetensors
from data import here
from memory import whole


class Optimizer:
    """An optimizer of torch.optim, one of optimizers.py, or the traced update in update.py; and the clip before it."""

    def __init__(self, spec: Dict, parameters: Dict[str, torch.nn.Parameter]):
        self.spec, self.parameters = spec, parameters
        self.library, self.clip = spec["library"], spec["clip"]
        self.traced = None
        #: Steps that were not made, since fp16 overflowed; on the device from the first on.
        self.skipped = 0
        if self.library == "update":
            import update

            self.traced, self.state = update, {}
            # nothing but a holder of the gradients
            self.inner = torch.optim.SGD(parameters.values(), lr=1.0)
        else:
            kind = getattr(importlib.import_module(self.library), spec["class"])
            weights = list(parameters.values())
            # one kernel for all tensors, where this PyTorch has it for this optimizer
            self.fused = weights[0].is_cuda and "fused" in inspect.signature(kind.__init__).parameters
            fused = {"fused": True} if self.fused else {}
            self.inner = kind(weights, lr=spec["lr"], **spec["options"], **fused)
            # for steps at which the schedule sets no momentum
            self.own = [group.get(spec["momentum"]) for group in self.inner.param_groups]

    def zero_grad(self) -> None:
        for p in self.parameters.values():
            p.grad = None

    def step(self, lr: float, momentum: Optional[float], step: int, loss: Tensor, scaler) -> Dict[str, Tensor]:
        """Clips and updates; returns what was measured, on the device, the gradient's norm first."""
        for p in self.parameters.values():
            if p.grad is None:
                p.grad = torch.zeros_like(p)
        overflow = None
        if scaler.is_enabled():
            gradients = (p.grad for p in self.parameters.values())
            overflow = ~torch.stack([whole(g.isfinite().all()) for g in gradients]).all()
            self.skipped = self.skipped + overflow
        if self.traced is not None:
            measures = self.step_traced(lr, momentum, step - self.skipped, loss, overflow)
            scaler.update()
            return measures if overflow is None else {**measures, "overflow": overflow}
        measures = self.clip_gradients()
        name = self.spec["momentum"]
        for group, own in zip(self.inner.param_groups, self.own):
            group["lr"] = lr
            if name is None:
                continue
            if momentum is None:
                group[name] = own
            else:
                group[name] = (momentum, *own[1:]) if name == "betas" else momentum
        scaler.step(self.inner)
        scaler.update()
        return measures if overflow is None else {**measures, "overflow": overflow}

    @torch.no_grad()
    def clip_gradients(self) -> Dict[str, Tensor]:
        gradients = [p.grad for p in self.parameters.values()]
        if self.clip is not None and "globalNorm" in self.clip:
            limit, p = self.clip["globalNorm"], self.clip["p"]
            norm = torch.nn.utils.clip_grad_norm_(self.parameters.values(), limit, math.inf if p is None else p)
            return {"gradNorm": whole(norm), "clipped": whole(norm) > limit}
        norm = norm_of(gradients)
        if self.clip is not None:
            limit = self.clip["value"]
            hit = torch.stack([whole((g.abs() > limit).sum()) for g in gradients]).sum().double()
            torch.nn.utils.clip_grad_value_(self.parameters.values(), limit)
            return {"gradNorm": norm, "clipped": hit / max(1, sum(g.numel() for g in gradients))}
        return {"gradNorm": norm}

    @torch.no_grad()
    def step_traced(self, lr, momentum, step, loss, overflow: Optional[Tensor]) -> Dict[str, Tensor]:
        device = next(iter(self.parameters.values())).device
        # NaN: the schedule sets no momentum at this step
        numbers = {"lr": lr, "step": step, "loss": loss, "momentum": math.nan if momentum is None else momentum}
        hyper = {
            name: x.double() if isinstance(x, Tensor) else torch.full((), x, dtype=torch.float64, device=device)
            for name, x in numbers.items()
        }
        gradients = {name: p.grad for name, p in self.parameters.items()}
        parameters, state, measures = self.traced.update(dict(self.parameters), gradients, self.state, hyper)
        # a state that is the parameter itself must not move with it
        own = {id(p) for p in self.parameters.values()}
        state = {name: t.clone() if id(t) in own else t for name, t in state.items()}
        if overflow is not None:
            # no step is made: all stays as it was, decided on the device
            state = {name: torch.where(overflow, self.state[name], t) for name, t in state.items()}
            parameters = {name: torch.where(overflow, self.parameters[name], t) for name, t in parameters.items()}
        self.state = state
        for name, value in parameters.items():
            self.parameters[name].copy_(value)
        return measures

    @contextlib.contextmanager
    def evaluation_parameters(self):
        """The parameters to validate with, where they are not the trained ones (averages)."""
        if self.traced is None or not hasattr(self.traced, "evaluation_parameters"):
            yield
            return
        kept = {name: p.detach().clone() for name, p in self.parameters.items()}
        other = self.traced.evaluation_parameters(dict(self.parameters), self.state)
        with torch.no_grad():
            for name, value in other.items():
                self.parameters[name].copy_(value)
            yield
            for name, value in kept.items():
                self.parameters[name].copy_(value)

    # state, under steepest's names

    def begin(self, step: int, tensors: Dict[str, torch.Tensor]) -> Dict[str, torch.Tensor]:
        """Goes on after that many steps made; returns the state that is to be filled in. A traced update takes its own."""
        if self.traced is not None:
            device = next(iter(self.parameters.values())).device
            self.state = {name: tensors[name].to(device) for name in self.spec["state"]}
            return {}
        # at step 0 torch.optim makes its own state, in its own way
        if self.library == "torch.optim" and step == 0:
            return {}
        for p in self.parameters.values():
            # in the parameter's own memory format: the fused kernels refuse another
            slots = {slot: torch.empty_like(p, requires_grad=False) for slot in self.spec["state"]}
            # the fused kernels count steps on the device, the others on the host
            where = p.device if self.fused else "cpu"
            self.inner.state[p].update({"step": torch.tensor(float(step), device=where), **slots})
        return self.save()

    def save(self) -> Dict[str, torch.Tensor]:
        if self.traced is not None:
            return dict(self.state)
        saved = {}
        for name, p in self.parameters.items():
            for slot, prefix in self.spec["state"].items():
                value = self.inner.state[p].get(slot)
                saved[prefix + name] = torch.zeros_like(p) if value is None else value
        return saved


def norm_of(gradients) -> Tensor:
    if hasattr(gradients[0], "full_tensor"):
        return whole(torch.nn.utils.get_total_norm(gradients)).double()
    return torch.stack(torch._foreach_norm(gradients)).double().norm()


class Schedule:
    """The learning rate of each of `total` steps, from 0: a table, or a rule that follows the validation loss."""

    def __init__(self, spec: Dict, total: int):
        self.rule = None
        self.momenta = None
        if "plateau" in spec:
            self.rule = Plateau(**spec["plateau"])
            return
        if "shape" in spec:
            self.rates = shaped(**spec["shape"], total=total)
            return
        tensors, _ = read_safetensors(here(spec["file"]))
        scale = spec.get("scale", 1)
        self.rates = [rate * scale for rate in stretched(tensors["lr"].tolist(), total)]
        if "momentum" in tensors:
            self.momenta = stretched(tensors["momentum"].tolist(), total)

    def at(self, k: int):
        if self.rule is not None:
            return self.rule.lr, None
        momentum = None if self.momenta is None else self.momenta[k]
        return self.rates[k], None if momentum is None or math.isnan(momentum) else momentum

    def observe(self, metric: float) -> None:
        if self.rule is not None:
            self.rule.observe(metric)

    def state(self):
        return None if self.rule is None else self.rule.state()

    def restore(self, state: Dict) -> None:
        self.rule.restore(state)


def stretched(table: List[float], total: int) -> List[float]:
    """The table over another number of steps; itself over its own."""
    return [table[k * len(table) // total] for k in range(total)]


def shaped(name: str, warmup: int, lr: float, total: int) -> List[float]:
    """A linear warm-up, then a schedule of the options."""
    rest = max(1, total - warmup)
    return [lr * ((k + 1) / warmup if k < warmup else SHAPES[name]((k - warmup) / rest)) for k in range(total)]


class Plateau:
    """Falls by a factor when a metric has not improved for more than `patience` observations."""

    def __init__(self, lr, mode, factor, patience, threshold, thresholdMode, cooldown, minLr, eps):
        self.lr, self.mode, self.factor, self.patience = lr, mode, factor, patience
        self.threshold, self.relative = threshold, thresholdMode == "rel"
        self.cooldown, self.min_lr, self.eps = cooldown, minLr, eps
        self.worst = math.inf if mode == "min" else -math.inf
        self.best, self.bad, self.cooling = self.worst, 0, 0

    def observe(self, metric: float) -> None:
        sign = -1 if self.mode == "min" else 1
        bar = self.best * (1 + sign * self.threshold) if self.relative else self.best + sign * self.threshold
        if metric < bar if self.mode == "min" else metric > bar:
            self.best, self.bad = metric, 0
        else:
            self.bad += 1
        if self.cooling > 0:
            self.cooling -= 1
            self.bad = 0
        if self.bad <= self.patience:
            return
        lower = max(self.lr * self.factor, self.min_lr)
        if self.lr - lower > self.eps:
            self.lr = lower
        self.cooling, self.bad = self.cooldown, 0

    def state(self) -> Dict:
        best = None if self.best == self.worst else self.best
        return {"lr": self.lr, "best": best, "bad": self.bad, "cooling": self.cooling}

    def restore(self, state: Dict) -> None:
        self.lr, self.bad, self.cooling = state["lr"], state["bad"], state["cooling"]
        self.best = self.worst if state["best"] is None else state["best"]
