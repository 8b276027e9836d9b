"""Times all-reduces of growing size between the processes torchrun started. Rank 0 prints one JSON line:
[{"bytes": ..., "seconds": ...}, ...], the median of several tries."""

import json
import statistics
import time

import torch
import torch.distributed as dist

SIZES = [4 * 4**k for k in range(0, 12)]  # 4 bytes to 16 MiB
SECONDS_PER_SIZE = 0.15


def timed(tensor):
    dist.barrier()
    start = time.perf_counter()
    dist.all_reduce(tensor)
    if tensor.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter() - start


def main():
    gpu = torch.cuda.is_available()
    dist.init_process_group("nccl" if gpu else "gloo")
    device = torch.device("cuda", dist.get_rank() % torch.cuda.device_count()) if gpu else torch.device("cpu")
    results = []
    for size in SIZES:
        tensor = torch.zeros(size // 4, device=device)
        for _ in range(3):
            timed(tensor)
        # every process makes the same number of tries: rank 0 decides
        tries = torch.tensor([int(SECONDS_PER_SIZE / max(timed(tensor), 1e-5))])
        tries = tries.to(device)
        dist.broadcast(tries, 0)
        seconds = [timed(tensor) for _ in range(min(200, max(5, int(tries.item()))))]
        results.append({"bytes": size, "seconds": statistics.median(seconds)})
    if dist.get_rank() == 0:
        print(json.dumps(results), flush=True)
    dist.destroy_process_group()


main()
