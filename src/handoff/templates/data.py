"""The rows of the run and the order in which its steps see them."""
import json
import os
from typing import Dict, List, Optional, Tuple

import numpy as np
import torch


class Rows:
    """
    Rows of one .npy file, read from disk when they are asked for, or all kept on a device. Rows may overlap (windows of a
    text).
    """

    def __init__(self, spec: Dict):
        self.flat = np.load(here(spec["file"]), mmap_mode="r")
        shape, item = spec["shape"], self.flat.itemsize
        self.strides = [spec["rowStride"], *(int(np.prod(shape[i + 1 :], dtype=np.int64)) for i in range(1, len(shape)))]
        steps = [s * item for s in self.strides]
        self.values = np.lib.stride_tricks.as_strided(self.flat, shape, steps, writeable=False)
        self.kept: Optional[torch.Tensor] = None

    def __len__(self) -> int:
        return self.values.shape[0]

    def keep_on(self, device: torch.device) -> None:
        """From here on rows are taken where they are needed: nothing is read or sent in a step but their numbers."""
        self.kept = torch.from_numpy(np.array(self.flat)).to(device).as_strided(self.values.shape, self.strides)

    def take(self, rows: np.ndarray) -> torch.Tensor:
        if self.kept is not None:
            return self.kept[torch.from_numpy(rows).to(self.kept.device)]
        return self.read(rows)

    def read(self, rows: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.ascontiguousarray(self.values[rows]))


class Samples:
    """Features and targets of one part of the data: training, validation or test."""

    def __init__(self, spec: Dict):
        self.features = Rows(spec["features"])
        self.target = Rows(spec["target"]) if spec["target"] else None

        self.weighed = self.features if self.target is None else self.target
        self.files = [self.features] if self.target is None else [self.features, self.target]

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
        if self.ignored is None:
            return float(len(own)), x, y
        # counted on the host: nothing waits for a device
        return float((self.samples.weighed.read(own) != self.ignored).sum()), x, y


def keep_on_device(parts: List[Samples], where: str, device: torch.device) -> bool:
    """
    Keeps all rows on the device: `where` is device, or auto and they take less than a quarter of the GPU's free memory.
    True where they are kept.
    """
    files = [rows for samples in parts for rows in samples.files]
    if where == "auto" and device.type == "cuda":
        free, _ = torch.cuda.mem_get_info(device)
        where = "device" if 4 * sum(rows.flat.nbytes for rows in files) < free else "disk"
    if where != "device":
        return False
    for rows in files:
        rows.keep_on(device)
    return True


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
