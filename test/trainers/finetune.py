"""Fine-tuning: the body has learnt another task first, AdamW, a progress bar on standard error."""
import argparse
import sys

import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-4)
parser.add_argument("--steps", type=int, default=300)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

torch.set_num_threads(1)


def task(seed, classes, n=1500):
    g = torch.Generator().manual_seed(seed)
    centres = torch.randn(classes, 3, 24, generator=torch.Generator().manual_seed(99))[:, seed % 3]
    y = torch.randint(classes, (n,), generator=g)
    return centres[y] + 1.1 * torch.randn(n, 24, generator=g), y


torch.manual_seed(1)
body = nn.Sequential(nn.Linear(24, 96), nn.GELU(), nn.Linear(96, 96), nn.GELU())
head = nn.Linear(96, 8)
x, y = task(0, 8)
first = torch.optim.AdamW([*body.parameters(), *head.parameters()], lr=2e-3)
for _ in range(200):
    idx = torch.randint(len(x), (64,))
    loss = F.cross_entropy(head(body(x[idx])), y[idx])
    first.zero_grad()
    loss.backward()
    first.step()

torch.manual_seed(args.seed)
head = nn.Linear(96, 5)
x, y = task(1, 5)
optimizer = torch.optim.AdamW([*body.parameters(), *head.parameters()], lr=args.lr)
for step in range(args.steps):
    idx = torch.randint(len(x), (32,))
    loss = F.cross_entropy(head(body(x[idx])), y[idx])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    done = (step + 1) * 20 // args.steps
    bar = "█" * done + " " * (20 - done)
    sys.stderr.write(f"\r{100 * (step + 1) // args.steps:3d}%|{bar}| {step + 1}/{args.steps} [00:01<00:00, 190.2it/s, loss={loss.item():.4f}]")
    sys.stderr.flush()
sys.stderr.write("\n")
