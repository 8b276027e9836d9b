"""Small pictures of bars and crosses in noise: a CNN with batch norm, Adam, losses in a CSV file."""
import argparse
import csv
import os

import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--learning-rate", type=float, default=1e-3)
parser.add_argument("--epochs", type=int, default=6)
parser.add_argument("--out", default=".")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

torch.manual_seed(args.seed)
torch.set_num_threads(1)


def pictures(n, seed):
    g = torch.Generator().manual_seed(seed)
    y = torch.randint(6, (n,), generator=g)
    x = 0.9 * torch.randn(n, 1, 10, 10, generator=g)
    at = torch.randint(2, 8, (n, 2), generator=g)
    for i in range(n):
        r, c = at[i].tolist()
        kind = y[i].item()
        if kind in (0, 2, 4):
            x[i, 0, r, 1:9] += 1.5
        if kind in (1, 2, 5):
            x[i, 0, 1:9, c] += 1.5
        if kind in (3, 4, 5):
            for k in range(1, 9):
                x[i, 0, k, k] += 1.5
    return x, y


x, y = pictures(1600, 1)
xv, yv = pictures(400, 2)
net = nn.Sequential(
    nn.Conv2d(1, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
    nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(), nn.Linear(400, 6),
)
opt = torch.optim.Adam(net.parameters(), lr=args.learning_rate)

with open(os.path.join(args.out, "training.csv"), "w", newline="") as f:
    writer = csv.writer(f)
    writer.writerow(["epoch", "step", "train_loss", "val_loss", "val_acc"])
    step = 0
    for epoch in range(args.epochs):
        net.train()
        for idx in torch.randperm(len(x)).split(32):
            loss = F.cross_entropy(net(x[idx]), y[idx])
            opt.zero_grad()
            loss.backward()
            opt.step()
            step += 1
            if step % 5 == 0:
                writer.writerow([epoch, step, f"{loss.item():.6f}", "", ""])
                f.flush()
        net.eval()
        with torch.no_grad():
            out = net(xv)
        writer.writerow([epoch, step, "", f"{F.cross_entropy(out, yv).item():.6f}", f"{(out.argmax(1) == yv).float().mean():.4f}"])
        f.flush()
