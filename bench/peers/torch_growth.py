"""Steps of W2's network in PyTorch, wider and with larger batches. Reads lines "width batch seconds", prints milliseconds of processor time a step."""
import os
import sys
import time

import torch

torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "1")))


def stepper(width, batch):
    sizes = [784, 256 * width, 128 * width, 10]
    linears = [torch.nn.Linear(i, o) for i, o in zip(sizes, sizes[1:])]
    model = torch.nn.Sequential(linears[0], torch.nn.ReLU(), linears[1], torch.nn.ReLU(), linears[2])
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=1e-3), torch.nn.CrossEntropyLoss()
    x, y = torch.rand(batch, 784), torch.arange(batch) % 10

    def step():
        loss = criterion(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


steps = {}
for line in sys.stdin:
    width, batch, seconds = line.split()
    key = int(width), int(batch)
    if key not in steps:
        steps[key] = stepper(*key)
        steps[key]()
    count, cpu, start = 0, time.process_time(), time.perf_counter()
    while time.perf_counter() - start < float(seconds):
        steps[key]()
        count += 1
    print((time.process_time() - cpu) * 1e3 / count, flush=True)
