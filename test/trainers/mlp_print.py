"""Classify points of interleaved spirals: an MLP, SGD with momentum, the loss printed every ten steps."""
import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--momentum", type=float, default=0.9)
parser.add_argument("--steps", type=int, default=600)
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

torch.manual_seed(args.seed)
torch.set_num_threads(1)

data = torch.Generator().manual_seed(7)
t = torch.rand(1200, generator=data) * 2.5
label = torch.randint(3, (1200,), generator=data)
angle = t * 2 + label * 2.0944 + 0.15 * torch.randn(1200, generator=data)
x = torch.stack([t * angle.cos(), t * angle.sin()], 1)

model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr, momentum=args.momentum)
criterion = nn.CrossEntropyLoss()

print(f"training on {len(x)} points, {sum(p.numel() for p in model.parameters())} parameters")
running = 0.0
for step in range(1, args.steps + 1):
    idx = torch.randint(len(x), (args.batch_size,))
    optimizer.zero_grad()
    loss = criterion(model(x[idx]), label[idx])
    loss.backward()
    optimizer.step()
    running += loss.item()
    if step % 10 == 0:
        print(f"[{step:5d}/{args.steps}] loss: {running / 10:.4f}", flush=True)
        running = 0.0
print("Finished Training")
