"""
Run in a project's folder by torchrun: times the project's own training steps and, between several processes,
all-reduces of growing size. Process 0 writes {"secondsPerStep", "secondsApart", "allReduce": [{"bytes", "seconds"}, ...]}
to --result; apart is the same step while the others run too, but nobody sums gradients.
"""
import json
import statistics
import sys
import time

import torch
import torch.distributed as dist

from train import Processes, Training, leave, parse_arguments

SECONDS_OF_STEPS = 1.5
SIZES = [4 * 4**k for k in range(12)]  # 4 bytes to 16 MiB
SECONDS_PER_SIZE = 0.1


def quick(times) -> float:
    """The lower quartile: what it takes when the machine does little else."""
    return statistics.quantiles(times, n=4)[0]


def clock(device) -> float:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def step_seconds(training) -> float:
    processes = training.processes

    def timed() -> float:
        if training.step >= training.project["totalSteps"]:
            training.step = 0  # the schedule knows no later step
        start = clock(processes.device)
        training.advance(training.steps[training.step], False)
        training.unread.clear()
        return clock(processes.device) - start

    warm = [timed() for _ in range(5)]
    # every process makes the same number of steps
    (most,) = processes.total(max(warm[-3:])).tolist()
    count = max(10, min(1000, int(SECONDS_OF_STEPS * processes.world / most)))
    return quick([timed() for _ in range(count)])


def all_reduce_seconds(processes, size: int) -> float:
    tensor = torch.zeros(size // 4, device=processes.device)

    def timed() -> float:
        dist.barrier()
        start = clock(processes.device)
        dist.all_reduce(tensor)
        return clock(processes.device) - start

    warm = [timed() for _ in range(3)]
    (most,) = processes.total(min(warm)).tolist()
    count = max(5, min(200, int(SECONDS_PER_SIZE * processes.world / most)))
    return quick([timed() for _ in range(count)])


def main() -> int:
    arguments = parse_arguments(__doc__)
    processes = Processes(arguments.device, arguments.shard)
    training = Training(arguments, processes)
    seconds = step_seconds(training)
    timings, apart = [], seconds
    if processes.world > 1:
        training.replica = training.model
        apart = step_seconds(training)
        timings = [{"bytes": size, "seconds": all_reduce_seconds(processes, size)} for size in SIZES]
    if processes.rank == 0:
        with open(arguments.result, "w", encoding="ascii") as file:
            json.dump({"secondsPerStep": seconds, "secondsApart": apart, "allReduce": timings}, file)
    if processes.world > 1:
        leave(0)
    return 0


if __name__ == "__main__":
    sys.exit(main())
