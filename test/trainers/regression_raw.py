"""Prices from raw features of very different size; SmoothL1, Adagrad; one line an epoch."""
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.01)
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

torch.manual_seed(args.seed)
torch.set_num_threads(1)
g = torch.Generator().manual_seed(11)
n = 600
area = 40 + 160 * torch.rand(n, generator=g)
rooms = (area / 30 + torch.rand(n, generator=g)).round()
age = 80 * torch.rand(n, generator=g)
far = 30 * torch.rand(n, generator=g) ** 2
price = 1.2 + area * 0.02 - age * 0.008 + 0.3 * rooms - 0.05 * far + 0.1 * torch.randn(n, generator=g)
x = torch.stack([area, rooms, age, far], 1)

model = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 1))
optimizer = torch.optim.Adagrad(model.parameters(), lr=args.lr)
loss_fn = nn.SmoothL1Loss()
for epoch in range(args.epochs):
    total = 0.0
    order = torch.randperm(n)
    for idx in order.split(20):
        optimizer.zero_grad()
        loss = loss_fn(model(x[idx])[:, 0], price[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    print(f"Epoch {epoch + 1}/{args.epochs} - train loss = {total / n:.5f}", flush=True)
