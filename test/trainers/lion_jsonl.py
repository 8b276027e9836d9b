"""An autoencoder with a hand-written Lion; a line of JSON a step."""
import argparse
import json

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=1e-4)
parser.add_argument("--steps", type=int, default=400)
parser.add_argument("--log-file", default="log.jsonl")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

torch.manual_seed(args.seed)
torch.set_num_threads(1)


class Lion(torch.optim.Optimizer):
    def __init__(self, params, lr, betas=(0.9, 0.99), weight_decay=0.0):
        super().__init__(params, dict(lr=lr, betas=betas, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            b1, b2 = group["betas"]
            for p in group["params"]:
                if p.grad is None:
                    continue
                m = self.state[p].setdefault("m", torch.zeros_like(p))
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.add_((b1 * m + (1 - b1) * p.grad).sign(), alpha=-group["lr"])
                m.mul_(b2).add_(p.grad, alpha=1 - b2)


g = torch.Generator().manual_seed(5)
basis = torch.randn(6, 40, generator=g)
code = torch.randn(2000, 6, generator=g)
x = torch.tanh(code @ basis / 2) + 0.05 * torch.randn(2000, 40, generator=g)

model = nn.Sequential(nn.Linear(40, 64), nn.ReLU(), nn.Linear(64, 6), nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 40))
optimizer = Lion(model.parameters(), lr=args.lr)
with open(args.log_file, "w") as log:
    for step in range(args.steps):
        batch = x[torch.randint(len(x), (64,))]
        loss = nn.functional.mse_loss(model(batch), batch)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        log.write(json.dumps({"step": step, "loss": loss.item(), "lr": optimizer.param_groups[0]["lr"]}) + "\n")
        log.flush()
