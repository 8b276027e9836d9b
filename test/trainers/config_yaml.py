"""Everything from a settings file: an MLP on the two-moons kind of data, momentum, cosine; a table of epochs."""
import math
import sys

import torch
from torch import nn

settings = {}
section = ""
for line in open(sys.argv[1]):
    line = line.split("#")[0].rstrip()
    if not line:
        continue
    key, value = [s.strip() for s in line.split(":", 1)]
    if value == "":
        section = key
    elif line.startswith(" "):
        settings[f"{section}.{key}"] = float(value)
    else:
        settings[key] = float(value)

torch.manual_seed(int(settings["seed"]))
torch.set_num_threads(1)
g = torch.Generator().manual_seed(2)
a = math.pi * torch.rand(800, generator=g)
y = torch.randint(2, (800,), generator=g)
x = torch.stack([a.cos() + y * 1.0, a.sin() * (1 - 2 * y) + 0.5 * y], 1) + 0.15 * torch.randn(800, 2, generator=g)

layers = [nn.Linear(2, 24), nn.Tanh()]
for _ in range(3):
    layers += [nn.Linear(24, 24), nn.Tanh()]
model = nn.Sequential(*layers, nn.Linear(24, 1))
epochs = int(settings["training.epochs"])
optimizer = torch.optim.SGD(model.parameters(), lr=settings["optimizer.lr"], momentum=settings["optimizer.momentum"], nesterov=True)
schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
print("epoch   lr          train_loss   accuracy")
for epoch in range(epochs):
    total = right = 0.0
    for idx in torch.randperm(len(x)).split(40):
        out = model(x[idx])[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(out, y[idx].float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
        right += ((out > 0) == (y[idx] == 1)).sum().item()
    print(f"{epoch:5d}   {schedule.get_last_lr()[0]:.4e}  {total / len(x):.6f}     {right / len(x):.4f}", flush=True)
    schedule.step()
