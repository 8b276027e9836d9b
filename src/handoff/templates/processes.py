"""The processes of a run, and sums over them."""
import os
import time
import uuid

import torch
import torch.distributed as dist
from torch.distributed.rendezvous import rendezvous

from arguments import Refusal


class Processes:
    """The processes of this run, as torchrun started them; just this one where it did not."""

    def __init__(self, device: str, shard: bool):
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
        # one process of torchrun's shares with itself: the others may come back
        self.grouped = self.world > 1 or (shard and "RANK" in os.environ)
        if self.grouped:
            store, rank, world = next(rendezvous("env://"))
            own = dist.PrefixStore(meeting(store, rank, world), store)
            dist.init_process_group(self.backend, store=own, rank=rank, world_size=world)

    def total(self, *values):
        """Sums over all processes, in 64 bits, left on the device: reading them would wait for it."""
        sums = torch.stack([on_device(value, self.device) for value in values])
        if self.world > 1:
            dist.all_reduce(sums)
        return sums


def meeting(store, rank: int, world: int) -> str:
    """
    A name for this start of the processes, under which they meet. torchrun starts them again with the store of the last time
    (PyTorch 2.13), where the addresses of the dead ones still stand: a process that found those first would wait for nobody.
    """
    own = uuid.uuid4().hex
    if rank > 0:
        store.set(f"here/{rank}", own)
        name = store.get(f"welcome/{own}").decode()
        store.add(f"met/{name}", 1)
        return name
    while store.add(f"met/{own}", 0) < world - 1:
        for other in range(1, world):
            store.set("welcome/" + store.get(f"here/{other}").decode(), own)
        time.sleep(0.01)
    return own


def on_device(value, device: torch.device) -> torch.Tensor:
    """A number in 64 bits; filled in by the device, where a copy from the host would wait for it."""
    if isinstance(value, torch.Tensor):
        return value.detach().to(device=device, dtype=torch.float64)
    return torch.full((), float(value), dtype=torch.float64, device=device)
