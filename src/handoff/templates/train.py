"""
Trains the run in project.json with one process or many. See README.md for the commands.

Every process computes its part of each batch; DistributedDataParallel averages the gradients, so that all of them make
the same step. Process 0 writes metrics.jsonl and the checkpoints, from which any number of processes can go on.
"""
import argparse
import contextlib
import json
import math
import os
import signal
import sys
import time

import numpy as np
import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

import checkpoint as files
from data import Batches, Samples, here, load_json, share
from losses import accuracy
from model import build_model, compute_loss
from recipe import Optimizer, Schedule

EVALUATION_ROWS = 1000


class Refusal(Exception):
    """Something a person has to change: an id to search for, what is wrong, and what to do about it."""

    def __init__(self, id: str, what: str, help: str):
        super().__init__(what)
        self.id, self.what, self.help = id, what, help


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", default=here("."), help="folder of metrics and checkpoints, to go on from if it has any")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument("--amp", action="store_true", help="mixed precision: forward and backward in 16 bits")
    parser.add_argument("--accumulate", type=int, default=1, metavar="N", help="work through each batch in N pieces")
    parser.add_argument("--checkpoint-seconds", type=float, default=10.0, help="seconds between two checkpoints")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.add_argument("--result", help="write how the run ended into this file")
    return parser.parse_args()


class Processes:
    """The processes of this run, as torchrun started them; just this one where it did not."""

    def __init__(self, device: str):
        self.rank = int(os.environ.get("RANK", 0))
        self.world = int(os.environ.get("WORLD_SIZE", 1))
        local = int(os.environ.get("LOCAL_RANK", 0))
        gpu = device != "cpu" and torch.cuda.is_available()
        if device == "cuda" and not gpu:
            raise Refusal("no-gpu", "this PyTorch sees no GPU", "leave out --device cuda, or install PyTorch with CUDA")
        if gpu and local >= torch.cuda.device_count():
            have = torch.cuda.device_count()
            what = f"process {local} of this machine has no GPU of its own: there are {have}"
            raise Refusal("no-gpu", what, f"start {have} processes on each machine, or add --device cpu")
        self.device = torch.device("cuda", local) if gpu else torch.device("cpu")
        self.backend = "nccl" if gpu else "gloo"
        if gpu:
            torch.cuda.set_device(self.device)
        if self.world > 1:
            dist.init_process_group(self.backend)

    def total(self, *values: float):
        """Sums over all processes, in 64 bits."""
        sums = torch.tensor(values, dtype=torch.float64, device=self.device)
        if self.world > 1:
            dist.all_reduce(sums)
        return sums.tolist()


class Recorder:
    """What process 0 writes: metrics line by line, checkpoints as a whole or not at all."""

    def __init__(self, folder: str, writes: bool):
        self.folder, self.writes = folder, writes
        self.pending, self.bytes, self.best = [], 0, None
        self.metrics = None
        self.flushed = time.monotonic()

    def begin(self, length: int) -> None:
        """Cuts the metrics back to what the checkpoint knew: the steps after it are made again."""
        self.bytes = length
        if not self.writes:
            return
        os.makedirs(self.folder, exist_ok=True)
        self.metrics = open(os.path.join(self.folder, "metrics.jsonl"), "ab")
        self.metrics.truncate(length)

    def line(self, values: dict) -> None:
        parts = ",".join(f'"{key}":{number(value)}' for key, value in values.items())
        self.text("{" + parts + "}\n")

    def text(self, line: str) -> None:
        if self.writes:
            self.pending.append(line)
            if time.monotonic() - self.flushed > 0.1:
                self.flush()

    def flush(self) -> None:
        data = "".join(self.pending).encode("ascii")
        self.pending = []
        self.metrics.write(data)
        self.metrics.flush()
        self.bytes += len(data)
        self.flushed = time.monotonic()

    def save(self, encode) -> None:
        """`encode` makes the checkpoint of a given length of the metrics."""
        if not self.writes:
            return
        self.flush()
        os.fsync(self.metrics.fileno())
        if self.best is not None:
            files.replace_file(os.path.join(self.folder, "checkpoint-best.safetensors"), self.best)
            self.best = None
        files.replace_file(os.path.join(self.folder, "checkpoint-last.safetensors"), encode(self.bytes))

    def keep_best(self, encode) -> None:
        if self.writes:
            self.best = encode(self.bytes + sum(map(len, self.pending)))


def number(value) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'"{files.js_number(value)}"'
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


class Training:
    def __init__(self, arguments, processes: Processes):
        self.arguments, self.processes = arguments, processes
        self.project = project = load_json("project.json")
        self.dtype = torch.float64 if project["dtype"] == "float64" else torch.float32
        self.check()
        self.batches = Batches(project["rows"], project["batchSize"], project["stepsPerEpoch"], project["orderKey"])
        self.data = {part: Samples(spec) for part, spec in project["data"].items()}
        self.model = build_model().to(device=processes.device, dtype=self.dtype)
        self.parameters = dict(self.model.named_parameters())
        self.optimizer = Optimizer(project["optimizer"], self.parameters)
        self.schedule = Schedule(project["schedule"])
        self.recorder = Recorder(arguments.out, processes.rank == 0)
        self.restore()
        self.replica = self.model
        if processes.world > 1:
            if processes.backend == "nccl":
                self.model = torch.nn.SyncBatchNorm.convert_sync_batchnorm(self.model)
            devices = [processes.device.index] if processes.backend == "nccl" else None
            self.replica = DistributedDataParallel(self.model, device_ids=devices)
        bfloat = processes.device.type == "cpu" or torch.cuda.is_bf16_supported()
        half = torch.bfloat16 if bfloat else torch.float16
        self.autocast = lambda: torch.autocast(processes.device.type, dtype=half, enabled=arguments.amp)
        self.scaler = torch.cuda.amp.GradScaler(enabled=arguments.amp and half is torch.float16)

    def check(self) -> None:
        size, world = self.project["batchSize"], self.processes.world
        if size % world != 0:
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
            raise Refusal("usage", what, "give it a whole number of 1 or more")

    # state

    def restore(self) -> None:
        last = os.path.join(self.arguments.out, "checkpoint-last.safetensors")
        begun = os.path.exists(last)
        # only process 0 has to see the folder
        found = [None, None]
        if self.recorder.writes:
            found = [files.read_checkpoint(last if begun else here("initial.safetensors")), begun]
        if self.processes.world > 1:
            dist.broadcast_object_list(found, src=0)
        (tensors, progress), begun = found
        self.load_model(tensors)
        self.step = progress["step"]
        self.optimizer.load(tensors, self.step)
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
            self.recorder.save(self.encode)

    def load_model(self, tensors) -> None:
        own = self.tensors()
        for name, tensor in own.items():
            if name not in tensors or tensors[name].shape != tensor.shape:
                found = list(tensors[name].shape) if name in tensors else "missing"
                what = f"{name} is {list(tensor.shape)} in the model and {found} in the checkpoint"
                raise Refusal("checkpoint-model", what, "go on with the project that wrote it, or choose another --out")
        with torch.no_grad():
            for name, tensor in own.items():
                tensor.copy_(tensors[name])

    def tensors(self):
        """Parameters and buffers; the counter of batch norm matters for cumulative averages only."""
        return {name: t for name, t in self.model.state_dict().items() if not name.endswith("num_batches_tracked")}

    def encode(self, metrics_bytes: int) -> bytes:
        k, per_epoch = self.step, self.batches.steps_per_epoch
        tensors = self.tensors()
        progress = {
            "step": k,
            "seed": self.project["seed"],
            "epochLoss": self.epoch_loss,
            "lastLoss": self.last_loss,
            "best": self.best,
            "metricsBytes": metrics_bytes,
            "schedule": self.schedule.state(),
            "position": {"epoch": k // per_epoch + 1, "row": (k % per_epoch) * self.batches.batch_size},
        }
        return files.encode_checkpoint({**tensors, **self.optimizer.save()}, progress)

    # one step

    def weight(self, y) -> float:
        """What a piece of a batch counts for in the batch's mean loss."""
        ignored = self.project["loss"].get("ignoreIndex")
        return float(len(y)) if ignored is None else float((y != ignored).sum())

    def forward_backward(self, k: int):
        """Leaves the gradient of the whole batch's loss on the parameters; returns that loss and the batch's weight."""
        processes, arguments = self.processes, self.arguments
        rows = self.batches.rows_of(k)
        own = share(rows, processes.rank, processes.world)
        pieces = [p for p in np.array_split(own, min(arguments.accumulate, max(1, len(own))))]
        taken = [self.data["train"].take(p if len(p) else rows[:1], processes.device, self.dtype) for p in pieces]
        # a process without a row of its own computes one that counts for nothing, to keep step with the others
        weights = [self.weight(x if y is None else y) if len(p) else 0.0 for p, (x, y) in zip(pieces, taken)]
        summed = self.project["loss"]["reduction"] == "sum"
        if summed:
            shares = [1.0 if len(p) else 0.0 for p in pieces]
        else:
            ignoring = self.project["loss"].get("ignoreIndex") is not None
            (count,) = processes.total(sum(weights)) if ignoring else (float(len(rows)),)
            shares = [w / count if count > 0 else math.nan for w in weights]
        torch.manual_seed((self.project["seed"] * 1_000_003 + k) * 65_537 + processes.rank)  # dropout
        self.optimizer.zero_grad()
        loss = 0.0
        for i, (part, (x, y)) in enumerate(zip(shares, taken)):
            waiting = processes.world > 1 and i < len(taken) - 1
            with self.replica.no_sync() if waiting else contextlib.nullcontext():
                with self.autocast():
                    value = compute_loss(self.replica(x), x, y) * part
                # the average over the processes makes the sum of their parts
                self.scaler.scale(value * processes.world).backward()
            loss = loss + value.detach().double()
        return loss

    def advance(self, stop: bool):
        k = self.step
        lr, momentum = self.schedule.at(k)
        self.model.train()
        own = self.forward_backward(k)
        loss, stopping = self.processes.total(float(own), float(stop))
        self.scaler.unscale_(self.optimizer.inner)
        measures = self.optimizer.step(lr, momentum, k + 1, loss, self.scaler)
        self.step += 1
        return loss, measures, lr, stopping > 0

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
            for start in range(EVALUATION_ROWS * self.processes.rank, n, EVALUATION_ROWS * self.processes.world):
                rows = np.arange(start, min(start + EVALUATION_ROWS, n))
                x, y = samples.take(rows, self.processes.device, self.dtype)
                output = self.model(x)
                loss += float(compute_loss(output, x, y)) * len(rows) / n
                right += float(accuracy(output, y, kind)) * len(rows) / n if kind else 0.0
        loss, right = self.processes.total(loss, right)
        return {"loss": loss, **({"accuracy": right} if kind else {})}

    def end_epoch(self, total: int):
        project, k = self.project, self.step
        epoch = math.ceil(k / self.batches.steps_per_epoch)
        epochs = math.ceil(total / self.batches.steps_per_epoch)
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
            self.recorder.keep_best(self.encode)
        return validation

    def run(self, stopped) -> dict:
        project, recorder = self.project, self.recorder
        total, log_every, save_every = project["totalSteps"], project["logEvery"], project["checkpointEvery"]
        began = saved = shown = time.monotonic()
        lr, status, validation = self.schedule.at(max(0, self.step - 1))[0], "done", None
        while self.step < total:
            loss, measures, lr, stopping = self.advance(stopped())
            k, self.last_loss = self.step, loss
            line = {"step": k, "loss": loss, **measures, "lr": lr}
            if project["nonFinite"] == "stop" and not (math.isfinite(loss) and math.isfinite(measures["gradNorm"])):
                recorder.line(line)
                if recorder.writes:
                    recorder.flush()
                raise not_finite(k, loss, measures["gradNorm"], lr)
            self.epoch_loss = [self.epoch_loss[0] + loss, self.epoch_loss[1] + 1]
            if k % log_every == 0 or k in (1, total):
                recorder.line(line)
            if k % self.batches.steps_per_epoch == 0 or k == total:
                validation = self.end_epoch(total) or validation
            now = time.monotonic()
            due = save_every is not None and k % save_every == 0
            if (due or now - saved >= self.arguments.checkpoint_seconds) and k < total:
                recorder.save(self.encode)
                saved = time.monotonic()
            if recorder.writes and not self.arguments.quiet and now - shown >= 5:
                shown = now
                print(f"step {k}/{total}  loss {loss:.6g}  lr {lr:.3g}", file=sys.stderr)
            if stopping:
                status = "interrupted"
                break
        seconds = time.monotonic() - began
        recorder.save(self.encode)
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


def main() -> int:
    arguments = parse_arguments()
    signals = []
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda received, _: signals.append(received))
    first = os.environ.get("RANK", "0") == "0"
    try:
        training = Training(arguments, Processes(arguments.device))
        result = training.run(lambda: len(signals) > 0)
        code = 130 if result["status"] == "interrupted" else 0
    except Refusal as refusal:
        result = {"error": {"id": refusal.id, "what": refusal.what, "help": refusal.help}}
        code = 1 if refusal.id == "non-finite" else 2
        if first and not arguments.result:
            print(f"error[{refusal.id}]: {refusal.what}\nhelp: {refusal.help}", file=sys.stderr)
    if first and arguments.result:
        files.replace_file(arguments.result, json.dumps(files.hide(result)).encode())
    elif first and "status" in result and not arguments.quiet:
        summary = {key: value for key, value in result.items() if value is not None}
        print(json.dumps(files.hide(summary), indent=2))
    # under torchrun an exit code other than 0 asks for a restart, which would end the same way
    return 0 if arguments.result or "TORCHELASTIC_RUN_ID" in os.environ else code


if __name__ == "__main__":
    sys.exit(main())
