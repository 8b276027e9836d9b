"""A training as anybody writes it: fit a curve by a small network with Adam, and print the loss."""
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-3)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--steps", type=int, default=400)
args = parser.parse_args()

torch.manual_seed(args.seed)
x = torch.linspace(-3, 3, 512)[:, None]
y = torch.sin(3 * x) * torch.exp(-x * x / 4)

model = nn.Sequential(nn.Linear(1, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)

for step in range(args.steps):
    rows = torch.randint(len(x), (64,))
    loss = nn.functional.mse_loss(model(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 5 == 0:
        print(f"step {step:4d}  loss {loss.item():.6f}", flush=True)
