"""The rows of the run and the order in which its steps see them."""
import json
import os
from typing import Dict, List, Optional, Tuple

import numpy as np
import torch


class Rows:
    """Rows of one .npy file, read from disk when they are asked for. Rows may overlap (windows of a text)."""

    def __init__(self, spec: Dict):
        flat = np.load(here(spec["file"]), mmap_mode="r")
        shape, item = spec["shape"], flat.itemsize
        inner = [int(np.prod(shape[i + 1 :], dtype=np.int64)) * item for i in range(1, len(shape))]
        self.values = np.lib.stride_tricks.as_strided(flat, shape, [spec["rowStride"] * item, *inner], writeable=False)

    def __len__(self) -> int:
        return self.values.shape[0]

    def take(self, rows: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(self.values[rows]))


class Samples:
    """Features and targets of one part of the data: training, validation or test."""

    def __init__(self, spec: Dict):
        self.features = Rows(spec["features"])
        self.target = Rows(spec["target"]) if spec["target"] else None

    def __len__(self) -> int:
        return len(self.features)

    def take(self, rows: np.ndarray) -> Tuple[torch.Tensor, Optional[torch.Tensor]]:
        return self.features.take(rows), None if self.target is None else self.target.take(rows)


class Batches:
    """
    Which rows each step sees: a function of the step alone, so that a resumed run needs nothing but its number. `stages`
    say from which step on, at which epoch and row, batches have which size.
    """

    def __init__(self, rows: int, stages: List[Dict], drop_last: bool, key: Optional[Tuple[int, int]]):
        self.rows, self.stages, self.drop_last, self.key = rows, stages, drop_last, key
        self.order = np.arange(rows)
        self.epoch = -1

    def count(self, rows: int, size: int) -> int:
        return rows // size if self.drop_last else -(-rows // size)

    def place(self, step: int) -> Tuple[int, int, int]:
        """Epoch, first row in it and size of the batch of a step, all counted from 0."""
        stage = [s for s in self.stages if s["step"] <= step][-1]
        size, since = stage["size"], step - stage["step"]
        after = since - self.count(self.rows - stage["row"], size)
        if after < 0:
            return stage["epoch"], stage["row"] + since * size, size
        epochs, within = divmod(after, self.count(self.rows, size))
        return stage["epoch"] + 1 + epochs, within * size, size

    def ends_epoch(self, step: int) -> bool:
        return self.place(step)[0] != self.place(step + 1)[0]

    def rows_of(self, step: int) -> np.ndarray:
        """Row numbers of the whole batch of a step, counted from 0. All processes get the same."""
        epoch, row, size = self.place(step)
        if self.key is not None and epoch != self.epoch:
            self.order, self.epoch = permutation(self.rows, self.key, epoch), epoch
        return self.order[row : row + size]


class Steps(torch.utils.data.Dataset):
    """What one process works on in each step, from 0: (weight, x, y) of each piece of its part of the batch."""

    def __init__(self, samples: Samples, batches: Batches, place: Tuple[int, int], pieces: int, ignored: Optional[int]):
        self.samples, self.batches = samples, batches
        self.place, self.pieces, self.ignored = place, pieces, ignored

    def __getitem__(self, step: int):
        rows = self.batches.rows_of(step)
        own = share(rows, *self.place)
        return [self.piece(p, rows) for p in np.array_split(own, min(self.pieces, max(1, len(own))))]

    def piece(self, own: np.ndarray, rows: np.ndarray):
        # a process without a row of its own computes one that counts for nothing, to keep step with the others
        x, y = self.samples.take(own if len(own) else rows[:1])
        if len(own) == 0:
            return 0.0, x, y
        weighed = x if y is None else y
        return float(len(own) if self.ignored is None else (weighed != self.ignored).sum()), x, y


def share(rows: np.ndarray, rank: int, world: int) -> np.ndarray:
    """The part of a batch that one process works on; an epoch's last batch may not divide evenly."""
    return rows[len(rows) * rank // world : len(rows) * (rank + 1) // world]


def permutation(n: int, key: Tuple[int, int], index: int) -> np.ndarray:
    """Permutation number `index` of 0 … n-1, as steepest draws it: Fisher-Yates on Threefry-2x32 numbers."""
    high, low = threefry(key, np.arange(max(0, n - 1), dtype=np.uint64), index)
    uniform = (high * np.float64(2**21) + (low >> np.uint64(11))) / np.float64(2**53)
    places = np.floor(uniform * np.arange(2, n + 1)).astype(np.int64).tolist()
    order = [0] * n
    for i, j in enumerate(places, start=1):
        order[i] = order[j]
        order[j] = i
    return np.array(order, dtype=np.int64)


def threefry(key: Tuple[int, int], c0: np.ndarray, c1: int) -> Tuple[np.ndarray, np.ndarray]:
    """Threefry-2x32 with 20 rounds (Salmon et al., SC 2011) of the counters (c0, c1); 32-bit words held in 64 bits."""
    mask = np.uint64(0xFFFFFFFF)
    words = [np.uint64(key[0]), np.uint64(key[1]), np.uint64(0x1BD11BDA ^ key[0] ^ key[1])]
    x, y = (c0 + words[0]) & mask, (np.full_like(c0, c1) + words[1]) & mask
    for group in range(5):
        for bits in ((13, 15, 26, 6), (17, 29, 16, 24))[group % 2]:
            x = (x + y) & mask
            y = ((y << np.uint64(bits)) | (y >> np.uint64(32 - bits))) & mask
            y = y ^ x
        x = (x + words[(group + 1) % 3]) & mask
        y = (y + words[(group + 2) % 3] + np.uint64(group + 1)) & mask
    return x, y


def here(name: str) -> str:
    """A file of this project."""
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), name)


def load_json(name: str) -> Dict:
    with open(here(name), encoding="utf-8") as file:
        return json.load(file)
