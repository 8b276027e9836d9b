"""Numbers for src/tune/compare.test.ts, from PyTorch and NumPy. Writes compare.json beside this file.

  python3 test/golden/make_compare.py        (made with torch 1.13, numpy 1.24)

cells: the lesson's first program (1000 x 3, full batch, BCE with logits) from the initial values that steepest draws with
seed 42: mean loss of the last hundredth of the steps, least loss, updates made before the loss was first <= 0.65.
t95: two-sided 95 % points of Student's t, by integrating its density.
"""
import json, math, pathlib
import numpy as np
import torch

np.random.seed(42)
x = np.column_stack([np.random.normal(0, s, 1000) for s in (1, 100, 0.01)])
y = torch.tensor((x @ [1, 0.01, 100] > 0).astype(np.float32)).reshape(-1, 1)
x = torch.tensor(x.astype(np.float32))
WEIGHT = [-0.22997191548347473, 0.0008714097202755511, -0.24894632399082184]
BIAS = [0.5398716330528259]


def cell(make, steps):
    w = torch.tensor(WEIGHT).reshape(3, 1).requires_grad_()
    b = torch.tensor(BIAS).requires_grad_()
    optimizer = make([w, b])
    losses = []
    for _ in range(steps):
        loss = torch.nn.functional.binary_cross_entropy_with_logits(x @ w + b, y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    last = math.ceil(steps / 100)
    to = next((k for k, v in enumerate(losses) if v <= 0.65), None)
    return {"start": losses[0], "final": sum(losses[-last:]) / last, "best": min(losses), "steps": to}


def t95(df):
    c = math.gamma((df + 1) / 2) / math.gamma(df / 2) / math.sqrt(df * math.pi)
    # substitution t = tan(u): the tail of df 1 is long
    def tail(t):
        u = np.linspace(math.atan(t), math.pi / 2, 200_001)[:-1]
        f = c * (1 + np.tan(u) ** 2 / df) ** (-(df + 1) / 2) / np.cos(u) ** 2
        return np.trapz(f, u)
    low, high = 1.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle) > 0.025 else (low, middle)
    return round(low, 3)


out = {
    "cells": [
        {"optimizer": {"name": "sgd", "lr": 0.001}, **cell(lambda p: torch.optim.SGD(p, lr=0.001), 500)},
        {"optimizer": {"name": "sgd", "momentum": 0.9, "lr": 0.001}, **cell(lambda p: torch.optim.SGD(p, lr=0.001, momentum=0.9), 500)},
        {"optimizer": {"name": "adam", "lr": 0.1}, **cell(lambda p: torch.optim.Adam(p, lr=0.1), 500)},
    ],
    "t95": {str(df): t95(df) for df in (1, 2, 4, 9, 30, 60)},
}
path = pathlib.Path(__file__).parent / "compare.json"
path.write_text(json.dumps(out, indent=1) + "\n")
