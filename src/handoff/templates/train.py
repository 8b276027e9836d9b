"""
Trains the run in project.json with one process or many. See README.md for the commands.

Every process computes its part of each batch; DistributedDataParallel averages the gradients, so that all of them make
the same step. Process 0 writes metrics.jsonl and the checkpoints, from which any number of processes can go on.
"""
import contextlib
import json
import math
import os
import signal
import sys
import threading
import time
import traceback

import numpy as np
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader

import checkpoint as files
import sharded
from arguments import Refusal, load_project, parse_arguments, usage, with_overrides
from data import Batches, Samples, Steps, here, keep_on_device
from losses import accuracy
from memory import recompute, shard, spread
from model import build_model, compute_loss
from processes import Processes, on_device
from recipe import Optimizer, Schedule
from recorder import Recorder

EVALUATION_ROWS = 1000


class Training:
    def __init__(self, arguments, processes: Processes):
        self.arguments, self.processes = arguments, processes
        self.project = project = with_overrides(load_project(), arguments)
        self.dtype = torch.float64 if project["dtype"] == "float64" else torch.float32
        self.check()
        self.accelerate()
        self.batches = Batches(project["rows"], project["stages"], project["dropLast"], project["orderKey"])
        self.data = {part: Samples(spec) for part, spec in project["data"].items()}
        kept_where = "disk" if arguments.workers > 0 else arguments.data
        self.kept = keep_on_device(list(self.data.values()), kept_where, processes.device)
        self.steps = Steps(
            self.data["train"],
            self.batches,
            place=(processes.rank, processes.world),
            pieces=arguments.accumulate,
            ignored=project["loss"].get("ignoreIndex"),
        )
        # what is shared out goes to the device in parts
        where = torch.device("cpu") if arguments.shard else processes.device
        self.model = build_model().to(device=where, dtype=self.dtype)
        frozen = set(project["frozen"])
        for name, parameter in self.model.named_parameters():
            parameter.requires_grad_(name not in frozen)
        # convolutions on a GPU are faster with the channels last in memory; shapes and numbers stay
        two_d = any(isinstance(module, torch.nn.Conv2d) for module in self.model.modules())
        self.channels_last = two_d and processes.device.type == "cuda"
        if self.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        if arguments.checkpoint_activations:
            recompute(self.model)
        self.schedule = Schedule(project["schedule"], project["totalSteps"])
        self.recorder = Recorder(arguments.out, processes.rank == 0, arguments.tensorboard)
        self.parts = sharded.Parts(arguments.out, processes.rank == 0) if arguments.shard else None
        half = self.half()
        self.scaler = grad_scaler(processes.device.type, half is torch.float16, arguments.loss_scale)
        self.restore()
        self.replica = self.model
        if processes.world > 1 and not arguments.shard:
            if processes.backend == "nccl":
                self.model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(self.model)
            devices = [processes.device.index] if processes.backend == "nccl" else None
            self.replica = DistributedDataParallel(self.model, device_ids=devices)
        if arguments.compile:
            self.replica = torch.compile(self.replica)
        device = processes.device.type
        self.autocast = lambda: torch.autocast(device, dtype=half or torch.bfloat16, enabled=half is not None)
        self.read_every = arguments.read_every or (50 if device == "cuda" else 1)
        self.skips = 0
        self.unread, self.stopping, self.saving, self.saved = [], False, False, time.monotonic()

    def accelerate(self) -> None:
        arguments = self.arguments
        if arguments.compile and not hasattr(torch, "compile"):
            raise Refusal("no-compile", f"PyTorch {torch.__version__} has no torch.compile", "leave out --compile")
        if arguments.precision == "fp16" and self.processes.device.type != "cuda" and not hasattr(torch.amp, "GradScaler"):
            what = f"PyTorch {torch.__version__} computes in fp16 on a GPU only"
            raise Refusal("no-gpu", what, "use --precision bf16 or full, or PyTorch 2.3 or later")
        if arguments.workers < 0 or (arguments.read_every or 1) < 1:
            raise usage("--workers or --read-every is negative or zero", "give --read-every 1 or more")
        if arguments.shard and not self.processes.grouped:
            raise usage("--shard shares out among processes, and this is one alone", "start it with torchrun, or leave it out")
        if arguments.shard and self.project["optimizer"]["library"] == "update":
            what = "the update of this optimizer or clip needs whole tensors, and --shard has parts of them"
            raise Refusal("no-shard", what, "leave out --shard, or train with an optimizer of torch.optim")
        torch.set_float32_matmul_precision("high" if arguments.tf32 else "highest")
        torch.backends.cudnn.allow_tf32 = arguments.tf32

    def half(self):
        """The 16-bit type of forward and backward, None for full precision."""
        gpu = self.processes.device.type == "cuda"
        bfloat = not gpu or torch.cuda.is_bf16_supported()
        asked = self.arguments.precision
        if asked != "auto":
            return {"full": None, "bf16": torch.bfloat16, "fp16": torch.float16}[asked]
        if self.arguments.amp:
            return torch.bfloat16 if bfloat else torch.float16
        return torch.bfloat16 if gpu and bfloat and self.dtype is torch.float32 else None

    def check(self) -> None:
        world = self.processes.world
        size = next((s["size"] for s in self.project["stages"] if s["size"] % world != 0), None)
        if size is not None:
            fitting = [w for w in range(1, size + 1) if size % w == 0]
            below = max(w for w in fitting if w <= world)
            sizes = f"{size // world * world or world} or {(size // world + 1) * world}"
            what = f"a batch of {size} rows does not divide by {world} processes"
            raise Refusal("batch-divide", what, f"use {below} processes, or a batch size of {sizes}")
        if self.project["loss"]["reduction"] == "other" and (world > 1 or self.arguments.accumulate > 1):
            what = "this run's own loss is neither a mean nor a sum over rows: parts of a batch don't add up to it"
            raise Refusal("loss-rows", what, "use one process without --accumulate, or make the loss a mean over rows")
        if self.arguments.accumulate < 1:
            what = f"--accumulate is {self.arguments.accumulate}"
            raise usage(what, "give it a whole number of 1 or more")

    # state

    def restore(self) -> None:
        out, processes = self.arguments.out, self.processes
        last = os.path.join(out, "checkpoint-last.safetensors")
        parts = sharded.newest(out) if self.parts else None
        begun = parts is not None or os.path.exists(last)
        tensors, shapes, progress = {}, {}, {}
        # only process 0 has to see the folder, but for checkpoints in parts
        if self.recorder.writes:
            if parts is not None:
                shapes, progress = sharded.shapes_in(parts), sharded.read_progress(parts)
            else:
                tensors, progress = files.read_checkpoint(last if begun else here("initial.safetensors"))
                shapes = {name: (t.dtype, t.shape) for name, t in tensors.items()}
        if processes.grouped:
            found = [shapes, progress, begun, parts, {} if self.parts else tensors]
            dist.broadcast_object_list(found, src=0)
            shapes, progress, begun, parts, received = found
            tensors = tensors or received
        self.refuse_other(shapes)
        self.step = progress["step"]
        if self.parts:
            shard(self.model, processes.device)
        trained = {name: p for name, p in self.model.named_parameters() if p.requires_grad}
        self.optimizer = Optimizer(self.project["optimizer"], trained)
        scaled = progress.get("scaler") or {"skipped": 0}
        skipped = self.optimizer.skipped = scaled.pop("skipped")
        if scaled and self.scaler.is_enabled():
            self.scaler.load_state_dict({**self.scaler.state_dict(), **scaled})
        state = {**self.tensors(), **self.optimizer.begin(self.step - skipped, tensors)}
        with torch.no_grad():
            self.fill(state, tensors, parts)
        self.epoch_loss, self.last_loss, self.best = progress["epochLoss"], progress["lastLoss"], progress["best"]
        if progress["schedule"] is not None:
            self.schedule.restore(progress["schedule"])
        self.recorder.begin(progress["metricsBytes"] if begun else 0)
        self.first = self.step
        restarts = os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        if restarts != "0" and self.recorder.writes:
            print(f"steepest: restart {restarts}: going on at step {self.step}", file=sys.stderr, flush=True)
        if not begun:
            self.recorder.text(json.dumps(self.project["header"], separators=(",", ":")) + "\n")
            self.save()

    def fill(self, state, tensors, parts) -> None:
        """The state from the checkpoint: in parts, at process 0, or at each process."""
        if parts is not None:
            sharded.fill(parts, state)
        elif self.parts:
            spread(tensors, state)
        else:
            for name, tensor in state.items():
                tensor.copy_(tensors[name])

    def refuse_other(self, shapes) -> None:
        for name, tensor in self.tensors().items():
            found = list(shapes[name][1]) if name in shapes else "missing"
            if found != list(tensor.shape):
                what = f"{name} is {list(tensor.shape)} in the model and {found} in the checkpoint"
                raise Refusal("checkpoint-model", what, "go on with the project that wrote it, or choose another --out")

    def tensors(self):
        """Parameters and buffers; the counter of batch norm matters for cumulative averages only."""
        return {name: t for name, t in self.model.state_dict().items() if not name.endswith("num_batches_tracked")}

    def snapshot(self):
        """What a checkpoint holds, by name; where tensors are shared out, this process's parts."""
        return {**self.tensors(), **self.optimizer.save()}

    def save(self) -> None:
        if self.parts:
            self.recorder.sync()
            self.parts.save("last", self.snapshot(), self.progress(self.recorder.bytes))
        else:
            self.recorder.save(self.encode)
        self.saved, self.saving = time.monotonic(), False

    def save_best(self) -> None:
        if self.parts:
            self.parts.save("best", self.snapshot(), self.progress(self.recorder.length()))
        else:
            self.recorder.keep_best(self.encode)

    def encode(self, metrics_bytes: int) -> bytes:
        return files.encode_checkpoint(self.snapshot(), self.progress(metrics_bytes))

    def progress(self, metrics_bytes: int):
        k = self.step
        epoch, row, _ = self.batches.place(k)
        progress = {
            "step": k,
            "seed": self.project["seed"],
            "epochLoss": self.epoch_loss,
            "lastLoss": self.last_loss,
            "best": self.best,
            "metricsBytes": metrics_bytes,
            "schedule": self.schedule.state(),
            "position": {"epoch": epoch + 1, "row": row},
            "settings": self.project["settings"],
        }
        if self.scaler.is_enabled():
            scale = self.scaler.state_dict()
            kept = {key: scale[key] for key in ("scale", "_growth_tracker")}
            progress["scaler"] = {**kept, "skipped": int(self.optimizer.skipped)}
        return progress

    # one step

    def forward_backward(self, k: int, pieces):
        """Leaves the gradient of the whole batch's loss on the parameters; returns this process's part of it."""
        processes = self.processes
        weights = [weight for weight, _, _ in pieces]
        taken = [self.to_device(x, y) for _, x, y in pieces]
        if self.project["loss"]["reduction"] == "sum":
            shares = [1.0 if w > 0 else 0.0 for w in weights]
        elif self.project["loss"].get("ignoreIndex") is not None:
            (count,) = processes.total(sum(weights))
            shares = [w / count for w in weights]
        else:
            shares = [w / len(self.batches.rows_of(k)) for w in weights]
        torch.manual_seed((self.project["seed"] * 1_000_003 + k) * 65_537 + processes.rank)  # dropout
        self.optimizer.zero_grad()
        loss = 0.0
        for i, (part, (x, y)) in enumerate(zip(shares, taken)):
            waiting = processes.world > 1 and i < len(taken) - 1
            if self.arguments.shard:
                self.model.set_requires_gradient_sync(not waiting)
            with self.replica.no_sync() if waiting and not self.arguments.shard else contextlib.nullcontext():
                with self.autocast():
                    value = compute_loss(self.replica(x), x, y) * part
                # the average over the processes makes the sum of their parts
                self.scaler.scale(value * processes.world).backward()
            loss = loss + value.detach().double()
        return loss

    def to_device(self, x, y):
        device = self.processes.device

        def moved(t):
            t = t.to(device=device, non_blocking=t.is_pinned()) if device.type == "cuda" else t
            return t.to(self.dtype) if t.is_floating_point() else t.to(torch.int64)

        x = moved(x)
        if self.channels_last and x.dim() == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        return x, None if y is None else moved(y)

    def batches_from(self, first: int, total: int):
        """What each step works on, read ahead by --workers; the order is the same with any number of them."""
        pinned = self.processes.device.type == "cuda" and not self.kept
        options = {"num_workers": self.arguments.workers, "pin_memory": pinned}
        return iter(DataLoader(self.steps, batch_size=None, sampler=range(first, total), **options))

    def advance(self, pieces, stop: bool) -> float:
        """One step; returns its rate. Nothing here waits for the device; `settle` reads what was measured."""
        k = self.step
        lr, momentum = self.schedule.at(k)
        if not self.model.training:
            self.model.train()
        own = self.forward_backward(k, pieces)
        # process 0 says when it is time for a checkpoint
        due = self.recorder.writes and time.monotonic() - self.saved >= self.arguments.checkpoint_seconds
        if self.processes.grouped:
            loss, stopping, saving = self.processes.total(own, float(stop), float(due))
            asked = {"stopping": stopping, "saving": saving}
        else:
            # alone there is nobody to agree with, and nothing to put on the device
            loss, asked = own, {}
            self.stopping, self.saving = self.stopping or stop, self.saving or due
        self.scaler.unscale_(self.optimizer.inner)
        measures = self.optimizer.step(lr, momentum, k + 1, loss, self.scaler)
        self.step += 1
        self.unread.append((self.step, lr, {"loss": loss, **measures, **asked}))
        return lr

    def settle(self) -> None:
        """Reads the metrics of the steps since the last time, with one wait for the device. Raises at non-finite ones."""
        if not self.unread:
            return
        device = self.processes.device
        table = torch.stack([on_device(value, device) for _, _, row in self.unread for value in row.values()]).tolist()
        numbers = iter(table)
        for k, lr, row in self.unread:
            values = {name: next(numbers) for name in row}
            self.stopping = values.pop("stopping", 0) > 0 or self.stopping
            self.saving = values.pop("saving", 0) > 0 or self.saving
            self.note(k, lr, values)
        self.unread = []

    def note(self, k: int, lr: float, measures: dict) -> None:
        project, recorder, total = self.project, self.recorder, self.project["totalSteps"]
        loss = self.last_loss = measures["loss"]
        grown = {"batchSize": len(self.batches.rows_of(k - 1))} if len(self.batches.stages) > 1 else {}
        # 16 bits were too few for the scaled gradient: no step was made, and the scale is halved
        skipped = measures.pop("overflow", 0) > 0
        self.skips = self.skips + 1 if skipped else 0
        line = {"step": k, **measures, **grown, "lr": lr}
        # a scale that was halved a hundred times is not what was too large
        if skipped and math.isfinite(loss) and self.skips < 100:
            line = {"step": k, "loss": loss, "lr": lr, "skipped": 1}
        elif project["nonFinite"] == "stop" and not (math.isfinite(loss) and math.isfinite(measures["gradNorm"])):
            recorder.line(line)
            if recorder.writes:
                recorder.flush()
            raise not_finite(k, loss, measures["gradNorm"], lr)
        self.epoch_loss = [self.epoch_loss[0] + loss, self.epoch_loss[1] + 1]
        if k % project["logEvery"] == 0 or k in (1, total):
            recorder.line(line)

    # the rest

    @torch.no_grad()
    def evaluate(self, part: str):
        samples = self.data.get(part)
        if samples is None or len(samples) == 0:
            return None
        self.model.eval()
        n, kind = len(samples), self.project["accuracy"]
        loss = right = 0.0
        with self.optimizer.evaluation_parameters():
            for first in range(0, n, EVALUATION_ROWS * self.processes.world):
                start = first + EVALUATION_ROWS * self.processes.rank
                rows = np.arange(start, min(start + EVALUATION_ROWS, n))
                # who has no rows of its own keeps step with the others on one that counts for nothing
                x, y = self.to_device(*samples.take(rows if len(rows) else np.arange(1)))
                output = self.model(x)
                loss += compute_loss(output, x, y).double() * (len(rows) / n)
                right += accuracy(output, y, kind).double() * (len(rows) / n) if kind else 0.0
        loss, right = self.processes.total(loss, right).tolist()
        return {"loss": loss, **({"accuracy": right} if kind else {})}

    def end_epoch(self, total: int):
        project, k = self.project, self.step
        epoch = self.batches.place(k - 1)[0] + 1
        epochs = self.batches.place(total - 1)[0] + 1
        mean = self.epoch_loss[0] / self.epoch_loss[1]
        self.epoch_loss = [0.0, 0]
        # without validation rows an epoch costs no more than its loss; a thousand looks are enough
        every = 1 if "validation" in project["data"] else max(1, math.ceil(epochs / 1000))
        if epoch % every != 0 and k < total:
            return None
        validation = self.evaluate("validation")
        measure = mean if validation is None else validation["loss"]
        self.schedule.observe(measure)
        if validation is not None:
            named = {"validation" + key[0].upper() + key[1:]: value for key, value in validation.items()}
            self.recorder.line({"step": k, "epoch": epoch, **named})
        if measure < (math.inf if self.best is None else self.best["loss"]):
            self.best = {"loss": measure, "step": k}
            self.save_best()
        return validation

    def run(self, stopped) -> dict:
        project, recorder = self.project, self.recorder
        total, save_every = project["totalSteps"], project["checkpointEvery"]
        began = shown = read = time.monotonic()
        batches = self.batches_from(self.step, total)
        lr, status, validation = self.schedule.at(max(0, self.step - 1))[0], "done", None
        while self.step < total:
            lr = self.advance(next(batches), stopped())
            k, now = self.step, time.monotonic()
            due = save_every is not None and k % save_every == 0
            ending = self.batches.ends_epoch(k - 1) or k == total
            # all processes must look at the same steps, so that they stop at the same one
            waited = self.processes.world == 1 and now - read >= 1
            if not (due or ending or waited or k % self.read_every == 0):
                continue
            self.settle()
            read = now
            if ending:
                validation = self.end_epoch(total) or validation
            if (due or self.saving) and k < total:
                self.save()
            if recorder.writes and not self.arguments.quiet and now - shown >= 5:
                shown = now
                print(f"step {k}/{total}  loss {self.last_loss:.6g}  lr {lr:.3g}", file=sys.stderr)
            if self.stopping:
                status = "interrupted"
                break
        seconds = time.monotonic() - began
        self.save()
        if validation is None:
            validation = self.evaluate("validation")
        return {
            "status": status,
            "step": self.step,
            "finalLoss": self.last_loss,
            "best": self.best,
            "validation": validation,
            "test": self.evaluate("test") if status == "done" else None,
            "lr": lr,
            "seconds": seconds,
            "stepsPerSecond": (self.step - self.first) / seconds if self.step > self.first else 0,
        }


def grad_scaler(device: str, enabled: bool, scale: float):
    """PyTorch 2.3 moved it."""
    if hasattr(torch.amp, "GradScaler"):
        return torch.amp.GradScaler(device, enabled=enabled, init_scale=scale)
    return torch.cuda.amp.GradScaler(enabled=enabled, init_scale=scale)


def not_finite(k: int, loss: float, norm: float, lr: float) -> Refusal:
    what = f"the loss became {files.js_number(loss)}"
    if math.isfinite(loss):
        what = f"the gradient's norm became {files.js_number(norm)} (loss {loss})"
    return Refusal(
        "non-finite",
        f"{what}, at step {k} (lr {lr})",
        f"try a smaller learning rate (--optimizer.lr {lr / 10:.3g}), clip the gradient (--clip.globalNorm 1), "
        "or look for extreme values in the data; the last good checkpoint is kept",
    )


def end_with_the_starter() -> None:
    """Ends this process when steepest, which holds the other end of its standard input, is gone."""

    def wait() -> None:
        while os.read(0, 4096):
            pass
        os._exit(0)  # another code would have torchrun start it again

    threading.Thread(target=wait, daemon=True).start()


def leave(code: int) -> None:
    """
    Ends one of several processes with all that it holds. Taken apart piece by piece it may wait for itself for ever: in
    PyTorch 1.13 DistributedDataParallel's end joins a thread that waits for Python's lock, which it holds meanwhile.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> int:
    if "STEEPEST_TIED" in os.environ:
        end_with_the_starter()
    arguments = parse_arguments(__doc__)
    signals = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda received, _: signals.append(received))
    first = os.environ.get("RANK", "0") == "0"
    several = int(os.environ.get("WORLD_SIZE", 1)) > 1
    try:
        # who goes on without --shard wants whole tensors
        if first and not arguments.shard:
            sharded.join(arguments.out)
        training = Training(arguments, Processes(arguments.device, arguments.shard))
        result = training.run(lambda: len(signals) > 0)
        code = 130 if result["status"] == "interrupted" else 0
    except Refusal as refusal:
        result = {"error": {"id": refusal.id, "what": refusal.what, "help": refusal.help}}
        code = 1 if refusal.id == "non-finite" else 2
        if first and not arguments.result:
            print(f"error[{refusal.id}]: {refusal.what}\nhelp: {refusal.help}", file=sys.stderr)
    except Exception:
        if not several:
            raise
        # as when another process has died: torchrun starts all of them again
        traceback.print_exc()
        leave(1)
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    if first and "status" in result:
        sharded.join(arguments.out)
    if first and arguments.result:
        files.replace_file(arguments.result, [json.dumps(files.hide(result)).encode()])
    elif first and "status" in result and not arguments.quiet:
        summary = {key: value for key, value in result.items() if value is not None}
        print(json.dumps(files.hide(summary), indent=2))
    # under torchrun an exit code other than 0 asks for a restart, which would end the same way
    code = 0 if arguments.result or "TORCHELASTIC_RUN_ID" in os.environ else code
    if several:
        leave(code)
    return code


if __name__ == "__main__":
    sys.exit(main())
