"""Numbers from inside a PyTorch training that its log does not have. Needs PyTorch 1.13 or later, and nothing else.

    from steepest_probe import Probe

    probe = Probe(model, optimizer, "probe.jsonl")     # after model and optimizer, before the loop
    for batch in loader:
        loss = loss_of(batch)                          # your step, as it is: backward, clip, optimizer.step()
        ...
        probe.step(loss)                               # last, once for each batch
        probe.measure(loss_of, batch)                  # if you like: curvature and gradient noise, now and then

One JSON object a line. `steepest diagnose probe.jsonl` reads it, `steepest analyze --probe probe.jsonl` explains it.

each step       step, loss (mean of the micro-batches), lr (of the first group), lr/GROUP where there are several groups;
                with a GradScaler: loss_scale, skipped (1: it left out the step)
most steps      grad_norm (2-norm over all parameters, before the clip, without loss scale), clipped_share (1: it was clipped)
now and then    for each group update_ratio (|change of its weights| / |weights|), update_rms (root mean square change of a
                weight), effective_lr (Adam and its kin: median of lr / (sqrt(v) + eps)); dead_units (share of the units before
                linear and convolution layers that were zero for 512 rows or more)
by `measure`    sharpness (largest eigenvalue of the Hessian under the optimizer's preconditioner P), sharpness_error,
                curvature_update (u'Hu / u'Pu along the next update u), limit (the rate above which the optimizer is unstable at
                that sharpness), stability (lr / limit), noise_trace and noise_gradient_squared (unbiased tr(S) and |G|^2 of
                McCandlish et al. 2018, S the covariance of one row's gradient), batch_rows
by `branches`   branches/start (loss of the first weights), branches/lower, branches/same, branches/higher (loss at the end of a
                short branch that stands for a run at a rate 3.16 times lower, at the same, at one 3.16 times higher)
once            a line with "nonfinite": the layer whose output, gradient or weights were the first that are not finite

Time: everything beside the loss is done as often as `overhead` (2 %) of the training's time allows, a look at each step costs
some 30 microseconds. Nothing waits for a GPU:
its numbers are read later. Weights, gradients, random numbers and the optimizer's state are left bit for bit as they are.
"""
from __future__ import annotations

import atexit
import copy
import itertools
import json
import math
import os
import random
import sys
import types
import warnings
from contextlib import contextmanager
from time import perf_counter

import torch

__all__ = ["Probe", "ProbeError", "hugging_face", "lightning", "measure", "range_test"]

SAMPLE = 2**16  # weights of a group that its update is measured on
DEAD_AFTER = 512  # rows that a unit was zero for
READ_EVERY = 10  # steps between two looks at what a GPU has computed
FIRST_MEASURE = 20  # steps before curvature is measured first
BASIS_BYTES = 2**28  # of Lanczos vectors kept for reorthogonalisation


class ProbeError(Exception):
    """Wrong use: says what is wrong and what to do."""


class Probe:
    """Writes what happens in each step of `optimizer` into the file `path`.

    model: torch.nn.Module. optimizer: its torch optimizer. scaler: the GradScaler, where there is one.
    accumulate: calls of `step` that make one step of the optimizer. overhead: share of the training's time that the probe may
    take, without `measure`. measure_every, measure_overhead: steps between two measurements at least, and their own share of the
    time (the first comes after 20 steps whatever it costs). watch: look at every layer and
    every gradient, whatever it costs: finds where a NaN begins. append: go on with the file. start: steps made before.
    In a distributed training the first process writes; the others do nothing.
    """

    def __init__(self, model, optimizer, path="probe.jsonl", *, scaler=None, accumulate=1, overhead=0.02,
                 measure_every=100, measure_overhead=0.02, watch=False, append=False, start=0):
        if not (isinstance(accumulate, int) and accumulate >= 1):
            raise ProbeError(f"accumulate is {accumulate!r}: give the number of batches of one step, 1 or more")
        if not 0 < overhead <= 1:
            raise ProbeError(f"overhead is {overhead!r}: give a share of the time, such as 0.02")
        self.model, self.optimizer, self.scaler = model, _bare(optimizer), scaler
        self.path, self.steps, self._start = os.fspath(path), start, start
        self._accumulate, self._measure_every, self._watch = accumulate, measure_every, watch
        self._off = not _first_process()
        self._file = None
        if self._off:
            return
        names = {id(p): name.replace("_orig_mod.", "") for name, p in model.named_parameters()}
        self._params = [p for g in self.optimizer.param_groups for p in g["params"] if p.requires_grad]
        if not self._params:
            raise ProbeError("the optimizer has no parameter that is trained: make the probe after both, with the optimizer in use")
        self._names = [names.get(id(p), f"parameter {i}") for i, p in enumerate(self._params)]
        self._device = self._params[0].device
        self._late = self._device.type != "cpu"
        self._sharded = any(hasattr(p, "to_local") for p in self._params)
        self._file = open(self.path, "a" if append else "w", encoding="utf-8")
        self._flushed = perf_counter()
        self._norm_pace, self._look_pace = _Pace(0.75 * overhead), _Pace(0.25 * overhead, rarest=1000)
        self._measure_pace = _Pace(measure_overhead, rarest=math.inf)
        self._losses, self._waiting, self._values = [], [], {}
        self._quiet = self._queued = self._stepped = self._bad = False
        self._backwards, self._usual = 0, 1
        self._norm_due = self._look_due = not self._sharded
        self._before = self._sample = self._rates = None
        self._layers, self._layer_hooks, self._alive = [], [], {}
        self._own = self._norm_cost = self._look_cost = 0.0
        self._last = None
        self._can_measure = True
        self._hooks = [*self._watch_backward(), *_watch_step(self.optimizer, self._pre_step, self._post_step)]
        self._write({"schema": "steepest.probe/1", **describe(self.optimizer), "accumulate": accumulate, "processes": _processes(),
                     "torch": str(torch.__version__)})
        self._arm_layers()
        atexit.register(self.close)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # ---- each step ------------------------------------------------------------------------------------------------------

    def step(self, loss, *, step=None, grad_norm=None):
        """After optimizer.step(): ends the step. loss: of the batch, a tensor or a number. step: its number where you count
        yourself. grad_norm: what clip_grad_norm_ returned, where you have it."""
        if self._off:
            return
        begun = perf_counter()
        self._losses.append(loss.detach() if isinstance(loss, torch.Tensor) else float(loss))
        if len(self._losses) < self._accumulate:
            self._own += perf_counter() - begun
            return
        self.steps = self.steps + 1 if step is None else int(step)
        row = {"step": self.steps}
        values, self._values = self._values, {}
        values["loss"] = self._losses[0] if self._accumulate == 1 else sum(self._losses) / len(self._losses)
        self._losses = []
        groups = self.optimizer.param_groups
        # as the step used them: a scheduler may have been here since
        rates = [float(r) for r in self._rates or [g["lr"] for g in groups]]
        row["lr"] = rates[0]
        if len(groups) > 1:
            row.update({f"lr/{label}": rate for label, rate in zip(_labels(groups), rates)})
        if self.scaler is not None and _scale_of(self.scaler) is not None:
            values["loss_scale"] = _scale_of(self.scaler).clone()
            row["skipped"] = 0 if self._stepped else 1
        if grad_norm is not None:
            values["grad_norm"] = grad_norm.detach() if isinstance(grad_norm, torch.Tensor) else float(grad_norm)
        elif self._before is not None:
            values.update(self._before)
        bad_output = self._end_layers(values)
        if self._late:
            self._waiting.append((row, values, bad_output))
            if len(self._waiting) >= READ_EVERY:
                self._read()
        else:
            self._finish(row, {k: float(v) for k, v in values.items()}, bad_output)
        self._next_step(begun)
        if self._branches is not None:
            self._take_branches()

    def _next_step(self, begun):
        """What the next step measures, within the time that is allowed."""
        self._usual, self._backwards = max(1, self._backwards), 0
        self._before = self._sample = self._rates = None
        self._stepped = False
        now = perf_counter()
        own = self._own + now - begun
        training = 0.0 if self._last is None else max(0.0, now - self._last - own)
        self._last, self._own = now, 0.0
        if self._norm_due:
            self._norm_pace.paid(self._norm_cost)
        if self._look_due:
            self._look_pace.paid(self._look_cost)
        fixed = max(0.0, own - self._norm_cost - self._look_cost)
        self._norm_cost = self._look_cost = 0.0
        self._norm_due = (self._norm_pace.due(training, fixed) or self._watch) and not self._sharded
        self._look_due = self._look_pace.due(training) and not self._sharded
        self._measure_pace.due(training)
        if self._look_due or self._watch:
            self._arm_layers()

    def _finish(self, row, values, bad_output):
        """From what was measured to a line of the file."""
        loss = values.pop("loss")
        line = {"step": row.pop("step"), "loss": loss, **row}
        norm = values.pop("grad_norm", None)
        before, after = values.pop("some_before", None), values.pop("some_after", None)
        where = values.pop("bad_gradient", None)
        first_bad = values.pop("bad_output", None)
        if norm is not None:
            line["grad_norm"] = norm
            if before and after is not None and math.isfinite(norm):
                line["clipped_share"] = 1 if after < before * (1 - 1e-4) else 0
        line.update(values)
        self._write(line)
        if self._bad:
            return
        if first_bad is not None and first_bad >= 0:
            name, module = bad_output[int(first_bad)]
            own = [p for p in module.parameters(recurse=False)]
            self._found(line["step"], name, "output" if all(bool(torch.isfinite(p).all()) for p in own) else "weights")
        elif norm is not None and not math.isfinite(norm) and not line.get("skipped"):
            self._found(line["step"], None if where is None else self._names[int(where)], "gradient")
        elif not math.isfinite(loss):
            self._found(line["step"], None, "loss")

    def _found(self, step, name, what):
        """The first that is not finite."""
        row = {"step": step, "what": what}
        if name is None:
            # the last in the order of the layers is the first on the way back
            bad = [n for n, p in zip(self._names, self._params) if p.grad is not None and not _finite(p.grad)]
            row["nonfinite"] = bad[-1] if bad else "loss"
        else:
            row["nonfinite"] = name
        self._bad = True
        self._write(row)
        self._file.flush()

    # ---- gradient and update --------------------------------------------------------------------------------------------

    def _watch_backward(self):
        """Is called when a backward pass has ended, with all gradients there and nothing clipped yet."""
        n = len(self._params)
        chosen = sorted({0, n // 3, (2 * n) // 3, n - 1})
        return [self._params[i].register_hook(self._on_gradient) for i in chosen]

    def _on_gradient(self, _):
        if self._quiet or self._queued or not self._norm_due:
            return
        self._queued = True
        engine = torch.autograd.Variable._execution_engine
        # twice: what a distributed wrapper queues in this pass comes first
        engine.queue_callback(lambda: engine.queue_callback(self._backward_done))

    def _backward_done(self):
        begun = perf_counter()
        self._queued = False
        self._backwards += 1
        if self._backwards >= self._usual:
            scale = None if self.scaler is None else _scale_of(self.scaler)
            self._before = self._norm(1.0 if scale is None else scale.to(self._device))
        self._spent(begun, norm=True)

    @torch.no_grad()
    def _norm(self, scale):
        """2-norm of the gradient, and of a small part of it, by which a clip is seen."""
        places = [i for i, p in enumerate(self._params) if p.grad is not None]
        if not places:
            return {}
        norms = _norms([_dense(self._params[i].grad) for i in places])
        self._some = _smallest(places, self._params)
        found = {"grad_norm": torch.linalg.vector_norm(norms) / scale, "some_before": self._some_norm() / scale}
        if self._late:
            # the last in the order of the layers is the first on the way back; without asking the GPU now
            order = torch.tensor(places, dtype=torch.float32, device=norms.device)
            found["bad_gradient"] = (~torch.isfinite(norms) * (order + 1)).max() - 1
        return found

    def _some_norm(self):
        return torch.linalg.vector_norm(_norms([_dense(self._params[i].grad) for i in self._some]))

    @torch.no_grad()
    def _pre_step(self):
        if self._quiet:
            return
        self._rates = [g["lr"] for g in self.optimizer.param_groups]
        if self._norm_due and self._before:
            begun = perf_counter()
            scale = getattr(self.optimizer, "grad_scale", None)
            self._values["some_after"] = self._some_norm() / (1.0 if scale is None else scale)
            self._spent(begun, norm=True)
        if self._look_due:
            begun = perf_counter()
            self._sample = [_sample(g) for g in self.optimizer.param_groups]
            self._spent(begun)

    @torch.no_grad()
    def _post_step(self):
        if self._quiet:
            return
        self._stepped = True
        if self._sample is None:
            return
        begun = perf_counter()
        groups = self.optimizer.param_groups
        for label, g, before in zip(_labels(groups), groups, self._sample):
            if before is None:
                continue
            change = torch.linalg.vector_norm(_sample(g) - before)
            # of zero weights there is no ratio: infinite is not what a reader should see
            self._values[f"update_ratio/{label}"] = change / torch.linalg.vector_norm(before).clamp_min(1e-30)
            self._values[f"update_rms/{label}"] = change / math.sqrt(before.numel())
            scale = _sample_scale(self.optimizer, g)
            if scale is not None:
                self._values[f"effective_lr/{label}"] = float(g["lr"]) / scale[:: max(1, scale.numel() // 4096)].median()
        self._spent(begun)

    def _spent(self, begun, norm=False):
        seconds = perf_counter() - begun
        self._own += seconds
        if norm:
            self._norm_cost += seconds
        else:
            self._look_cost += seconds

    # ---- layers ---------------------------------------------------------------------------------------------------------

    def _arm_layers(self):
        """The next forward pass is looked at layer by layer. A compiled model would be compiled again: it is left alone."""
        begun = perf_counter()
        if self._layer_hooks or _compiled(self.model):
            return
        for name, module in self.model.named_modules():
            if next(module.children(), None) is None:
                self._layer_hooks.append(module.register_forward_hook(self._layer_hook(name or "model", module)))
        self._look_cost += perf_counter() - begun

    def _layer_hook(self, name, module):
        takes = isinstance(module, (torch.nn.Linear, torch.nn.modules.conv._ConvNd))
        dim = 1 if isinstance(module, torch.nn.modules.conv._ConvNd) else -1

        def look(_, inputs, output):
            if self._quiet or not torch.is_grad_enabled():
                return
            begun = perf_counter()
            with torch.no_grad():
                if isinstance(output, torch.Tensor) and output.is_floating_point():
                    self._layers.append((name, module, torch.isfinite(output.detach()).all()))
                # what the data holds is no unit of ours: it has no gradient
                x = inputs[0] if takes and inputs else None
                if isinstance(x, torch.Tensor) and x.requires_grad and x.dim() > 1:
                    self._note_alive(name, x.detach(), dim)
            self._spent(begun)

        return look

    def _note_alive(self, name, x, dim):
        x = x.movedim(dim, -1) if dim != -1 else x
        units = x.shape[-1]
        alive = (x != 0).reshape(-1, units).any(0)
        rows, before = self._alive.get(name, (0, None))
        same = before is not None and before.shape == alive.shape
        self._alive[name] = (rows + x.numel() // units, before | alive if same else alive)

    def _end_layers(self, values):
        """Takes the hooks off. Returns the layers in the order they ran."""
        for hook in self._layer_hooks:
            hook.remove()
        self._layer_hooks = []
        if not self._layers:
            return None
        begun = perf_counter()
        flags = torch.stack([flag.to(self._device) for _, _, flag in self._layers])
        bad = (~flags).to(torch.float32)
        values["bad_output"] = torch.where(bad.any(), bad.argmax(), torch.full_like(bad.argmax(), -1))
        ready = {k: v for k, v in self._alive.items() if v[0] >= DEAD_AFTER}
        if ready and len(ready) == len(self._alive):
            masks = torch.cat([alive.to(self._device) for _, alive in ready.values()])
            values["dead_units"] = 1 - masks.to(torch.float32).mean()
            self._alive = {}
        layers = [(name, module) for name, module, _ in self._layers]
        self._layers = []
        self._look_cost += perf_counter() - begun
        return layers

    # ---- the file -------------------------------------------------------------------------------------------------------

    def _read(self):
        """Rows whose numbers a GPU has computed by now; one transfer for all of them."""
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        tensors = [v.to(self._device, torch.float32) if isinstance(v, torch.Tensor) else torch.tensor(v, device=self._device)
                   for _, values, _ in waiting for v in values.values()]
        numbers = iter(torch.stack([t.reshape(()) for t in tensors]).tolist())
        for row, values, bad_output in waiting:
            self._finish(row, {k: next(numbers) for k in values}, bad_output)

    def _write(self, row):
        self._file.write(json.dumps(row) + "\n")
        now = perf_counter()
        if now - self._flushed > 0.5:
            self._file.flush()
            self._flushed = now

    def close(self):
        """Writes what is left and takes the hooks off. Comes by itself when Python ends."""
        if self._file is None or self._file.closed:
            return
        self._read()
        for hook in (*self._hooks, *self._layer_hooks):
            hook.remove()
        self._file.close()
        atexit.unregister(self.close)

    # ---- curvature and noise --------------------------------------------------------------------------------------------

    def measure(self, loss_fn, batch, *, now=False, parts=2):
        """Now and then: curvature and gradient noise at these weights. loss_fn(batch) gives the mean loss of the rows. batch: a
        tensor, or a tuple, list or dict of tensors with rows along the first dimension. parts: batches that it is cut into for
        the noise. now: don't wait until it is due. Returns the numbers, or None where it was not due."""
        if self._off or not (now or self._due()):
            return None
        begun = perf_counter()
        try:
            found = measure(self.model, self.optimizer, loss_fn, batch, parts=parts, quiet=self._hush)
        except torch.cuda.OutOfMemoryError if hasattr(torch.cuda, "OutOfMemoryError") else MemoryError:
            self._can_measure = False
            warnings.warn("steepest_probe: no memory for curvature; it is not measured any more. Give `measure` a smaller batch.")
            return None
        self._write({"step": self.steps, **found})
        seconds = perf_counter() - begun
        self._measure_pace.paid(seconds)
        self._measured_at = self.steps
        if self._last is not None:
            self._last += seconds
        return found

    _measured_at = None

    def _due(self):
        if not self._can_measure or self._bad:
            return False
        if self._measured_at is None:
            # what an adaptive optimizer has gathered in its first steps is no measure yet
            return self.steps - self._start >= min(FIRST_MEASURE, self._measure_every)
        return self.steps - self._measured_at >= self._measure_every and self._measure_pace.ready()

    @contextmanager
    def _hush(self):
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def range_test(self, loss_fn, batches, out="range.jsonl", **options):
        """`range_test` of this module on the probe's model and optimizer; the probe writes nothing meanwhile."""
        if self._off:
            return None
        with self._hush():
            return range_test(self.model, self.optimizer, loss_fn, batches, out, scaler=self.scaler, **options)

    def branches(self, loss_fn, batches, *, steps, schedule=None, share=0.05, clip=None, train_step=None):
        """Before the first step: branches of this run will measure what a rate about three times as high and as low would have
        led to. They come by themselves, a third of the way, shortly before the end and after it, and leave everything bit for
        bit as it is. steps: of the whole run. share: length of a branch; they cost 22 % of the steps and three times the share.
        schedule: the learning-rate scheduler that is stepped after each step, or a function of the step (from 0) that gives the
        rate of the first group; without it the rate stays. The other arguments are those of `range_test`."""
        if self._off:
            return
        if _processes() > 1:
            raise ProbeError("branches are for a training in one process: leave them out, or measure on one GPU")
        if self.steps != self._start:
            raise ProbeError(f"{self.steps - self._start} steps are made: call `branches` before the first")
        with self._hush():
            self._branches = _Branches(self.model, self.optimizer, loss_fn, batches, steps=steps, schedule=schedule, share=share,
                                       clip=clip, train_step=train_step, scaler=self.scaler, accumulate=self._accumulate)
        self._write({"step": self.steps, "branches/start": self._branches.level})

    _branches = None

    def _take_branches(self):
        for name in self._branches.due(self.steps - self._start):
            begun = perf_counter()
            with self._hush():
                level = self._branches.take(name)
            self._read()
            self._write({"step": self.steps, f"branches/{name}": level})
            self._last += perf_counter() - begun


class _Pace:
    """Lets work through as often as a share of the training's time pays for it."""

    def __init__(self, share, rarest=100):
        self.share, self.rarest, self.credit, self.cost, self.since = share, rarest, 0.0, None, 0

    def due(self, training, fixed=0.0):
        """Once a step: seconds of the training's own, and seconds that the probe took anyway."""
        self.credit += self.share * training - fixed
        self.since += 1
        return self.ready() or self.since >= self.rarest

    def ready(self):
        return self.cost is None or self.credit >= self.cost

    def paid(self, seconds):
        # the first time loads code: it says nothing of the next
        self.credit = min(self.credit, 4 * seconds) - (0.0 if self.cost is None else seconds)
        self.cost = seconds
        self.since = 0


# ---- what an optimizer does ---------------------------------------------------------------------------------------------


def _averaged(group):
    b1 = group["betas"][0]
    return 2 * (1 + b1) / (1 - b1)


def _nadam(group):
    return _averaged(group) / (1 + 2 * group["betas"][0])


def _sgd(group):
    m = group.get("momentum", 0)
    if group.get("nesterov"):
        return (2 + 2 * m) / (1 + 2 * m)
    return 2 * (1 + m) / (1 - (group.get("dampening", 0) if m else 0))


def _corrected(group, state):
    return 1 - group["betas"][1] ** state["step"] if group.get("bias_correction", True) else 1


def _adam_scale(group, state):
    if group.get("amsgrad"):
        return (state["max_exp_avg_sq"] / _corrected(group, state)).sqrt() + group["eps"]
    return (state["exp_avg_sq"] / _corrected(group, state)).sqrt() + group["eps"]


def _outside_scale(group, state):
    return (state["exp_avg_sq"].sqrt() + group["eps"]) / _corrected(group, state) ** 0.5


def _adagrad_scale(group, state):
    return (state["sum"].sqrt() + group["eps"]) * (1 + max(0, float(state["step"]) - 1) * group.get("lr_decay", 0))


# Stability limits: the rate times the largest eigenvalue of P^-1 H stays below this. Cohen et al. 2022 (arXiv 2207.14484) for
# Adam; heavy ball and Nesterov on a quadratic for the others. P is what the optimizer divides a gradient by.
RULES = {
    "SGD": (_sgd, None),
    "Adam": (_averaged, _adam_scale),
    "AdamW": (_averaged, _adam_scale),
    "FusedAdam": (_averaged, _adam_scale),
    "NAdam": (_nadam, _adam_scale),
    "RAdam": (_averaged, _outside_scale),
    "RMSprop": (lambda g: 2 * (1 + g.get("momentum", 0)), lambda g, s: s["square_avg"].sqrt() + g["eps"]),
    "Adagrad": (lambda g: 2.0, _adagrad_scale),
}
DECOUPLED = ("AdamW", "FusedAdam")


def _rule(optimizer):
    name = type(optimizer).__name__
    return RULES.get(name, (None, None))


def _known(optimizer, group, p):
    """The diagonal P of one parameter; None where the optimizer divides by nothing, or has not begun."""
    _, scale = _rule(optimizer)
    state = optimizer.state.get(p)
    if scale is None or not state:
        return None
    return scale(group, state)


def describe(optimizer):
    """The optimizer as the file's first line names it."""
    groups = optimizer.param_groups
    keep = ("betas", "eps", "momentum", "dampening", "nesterov", "weight_decay", "alpha", "amsgrad", "lr_decay", "centered")
    return {
        "optimizer": type(optimizer).__name__,
        "options": {k: groups[0][k] for k in keep if isinstance(groups[0].get(k), (int, float, bool, tuple, list))},
        "groups": [{"name": label, "lr": float(g["lr"]), "parameters": sum(p.numel() for p in g["params"])}
                   for label, g in zip(_labels(groups), groups)],
        "parameters": sum(p.numel() for g in groups for p in g["params"]),
    }


def _labels(groups):
    """Names of parameter groups, where they have their own; else their numbers."""
    own = [g.get("name") for g in groups]
    return own if all(isinstance(n, str) for n in own) and len(set(own)) == len(own) else [str(i) for i in range(len(groups))]


def _stride(group):
    """Every so many weights of the group are looked at; odd, so that it does not stay in one column."""
    n = sum(p.numel() for p in group["params"])
    return 1 if n <= SAMPLE else (n // SAMPLE) | 1


@torch.no_grad()
def _sample(group):
    """Some weights of the group, as one vector; None where it has none."""
    stride = _stride(group)
    parts = [p.detach().reshape(-1)[::stride].float() for p in group["params"] if p.requires_grad]
    return torch.cat(parts) if parts else None


@torch.no_grad()
def _sample_scale(optimizer, group):
    """P at the same weights; None where it is not known for all of them."""
    stride = _stride(group)
    parts = []
    for p in group["params"]:
        if p.requires_grad:
            state = optimizer.state.get(p)
            if _rule(optimizer)[1] is None or not state:
                return None
            cut = {k: v.reshape(-1)[::stride].float() if isinstance(v, torch.Tensor) and v.shape == p.shape else v
                   for k, v in state.items()}
            parts.append(_rule(optimizer)[1](group, cut).reshape(-1))
    return torch.cat(parts) if parts else None


def _watch_step(optimizer, before, after):
    """Calls `before` and `after` around optimizer.step. Returns what takes them off again."""
    if hasattr(optimizer, "register_step_pre_hook"):
        return [optimizer.register_step_pre_hook(lambda *_: before()), optimizer.register_step_post_hook(lambda *_: after())]
    inner = optimizer.step

    def step(_, *args, **kwargs):
        before()
        result = inner(*args, **kwargs)
        after()
        return result

    if hasattr(inner, "_with_counter"):  # a learning-rate scheduler has been here, and looks for its mark
        step._with_counter = True
    # bound, since a scheduler made later asks for that
    optimizer.step = types.MethodType(step, optimizer)
    mine = optimizer.step

    class Handle:
        def remove(self):
            if optimizer.__dict__.get("step") is mine:
                optimizer.step = inner

    return [Handle()]


# ---- trainers -----------------------------------------------------------------------------------------------------------


def hugging_face(path="probe.jsonl", **options):
    """A callback for a Hugging Face Trainer: Trainer(..., callbacks=[hugging_face("probe.jsonl")]). The loss of every step is
    taken from what the model returns; curvature and noise are measured on the batches that it is given."""
    return _callback(_HuggingFace, ("transformers", "TrainerCallback"))(path, options)


def lightning(path="probe.jsonl", loss_fn=None, **options):
    """A callback for a Lightning Trainer: Trainer(..., callbacks=[lightning("probe.jsonl")]). loss_fn(module, batch) gives the
    loss; with it curvature and noise are measured too."""
    return _callback(_Lightning, ("lightning.pytorch", "Callback"), ("pytorch_lightning", "Callback"))(path, options, loss_fn)


def _callback(part, *bases):
    """The callback as a subclass of the trainer's own class, where that has been imported; it is never imported here."""
    for module, name in bases:
        base = getattr(sys.modules.get(module), name, None)
        if base is not None:
            return type(part.__name__.strip("_"), (part, base), {})
    return part


class _HuggingFace:
    def __init__(self, path, options):
        self.path, self.options, self.probe = path, options, None
        self.losses, self.shares, self.inputs = [], False, None

    def __getattr__(self, name):
        # an event that is of no interest here, where there is no base class to answer it
        if name.startswith("on_"):
            return lambda *_, **__: None
        raise AttributeError(name)

    def on_train_begin(self, args, state, control, model=None, optimizer=None, **_):
        self.probe = Probe(model, optimizer, self.path, start=state.global_step, **self.options)
        if "with_kwargs" in getattr(torch.nn.Module.register_forward_hook, "__code__").co_varnames:
            self.hook = model.register_forward_hook(self._output, with_kwargs=True)
        else:
            self.hook = model.register_forward_hook(lambda m, inputs, output: self._output(m, inputs, {}, output))

    def _output(self, model, _, inputs, output):
        loss = output.get("loss") if hasattr(output, "get") else getattr(output, "loss", None)
        if self.probe._off or self.probe._quiet or not model.training or not isinstance(loss, torch.Tensor):
            return
        # a loss that is divided by the rows of all micro-batches is a part of the sum
        self.shares = inputs.get("num_items_in_batch") is not None
        self.losses.append(loss.detach())
        self.inputs = {k: v for k, v in inputs.items() if k != "num_items_in_batch"}

    def on_step_end(self, args, state, control, model=None, **_):
        if not self.losses:
            return
        total = sum(self.losses)
        self.probe.step(total if self.shares else total / len(self.losses), step=state.global_step)
        self.losses = []
        if self.inputs and "labels" in self.inputs:
            self.probe.measure(lambda batch: model(**batch)["loss"], self.inputs)

    def on_train_end(self, *_, **__):
        self.hook.remove()
        self.probe.close()


class _Lightning:
    def __init__(self, path, options, loss_fn):
        self.path, self.options, self.loss_fn, self.probe, self.losses, self.last = path, options, loss_fn, None, [], 0

    def on_train_start(self, trainer, pl_module):
        if len(trainer.optimizers) != 1:
            raise ProbeError(f"the module has {len(trainer.optimizers)} optimizers: make one Probe for each by hand")
        self.last = trainer.global_step
        self.probe = Probe(pl_module, trainer.optimizers[0], self.path, start=self.last, **self.options)

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx, *_):
        loss = outputs.get("loss") if isinstance(outputs, dict) else outputs
        if isinstance(loss, torch.Tensor):
            self.losses.append(loss.detach())
        if trainer.global_step == self.last or not self.losses:
            return
        self.last = trainer.global_step
        self.probe.step(sum(self.losses) / len(self.losses), step=self.last)
        self.losses = []
        if self.loss_fn is not None:
            self.probe.measure(lambda rows: self.loss_fn(pl_module, rows), batch)

    def on_train_end(self, *_):
        self.probe.close()

    def on_exception(self, *_):
        if self.probe is not None:
            self.probe.close()


# ---- small parts --------------------------------------------------------------------------------------------------------


def _bare(optimizer):
    """The torch optimizer inside a wrapper, such as Accelerate's or Lightning's."""
    for name in ("optimizer", "_optimizer"):
        inner = getattr(optimizer, name, None)
        if isinstance(inner, torch.optim.Optimizer):
            return _bare(inner)
    if not hasattr(optimizer, "param_groups"):
        raise ProbeError(f"{type(optimizer).__name__} is no optimizer of PyTorch: it has no param_groups")
    return optimizer


def _first_process():
    d = torch.distributed
    return not (d.is_available() and d.is_initialized() and d.get_rank() != 0)


def _processes():
    d = torch.distributed
    return d.get_world_size() if d.is_available() and d.is_initialized() else 1


def _scale_of(scaler):
    """The loss scale as a tensor, without waiting for the GPU; None before it is used."""
    scale = getattr(scaler, "_scale", None)
    return scale if isinstance(scale, torch.Tensor) else None


def _compiled(model):
    return any(hasattr(m, "_orig_mod") or getattr(m, "_compiled_call_impl", None) is not None for m in model.modules())


def _finite(x):
    return bool(torch.isfinite(x).all())


def _dense(g):
    return g.coalesce().values() if g.is_sparse else g


def _smallest(places, params):
    """The small ones among these parameters, an eighth of the weights at most."""
    left = sum(params[i].numel() for i in places) / 8
    chosen = []
    for i in sorted(places, key=lambda i: params[i].numel()):
        left -= params[i].numel()
        if chosen and left < 0:
            break
        chosen.append(i)
    return chosen


def _norms(tensors):
    """2-norms as one vector, on the first tensor's device."""
    device = tensors[0].device
    plain = all(t.device == device and t.dtype == tensors[0].dtype and t.dtype in (torch.float32, torch.float64) for t in tensors)
    if plain and hasattr(torch, "_foreach_norm"):
        return torch.stack(torch._foreach_norm(tensors))
    return torch.stack([torch.linalg.vector_norm(t, dtype=torch.float32).to(device) for t in tensors])


# ---- curvature and gradient noise ---------------------------------------------------------------------------------------


def measure(model, optimizer, loss_fn, batch, *, parts=2, products=40, tolerance=0.02, quiet=None):
    """Curvature and gradient noise of loss_fn(batch) at the model's weights, which stay as they are. See `Probe.measure`.

    The largest eigenvalue is a Lanczos value: never above the true one, and an eigenvalue lies within its error."""
    optimizer = _bare(optimizer)
    params, scales, groups = [], [], []
    numerator, _ = _rule(optimizer)
    lr = float(optimizer.param_groups[0]["lr"])
    first = numerator(optimizer.param_groups[0]) if numerator else 1.0
    for group in optimizer.param_groups:
        rate = float(group["lr"])
        for p in group["params"]:
            if p.requires_grad and (rate > 0 or lr == 0):
                known = _known(optimizer, group, p)
                relative = 1.0 if lr == 0 else (lr / rate) * ((numerator(group) if numerator else 1.0) / first)
                params.append(p)
                groups.append(group)
                scales.append(relative if known is None else known.detach() * relative)
    if not params:
        raise ProbeError("no parameter is trained at a rate above zero: there is nothing to measure")
    found = {"batch_rows": _rows(batch)}
    with _undisturbed(model, params), (quiet or _nothing)():
        found.update(_noise(loss_fn, batch, params, parts))
        begun = _Curvature(loss_fn, batch, params)
        if begun.gradient is None:
            return found
        root = _flat([torch.full_like(p, s) ** 0.5 if isinstance(s, float) else s ** 0.5 for p, s in zip(params, scales)])
        root = root.clamp_min(float(root.max()) * 1e-6)
        decay = _decay(optimizer, params, groups)

        def product(v):
            w = v / root
            out = begun.product(w)
            if decay is not None:
                out = out + decay * w
            return out / root

        start = begun.gradient / root
        noise = torch.randn(start.shape, generator=torch.Generator().manual_seed(0)).to(start)
        length = torch.linalg.vector_norm(start)
        start = start / length.clamp_min(1e-30) + 0.3 * noise / torch.linalg.vector_norm(noise)
        value, error, used = _largest(product, start, tolerance=tolerance, most=products)
        found.update(sharpness=value, sharpness_error=error, hessian_products=used)
        update = _direction(optimizer, params, groups, begun.gradient) * root
        size = float(torch.dot(update, update))
        if size > 0:
            found["curvature_update"] = float(torch.dot(update, product(update))) / size
        if numerator is not None and value > 0:
            found["limit"] = first / value
            found["stability"] = lr * value / first
    return found


def _decay(optimizer, params, groups):
    """Weight decay that is part of the gradient, for each weight; None where there is none."""
    if type(optimizer).__name__ in DECOUPLED:
        return None
    each = [0.0 if g.get("decoupled_weight_decay") else float(g.get("weight_decay") or 0.0) for g in groups]
    return _flat([torch.full_like(p, d) for p, d in zip(params, each)]) if any(each) else None


def _direction(optimizer, params, groups, gradient):
    """Where the next update goes, up to its length: the average that the optimizer keeps over P, else the gradient over P."""
    parts, at = [], 0
    for p, group in zip(params, groups):
        state = optimizer.state.get(p) or {}
        mean = next((state[k] for k in ("exp_avg", "momentum_buffer") if isinstance(state.get(k), torch.Tensor)), None)
        if mean is None or mean.shape != p.shape:
            mean = gradient[at : at + p.numel()].reshape(p.shape)
        known = _known(optimizer, group, p)
        parts.append(float(group["lr"] or 1.0) * (mean if known is None else mean / known))
        at += p.numel()
    return _flat(parts)


class _Curvature:
    """Gradient and Hessian products of a loss at one point: by a second derivative, or by differences of gradients where an
    operation has none."""

    def __init__(self, loss_fn, batch, params):
        self.loss_fn, self.batch, self.params = loss_fn, batch, params
        self.random = _random_state(params)
        loss = loss_fn(batch)
        try:
            grads = torch.autograd.grad(loss, params, create_graph=True, allow_unused=True)
            self.grads = grads
            if _differentiable_once(grads):
                raise NotImplementedError
            self.product = self._exact
            self.gradient = _flat([torch.zeros_like(p) if g is None else g.detach() for p, g in zip(params, grads)])
            self._exact(self.gradient)
        except (RuntimeError, NotImplementedError) as error:
            if isinstance(error, getattr(torch.cuda, "OutOfMemoryError", ())):
                raise
            self.grads = None
            self.product = self._difference
            self.gradient = self._gradient()
        if not bool(torch.isfinite(self.gradient).all()):
            self.gradient = None

    def _exact(self, v):
        kept = [(g, d) for g, d in zip(self.grads, _shaped(v, self.params)) if g is not None and g.requires_grad]
        if not kept:
            return torch.zeros_like(v)
        out = torch.autograd.grad([g for g, _ in kept], self.params, grad_outputs=[d.to(g) for g, d in kept],
                                  retain_graph=True, allow_unused=True)
        return _flat([torch.zeros_like(p) if h is None else h.detach() for p, h in zip(self.params, out)])

    def _gradient(self):
        _restore_random(self.random)
        grads = torch.autograd.grad(self.loss_fn(self.batch), self.params, allow_unused=True)
        return _flat([torch.zeros_like(p) if g is None else g.detach() for p, g in zip(self.params, grads)])

    @torch.no_grad()
    def _difference(self, v):
        before = [p.detach().clone() for p in self.params]
        size = torch.linalg.vector_norm(_flat(before)).clamp_min(1.0)
        epsilon = float(size / torch.linalg.vector_norm(v).clamp_min(1e-30)) * (1e-5 if v.dtype == torch.float64 else 3e-4)
        sides = []
        for sign in (1, -1):
            for p, was, d in zip(self.params, before, _shaped(v, self.params)):
                p.copy_(was + sign * epsilon * d.to(p))
            with torch.enable_grad():
                sides.append(self._gradient())
        for p, was in zip(self.params, before):
            p.copy_(was)
        return (sides[0] - sides[1]) / (2 * epsilon)


def _differentiable_once(grads):
    """An operation on the way has no second derivative: PyTorch would leave its part out without a word."""
    waiting, seen = [g.grad_fn for g in grads if g is not None and g.grad_fn is not None], set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            continue
        if node.name().endswith("::Error"):
            return True
        seen.add(node)
        waiting += [following for following, _ in node.next_functions if following is not None]
    return False


def _largest(product, start, *, tolerance, most):
    """Largest eigenvalue by Lanczos: its value, how near an eigenvalue lies, and the products taken."""
    q = start / torch.linalg.vector_norm(start)
    keep = q.numel() * q.element_size() * most <= BASIS_BYTES
    basis, diagonal, beside = [q], [], []
    for k in range(1, most + 1):
        w = product(q)
        diagonal.append(float(torch.dot(w, q)))
        for _ in range(2):
            for b in basis if keep else basis[-2:]:
                w = w - torch.dot(w, b) * b
        rest = float(torch.linalg.vector_norm(w))
        values, vectors = torch.linalg.eigh(
            torch.diag(torch.tensor(diagonal, dtype=torch.float64)) + _beside(beside, k))
        value, error = float(values[-1]), rest * abs(float(vectors[-1, -1]))
        scale = float(values.abs().max())
        # an edge that has only just been found may still grow: twice the least before it is believed
        if rest <= 1e-6 * scale or k == q.numel() or (k >= 6 and error <= tolerance * abs(value)):
            break
        beside.append(rest)
        q = w / rest
        basis.append(q)
        if not keep:
            basis = basis[-2:]
    return value, error, k


def _beside(values, size):
    off = torch.zeros(size, size, dtype=torch.float64)
    for i, b in enumerate(values):
        off[i, i + 1] = off[i + 1, i] = b
    return off


def _noise(loss_fn, batch, params, parts):
    """Unbiased |G|^2 and tr(S) from the gradients of parts of the batch (McCandlish et al. 2018, appendix A.1)."""
    rows = _rows(batch)
    if rows is None or rows < 2 * parts:
        return {}
    each = rows // parts
    total, squares = None, 0.0
    for i in range(parts):
        g = _flat_gradient(loss_fn(_cut(batch, i * each, (i + 1) * each, rows)), params)
        squares += float(torch.dot(g, g))
        total = g if total is None else total + g
    big, small = float(torch.dot(total, total)) / parts**2, squares / parts
    return {
        "noise_gradient_squared": (parts * big - small) / (parts - 1),
        "noise_trace": max(0.0, (small - big) / (1 / each - 1 / (parts * each))),
    }


def _flat_gradient(loss, params):
    grads = torch.autograd.grad(loss, params, allow_unused=True)
    return _flat([torch.zeros_like(p) if g is None else g for p, g in zip(params, grads)])


def _flat(tensors):
    dtype = torch.float64 if all(t.dtype == torch.float64 for t in tensors) else torch.float32
    return torch.cat([t.detach().reshape(-1).to(tensors[0].device, dtype) for t in tensors])


def _shaped(v, params):
    at, out = 0, []
    for p in params:
        out.append(v[at : at + p.numel()].reshape(p.shape).to(p.device, p.dtype))
        at += p.numel()
    return out


def _tensors(batch):
    if isinstance(batch, torch.Tensor):
        yield batch
    elif isinstance(batch, dict) or hasattr(batch, "items"):
        for value in batch.values():
            yield from _tensors(value)
    elif isinstance(batch, (tuple, list)):
        for value in batch:
            yield from _tensors(value)


def _rows(batch):
    """Rows of a batch: the size along the first dimension of its first tensor; None where it has none."""
    return next((t.shape[0] for t in _tensors(batch) if t.dim() > 0), None)


def _cut(batch, low, high, rows):
    if isinstance(batch, torch.Tensor):
        return batch[low:high] if batch.dim() > 0 and batch.shape[0] == rows else batch
    if isinstance(batch, dict) or hasattr(batch, "items"):
        return {k: _cut(v, low, high, rows) for k, v in batch.items()}
    if isinstance(batch, (tuple, list)):
        cut = [_cut(v, low, high, rows) for v in batch]
        return type(batch)(*cut) if hasattr(batch, "_fields") else type(batch)(cut)
    return batch


@contextmanager
def _nothing():
    yield


@contextmanager
def _undisturbed(model, params):
    """Random numbers, buffers and gradients afterwards as before."""
    state = _random_state(params)
    buffers = [(b, b.detach().clone()) for b in model.buffers()]
    try:
        with torch.enable_grad():
            yield
    finally:
        with torch.no_grad():
            for b, was in buffers:
                b.copy_(was)
        _restore_random(state)


def _random_state(params):
    devices = sorted({p.device.index or 0 for p in params if p.device.type == "cuda"})
    numpy = sys.modules.get("numpy")
    return {
        "torch": torch.get_rng_state(),
        "cuda": [(d, torch.cuda.get_rng_state(d)) for d in devices],
        "python": random.getstate(),
        "numpy": numpy.random.get_state() if numpy is not None and hasattr(numpy, "random") else None,
    }


def _restore_random(state):
    torch.set_rng_state(state["torch"])
    for device, cuda in state["cuda"]:
        torch.cuda.set_rng_state(cuda, device)
    random.setstate(state["python"])
    if state["numpy"] is not None:
        sys.modules["numpy"].random.set_state(state["numpy"])


# ---- range test ---------------------------------------------------------------------------------------------------------

STRIDE = 2  # the first look takes every second place; places are a factor of two apart
STAGES = ((1 / 4, 4), (1 / 2, 3), (1, 2))  # share of the steps, and how many of the best go on to there
CRAWLS, PAST = 0.7, 0.5  # shares of the best gain below which lower and higher rates are not worth a look
TAIL, LOST = 1 / 5, 2  # a score is the mean loss of the last fifth; far above the start it is lost


def range_test(model, optimizer, loss_fn, batches, out="range.jsonl", *, steps=200, budget=10.0, seeds=2, lowest=1e-8,
               highest=100.0, group=None, clip=None, train_step=None, scaler=None, quiet=False):
    """Short trainings of this model with this optimizer at rates a factor of two apart, from where it stands now. Afterwards
    weights, buffers, gradients, the optimizer, the scaler, random numbers and the loader are bit for bit as before.
    `steepest find-lr --curve range.jsonl` judges what it has written.

    loss_fn(batch): the mean loss. batches: a DataLoader, a list or anything else that can be gone through again and again
    (`steps` of its batches are kept in memory), or a function that gives the k-th batch. steps: of the longest trainings.
    budget: steps of all trainings together, in multiples of `steps`. seeds: of the best rates; another seed is another order of
    the batches. lowest, highest: rates of the first group beyond which none is tried. group: name or number of the one
    parameter group whose rate is looked for, while the others keep theirs; without it all groups keep their ratios.
    clip: norm that gradients are clipped to. train_step(batch): makes a whole step by itself (accumulation, mixed precision,
    anything) and returns its loss. Rates stay constant: a scheduler plays no part, and a warm-up's peak is what is looked for."""
    if steps < 16:
        raise ProbeError(f"steps is {steps}: a training of fewer than 16 steps says nothing of a rate")
    work = _Trainings(model, _bare(optimizer), loss_fn, batches, steps=steps, group=group, clip=clip, train_step=train_step,
                      scaler=scaler)
    say = (lambda text: None) if quiet else (lambda text: print(f"range test: {text}", file=sys.stderr, flush=True))
    try:
        _search(work, budget=budget, seeds=seeds, lowest=lowest, highest=highest, say=say)
    finally:
        work.start.restore()
        work.write(out, lowest=lowest, highest=highest)
    say(f"{len(work.trials)} trainings in {out}; judge them: steepest find-lr --curve {out}")
    return {(t.rate, t.seed): list(t.losses) for t in work.trials.values()}


def _stepper(optimizer, loss_fn, *, clip, train_step, scaler):
    """One step of a training on a list of micro-batches; returns its loss."""

    def step(batches):
        if train_step is not None:
            return _mean([train_step(batch) for batch in batches])
        optimizer.zero_grad(set_to_none=True)
        total = 0.0
        for batch in batches:
            loss = loss_fn(batch) / len(batches)
            (loss if scaler is None else scaler.scale(loss)).backward()
            total = total + loss.detach()
        if clip is not None:
            if scaler is not None:
                scaler.unscale_(optimizer)
            torch.nn.utils.clip_grad_norm_([p for g in optimizer.param_groups for p in g["params"]], clip)
        if scaler is None:
            optimizer.step()
        else:
            scaler.step(optimizer)
            scaler.update()
        return total

    return step


class _Training:
    def __init__(self, place, rate, seed):
        self.place, self.rate, self.seed, self.losses, self.state, self.died = place, rate, seed, [], None, False


class _Trainings:
    """Trainings that are continued one at a time, each from the state it was left in."""

    def __init__(self, model, optimizer, loss_fn, batches, *, steps, group, clip, train_step, scaler):
        self.model, self.optimizer, self.loss_fn, self.scaler, self.steps = model, optimizer, loss_fn, scaler, steps
        self.step = _stepper(optimizer, loss_fn, clip=clip, train_step=train_step, scaler=scaler)
        groups = optimizer.param_groups
        labels = _labels(groups)
        self.group = None if group is None else str(group)
        if self.group is not None and self.group not in labels:
            raise ProbeError(f"there is no parameter group {group!r}: the optimizer has {', '.join(labels)}")
        self.start = _Snapshot(model, optimizer, scaler, batches)
        self.named = 0 if self.group is None else labels.index(self.group)
        # before a warm-up the rate itself may be zero
        self.base = [float(g["lr"]) or float(g.get("initial_lr", 0)) for g in groups]
        if self.base[self.named] == 0:
            self.base = [b or 1e-3 for b in self.base]
        self.trials, self.reference, self.paid = {}, {}, 0.0
        try:
            self.batches = _batches(batches, steps)
        finally:
            self.start.restore()

    def rate_at(self, place):
        return float(f"{self.base[self.named] * 2.0**place:.6g}")

    def _order(self, seed):
        n = self.steps
        return list(range(n)) if seed == 0 else random.Random(seed).sample(range(n), n)

    def advance(self, place, to, seed=0, keep=True):
        """Starts or continues a training to so many steps."""
        trial = self.trials.setdefault((place, seed), _Training(place, self.rate_at(place), seed))
        if trial.died or len(trial.losses) >= to:
            return
        (trial.state or self.start).restore()
        if seed != 0 and trial.state is None:
            torch.manual_seed(seed)
        factor = trial.rate / self.base[self.named]
        for i, (g, base) in enumerate(zip(self.optimizer.param_groups, self.base)):
            if self.group is None or i == self.named:
                _set_rate(g, base * factor)
        order, fresh = self._order(seed), []
        for k in range(len(trial.losses), to):
            loss = self.step([self.batches(order[k % len(order)])])
            fresh.append(loss.detach() if isinstance(loss, torch.Tensor) else torch.tensor(float(loss)))
            self.paid += 1
            if len(fresh) == 8 or k == to - 1:
                trial.losses += [float(x) for x in torch.stack([f.reshape(()).float() for f in fresh]).tolist()]
                fresh = []
                if self.lost(trial):
                    trial.died = True
                    break
        trial.state = _Snapshot(self.model, self.optimizer, self.scaler, None, away=True) if keep and not trial.died else None

    def level(self, steps):
        """Score of a training that learns nothing: the untouched model on the same batches."""
        first = _tail_begin(steps)
        missing = [k for k in range(first, steps) if k not in self.reference]
        if missing:
            self.start.restore()
            with torch.no_grad():
                losses = [self.loss_fn(self.batches(k)).detach().float().reshape(()) for k in missing]
            self.reference.update(zip(missing, torch.stack(losses).tolist()))
            self.paid += len(missing) / 3
        return _mean([self.reference[k] for k in range(first, steps)])

    def score(self, place, steps, seed=0):
        trial = self.trials.get((place, seed))
        if trial is None or trial.died or len(trial.losses) < steps:
            return math.inf
        return _mean(trial.losses[_tail_begin(steps):steps])

    def lost(self, trial):
        start = _mean(list(self.reference.values()))
        last = _mean(trial.losses[_tail_begin(len(trial.losses)):])
        return not all(map(math.isfinite, trial.losses)) or not last <= start + LOST * abs(start)

    def write(self, out, *, lowest, highest):
        with open(out, "w", encoding="utf-8") as f:
            def line(row):
                f.write(json.dumps(row) + "\n")

            line({"schema": "steepest.curve/1", **describe(self.optimizer), "steps": self.steps, "lr": self.base[self.named],
                  "group": self.group, "lowest": lowest, "highest": highest, "paid": self.paid})
            for k in sorted(self.reference):
                line({"lr": 0, "seed": 0, "step": k + 1, "loss": self.reference[k]})
            for trial in sorted(self.trials.values(), key=lambda t: (t.rate, t.seed)):
                for k, loss in enumerate(trial.losses):
                    line({"lr": trial.rate, "seed": trial.seed, "step": k + 1, "loss": loss})


def _search(work, *, budget, seeds, lowest, highest, say):
    """Every fourth rate, up until trainings die or lose, down until they crawl; then the best go on, with their neighbours."""
    n = work.steps
    low = math.ceil(math.log2(lowest / work.base[work.named]) - 1e-9)
    high = math.floor(math.log2(highest / work.base[work.named]) + 1e-9)
    if low > 0 or high < 0:
        raise ProbeError(f"the optimizer's own rate {work.base[work.named]:g}, where the test begins, is not between lowest={lowest:g} "
                         f"and highest={highest:g}")
    left = lambda: budget * n - work.paid
    scan = max(8, n // 8)

    def go(places, to, seed=0):
        say(f"{to} steps at {', '.join(f'{work.rate_at(p):.3g}' for p in places)}" + (f", seed {seed}" if seed else ""))
        for p in places:
            work.advance(p, to, seed)

    def alive(to, among=None):
        places = sorted({p for p, seed in work.trials if seed == 0} if among is None else among)
        return sorted((p for p in places if math.isfinite(work.score(p, to))), key=lambda p: work.score(p, to))

    def reached(p, to):
        trial = work.trials.get((p, 0))
        return trial is not None and (trial.died or len(trial.losses) >= to)

    def enclose(to):
        while True:
            best = alive(to)
            if not best:
                return False
            missing = [p for p in (best[0] + 1, best[0] - 1) if low <= p <= high and not reached(p, to)]
            if not missing:
                return True
            if len(missing) * to > left():
                return False
            go(missing, to)

    level = work.level(scan)
    if not math.isfinite(level):
        return
    first = 0
    go([first], scan)
    while work.trials[(first, 0)].died:
        if first - 2 * STRIDE < low:
            return
        first -= 2 * STRIDE
        go([first], scan)
    gain = lambda p: level - work.score(p, scan)
    up = down = first
    past = 0
    while up is not None or down is not None:
        following = [p for p in (None if up is None else up + STRIDE, None if down is None else down - STRIDE) if p is not None]
        following = [p for p in following if low <= p <= high]
        if not following:
            break
        go(following, scan)
        best = max(gain(p) for p, seed in work.trials if seed == 0)
        if up is not None:
            up += STRIDE
            past = past + 1 if up <= high and best > 0 and gain(up) < PAST * best else 0
            if up > high or work.trials[(up, 0)].died or past >= 2:
                up = None
        if down is not None:
            down -= STRIDE
            if down < low or best <= 0 or gain(down) < CRAWLS * best:
                down = None
    at = scan
    enclose(at)
    for share, keep in STAGES:
        to = max(at, math.ceil(share * n))
        chosen = alive(at)[:keep]
        # other seeds of the best are paid out of what is left
        spare = min(2 * (seeds - 1) * to, budget * n / 3)
        while len(chosen) > 2 and sum(to - len(work.trials[(p, 0)].losses) for p in chosen) > left() - spare:
            chosen.pop()
        if not chosen or sum(max(0, to - len(work.trials[(p, 0)].losses)) for p in chosen) > left():
            break
        work.level(to)
        go(chosen, to)
        for trial in work.trials.values():
            # what stays behind is not continued, but beside the best
            if trial.place not in {p for b in chosen for p in (b - 1, b, b + 1)}:
                trial.state = None
        at = to
        if not enclose(to):
            break
    best = alive(at)
    near = [p for p in best if abs(p - best[0]) <= 2][:3] if best else []
    for seed in range(1, seeds):
        for places in (near, near[:1]):
            if places and len(places) * at <= left():
                go(places, at, seed)
                break


# ---- branches -----------------------------------------------------------------------------------------------------------

APART = 10**0.5  # the rates of the branches over the run's own, and the run's over theirs
FAST = 10.0  # the rate, over the run's own, at which the way of a higher rate is made up


class _Branches:
    """What a higher and a lower rate would have led to, from short branches of one run. Under small rates a training follows a
    path, and the rate is how fast: a branch begins where this run has come as far as a run at its rate would have come before
    its own last steps, or goes on beyond the run's end, fast, until it has."""

    def __init__(self, model, optimizer, loss_fn, batches, *, steps, schedule, share, clip, train_step, scaler, accumulate):
        self.model, self.optimizer, self.scaler, self.steps = model, optimizer, scaler, steps
        accumulate = accumulate if train_step is None else 1  # it makes a whole step out of a batch
        self.last = max(8, round(share * steps))
        self.beyond = round((APART - 1) / FAST * steps)
        if steps < 8 * self.last:
            raise ProbeError(f"{self.last} of {steps} steps are too many for a branch: give a smaller share, or train for longer")
        self.train = _stepper(optimizer, loss_fn, clip=clip, train_step=train_step, scaler=scaler)
        start = _Snapshot(model, optimizer, scaler, batches)
        try:
            self.rates = _rates_ahead(optimizer, schedule, steps)
            batch = _batches(batches, (self.last + self.beyond) * accumulate)
            self.batches = lambda k: [batch(k * accumulate + i) for i in range(accumulate)]
            torch.manual_seed(0)
            with torch.no_grad():
                losses = [loss_fn(b).detach().float().reshape(()) for k in self._scored() for b in self.batches(k)]
            self.level = float(torch.stack(losses).mean())
        finally:
            start.restore()
        way = list(itertools.accumulate((sum(r) for r in self.rates), initial=0.0))
        ends = steps - self.last
        before = next(t for t in range(ends + 1) if way[t] >= way[ends] / APART)
        self.plan = {"lower": before, "same": ends, "higher": steps}

    def _scored(self):
        return range(self.last // 2, self.last)

    def due(self, done):
        return [name for name, at in self.plan.items() if at == done]

    def take(self, name):
        """Mean loss over the later half of a branch; infinite where it ran away. Leaves everything as it is."""
        here = _Snapshot(self.model, self.optimizer, self.scaler, None)
        end, n = self.rates[-self.last:], self.beyond
        fast = [(FAST, self.rates[j * self.steps // n], self.last + j) for j in range(n)] if name == "higher" else []
        factor = {"lower": 1 / APART, "same": 1.0, "higher": APART}[name]
        losses = []
        try:
            torch.manual_seed(0)
            for by, rates, k in fast + [(factor, rates, k) for k, rates in enumerate(end)]:
                for g, rate in zip(self.optimizer.param_groups, rates):
                    _set_rate(g, by * rate)
                loss = float(self.train(self.batches(k)))
                if not math.isfinite(loss):
                    return math.inf
                losses.append(loss)
            return _mean(losses[-len(self._scored()):])
        finally:
            here.restore()


def _rates_ahead(optimizer, schedule, steps):
    """The groups' rates at each step, as a scheduler, or a function of the step, will set them. The optimizer is put back."""
    groups = optimizer.param_groups
    now = [float(g["lr"]) for g in groups]
    if schedule is None:
        return [now] * steps
    if not hasattr(schedule, "step"):
        if now[0] == 0:
            raise ProbeError("the rate is zero before the first step: give the scheduler itself instead of a function")
        return [[r * float(schedule(t)) / now[0] for r in now] for t in range(steps)]
    kept, rates = copy.deepcopy(schedule.state_dict()), []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for _ in range(steps):
                rates.append([float(g["lr"]) for g in groups])
                schedule.step()
        except TypeError:
            raise ProbeError(f"{type(schedule).__name__} can't be run ahead: give a function of the step instead") from None
        finally:
            schedule.load_state_dict(kept)
    return rates


def _tail_begin(steps):
    return max(0, min(steps - 1, math.floor((1 - TAIL) * steps + 1e-9)))


def _mean(values):
    return sum(values) / len(values) if values else math.nan


def _set_rate(group, rate):
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def _batches(batches, steps):
    """The k-th batch as a function of k. What is gone through once is kept."""
    if callable(batches) and not hasattr(batches, "__iter__"):
        return batches
    if hasattr(batches, "__next__"):
        raise ProbeError("the batches can be gone through only once: give the loader itself, or a list, not its iterator")
    kept = list(itertools.islice(batches, steps))
    if not kept:
        raise ProbeError("there is no batch: the loader is empty")
    return lambda k: kept[k % len(kept)]


class _Snapshot:
    """A training as it stands, to be taken up again in place: every tensor keeps its identity."""

    def __init__(self, model, optimizer, scaler, loader, away=False):
        self.model, self.optimizer, self.scaler = model, optimizer, scaler
        params = [p for g in optimizer.param_groups for p in g["params"]]
        own = [*model.parameters(), *model.buffers()]
        seen = {id(t) for t in own}
        self.tensors = [(t, _copy(t.detach(), away)) for t in (*own, *(p for p in params if id(p) not in seen))]
        self.grads = [(p, None if p.grad is None else (p.grad, _copy(p.grad, away))) for p in {id(p): p for p in (*model.parameters(), *params)}.values()]
        self.state = {p: _copy(s, away) for p, s in optimizer.state.items()}
        self.groups = [{k: _copy(v, away) for k, v in g.items() if k != "params"} for g in optimizer.param_groups]
        self.counts = {k: optimizer.__dict__[k] for k in ("_step_count", "_opt_called") if k in optimizer.__dict__}
        self.scale = None if scaler is None else copy.deepcopy(scaler.state_dict())
        self.params = params
        self.random = _random_state(params)
        sampler = getattr(loader, "sampler", None)
        found = (getattr(loader, "generator", None), getattr(sampler, "generator", None))
        self.generators = [(g, g.get_state()) for g in found if isinstance(g, torch.Generator)]

    @torch.no_grad()
    def restore(self):
        for t, was in self.tensors:
            t.copy_(was.tensor)
        for p, kept in self.grads:
            if kept is None:
                p.grad = None
            else:
                grad, was = kept
                grad.copy_(was.tensor)
                p.grad = grad
        state = self.optimizer.state
        for p in [p for p in state if p not in self.state]:
            del state[p]
        for p, was in self.state.items():
            state[p] = _put(state.get(p), was)
        for g, was in zip(self.optimizer.param_groups, self.groups):
            for k in [k for k in g if k != "params" and k not in was]:
                del g[k]
            for k, v in was.items():
                g[k] = _put(g.get(k), v)
        self.optimizer.__dict__.update(self.counts)
        if self.scaler is not None:
            self.scaler.load_state_dict(self.scale)
        _restore_random(self.random)
        for g, was in self.generators:
            g.set_state(was)


def _copy(x, away):
    """A copy of what an optimizer keeps; `away`: in the host's memory."""
    if isinstance(x, torch.Tensor):
        return _Kept(x.detach().to("cpu", copy=True) if away else x.detach().clone(), x.device)
    if isinstance(x, dict):
        return {k: _copy(v, away) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return type(x)(_copy(v, away) for v in x)
    return copy.deepcopy(x)


class _Kept:
    def __init__(self, tensor, device):
        self.tensor, self.device = tensor, device


def _put(now, was):
    """What was kept, in the tensors that are there where they fit."""
    if isinstance(was, _Kept):
        if isinstance(now, torch.Tensor) and now.shape == was.tensor.shape and now.dtype == was.tensor.dtype:
            return now.copy_(was.tensor)
        return was.tensor.to(was.device, copy=True)
    if isinstance(was, dict):
        inside = now if isinstance(now, dict) else {}
        for k in [k for k in inside if k not in was]:
            del inside[k]
        for k, v in was.items():
            inside[k] = _put(inside.get(k), v)
        return inside
    if isinstance(was, (list, tuple)):
        there = now if isinstance(now, (list, tuple)) and len(now) == len(was) else [None] * len(was)
        return type(was)(_put(n, w) for n, w in zip(there, was))
    return copy.deepcopy(was)
