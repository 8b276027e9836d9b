"""W8 in PyTorch: the training of examples/digits.json, all data in memory, batches drawn by one permutation an epoch.

python torch_digits.py PROJECT — a folder that `steepest export` wrote, for its rows and initial weights. Prints the check.
"""
import json
import math
import os
import sys
import tempfile

import numpy as np
import torch
from torch import nn

project = sys.argv[1]
torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "1")))
torch.manual_seed(42)


def rows(part):
    x, y = (np.load(f"{project}/data/{part}-{what}.npy") for what in ("features", "target"))
    return torch.from_numpy(x.reshape(-1, 1, 28, 28)), torch.from_numpy(y).long()


def weights():
    with open(f"{project}/initial.safetensors", "rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
        body = file.read()
    found = {name: t for name, t in header.items() if name != "__metadata__"}
    return {
        name: torch.from_numpy(np.frombuffer(body[slice(*t["data_offsets"])], np.float32).reshape(t["shape"]).copy())
        for name, t in found.items()
    }


def conv(inputs, outputs):
    return [nn.Conv2d(inputs, outputs, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]


model = nn.Sequential(*conv(1, 16), *conv(16, 32), nn.Flatten(), nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10))
with torch.no_grad():
    for parameter, initial in zip(model.parameters(), weights().values()):
        parameter.copy_(initial)
optimizer, criterion = torch.optim.AdamW(model.parameters(), lr=0.003, weight_decay=0.01), nn.CrossEntropyLoss()
(x, y), validation, test = rows("train"), rows("validation"), rows("test")
batch, epochs, warmup = 64, 5, 100
total = epochs * math.ceil(len(x) / batch)
schedule = torch.optim.lr_scheduler.LambdaLR(
    optimizer,
    lambda k: (k + 1) / warmup if k < warmup else 0.5 * (1 + math.cos(math.pi * (k - warmup) / (total - warmup))),
)


def accuracy(part):
    with torch.no_grad():
        return (model(part[0]).argmax(1) == part[1]).float().mean().item()


log = []
for epoch in range(epochs):
    order = torch.randperm(len(x))
    for k in range(0, len(x), batch):
        chosen = order[k : k + batch]
        loss = criterion(model(x[chosen]), y[chosen])
        optimizer.zero_grad()
        loss.backward()
        norm = nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        schedule.step()
        log.append((loss.item(), norm.item()))
    found = accuracy(validation)
with tempfile.TemporaryDirectory() as folder:
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "log": log}, f"{folder}/last.pt")
print(json.dumps({"check": {"validation accuracy": found, "test accuracy": accuracy(test)}}), flush=True)
