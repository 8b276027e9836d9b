"""
Writes scheduled.json: what PyTorch makes of schedules of the momentum, of the weight decay and of parameter groups.
A linear layer of 3 inputs and 2 outputs, mean squared error over one batch of 4 rows, float64.

    python3 test/golden/make_scheduled.py
"""
import json
import math
import os

import torch

STEPS = 8
torch.manual_seed(3)
x, y = torch.randn(4, 3, dtype=torch.float64), torch.randn(4, 2, dtype=torch.float64)
weight, bias = torch.randn(2, 3, dtype=torch.float64), torch.randn(2, dtype=torch.float64)


def train(make, before_step=None, rates=None):
    layer = torch.nn.Linear(3, 2).double()
    with torch.no_grad():
        layer.weight.copy_(weight)
        layer.bias.copy_(bias)
    optimizer = make(layer)
    schedule = None if rates is None else torch.optim.lr_scheduler.LambdaLR(optimizer, rates)
    losses = []
    for k in range(STEPS):
        if before_step is not None:
            before_step(k, optimizer.param_groups)
        loss = torch.nn.functional.mse_loss(layer(x), y)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if schedule is not None:
            schedule.step()
    return {"losses": losses, "weight": layer.weight.flatten().tolist(), "bias": layer.bias.tolist()}


def groups(layer):
    return torch.optim.SGD(
        [{"params": [layer.weight]}, {"params": [layer.bias], "lr": 0.02, "weight_decay": 0}],
        lr=0.1, momentum=0.9, weight_decay=0.01,
    )


def momentum(k, param_groups):
    for group in param_groups:
        group["momentum"] = 0.5 + 0.4 * k / 7


def beta(k, param_groups):
    for group in param_groups:
        group["betas"] = (0.5 + 0.4 * k / 7, 0.999)


def cosine_decay(k, param_groups):
    """From 0.04 up to 0.4 along half a cosine, as DINO has it."""
    for group in param_groups:
        group["weight_decay"] = 0.4 + 0.5 * (0.04 - 0.4) * (1 + math.cos(math.pi * k / 8))


def decay_with_rate(k, param_groups):
    for group in param_groups:
        group["weight_decay"] = 0.1 * group["lr"] / 0.05


def main():
    adamw = lambda decay: lambda layer: torch.optim.AdamW(layer.parameters(), lr=0.05, weight_decay=decay)
    halving = lambda k: 0.5 ** k
    cases = {
        "groups": train(groups, rates=[lambda k: 0.9**k, lambda k: 1 / (1 + k)]),
        "momentum": train(lambda layer: torch.optim.SGD(layer.parameters(), lr=0.1, momentum=0.5), momentum),
        "beta": train(lambda layer: torch.optim.Adam(layer.parameters(), lr=0.05), beta),
        "decay": train(adamw(0.04), cosine_decay, halving),
        "decay-with-rate": train(adamw(0.1), decay_with_rate, halving),
    }
    document = {
        "torch": torch.__version__,
        "batch": {"x": x.flatten().tolist(), "y": y.flatten().tolist()},
        "start": {"weight": weight.flatten().tolist(), "bias": bias.tolist()},
        "cases": cases,
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "scheduled.json")
    with open(path, "w", encoding="ascii") as file:
        file.write(json.dumps(document, indent=1) + "\n")


main()
