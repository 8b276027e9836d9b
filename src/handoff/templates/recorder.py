"""What process 0 writes while a run trains."""
import math
import os
import time
from typing import Optional

import checkpoint as files
from arguments import Refusal


class Recorder:
    """What process 0 writes: metrics line by line, checkpoints as a whole or not at all."""

    def __init__(self, folder: str, writes: bool, board: Optional[str] = None):
        self.folder, self.writes = folder, writes
        self.board = tensorboard(board) if board is not None and writes else None
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
        # a file that somebody shortened is not filled up: it has lost those steps
        self.bytes = min(length, self.metrics.seek(0, os.SEEK_END))
        self.metrics.truncate(self.bytes)

    def line(self, values: dict) -> None:
        if self.board is not None:
            for key in values.keys() - {"step", "epoch"}:
                self.board.add_scalar(key, values[key], values["step"])
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
        self.sync()
        if self.best is not None:
            files.replace_file(os.path.join(self.folder, "checkpoint-best.safetensors"), [self.best])
            self.best = None
        files.replace_file(os.path.join(self.folder, "checkpoint-last.safetensors"), [encode(self.bytes)])

    def sync(self) -> None:
        """What was recorded is on the disk: a checkpoint may count on it."""
        if self.writes:
            self.flush()
            if self.board is not None:
                self.board.flush()
            os.fsync(self.metrics.fileno())

    def length(self) -> int:
        """Bytes of the metrics so far."""
        return self.bytes + sum(map(len, self.pending))

    def keep_best(self, encode) -> None:
        if self.writes:
            self.best = encode(self.length())


def tensorboard(folder: str):
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        what = "TensorBoard's writer is not installed"
        raise Refusal("no-tensorboard", what, "pip install tensorboard, or leave out --tensorboard") from None
    return SummaryWriter(folder)


def number(value) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'"{files.js_number(value)}"'
    return repr(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))
