"""What other tools read from a range test: rules.json, for src/tune/rules.test.ts.

The tools' own arithmetic with NumPy and PyTorch, from their documentation and sources: fastai 2.7 lr_find (smoothing 0.98,
stop at 4 times the least, first tenth and last five dropped), PyTorch Lightning 2.5 _LRFinder, torch-lr-finder 0.2.
The losses are made up: a fall, a rise, noise, and a run that ends in NaN.
"""
import json
import os

import numpy as np
import torch


def smooth_fastai(raw):
    out, value, best = [], torch.tensor(0.0, dtype=torch.float64), float("inf")
    for count, loss in enumerate(torch.tensor(raw, dtype=torch.float64), start=1):
        value = torch.lerp(loss, value, 0.98)
        smooth = (value / (1 - 0.98**count)).item()
        out.append(smooth)
        if count > 1 and smooth > 4 * best:
            break
        best = min(best, smooth)
    return out


def fastai(lrs, raw):
    losses = np.array(smooth_fastai(raw))
    skip = len(raw) // 10
    losses, lrs = losses[skip:-5], np.array(lrs)[: len(losses)][skip:-5]
    nans = np.flatnonzero(np.isnan(losses))
    if len(nans):
        losses, lrs = losses[: nans[0]], lrs[: nans[0]]

    # longest decreasing subsequence ending at each point
    n = len(losses)
    longest = np.ones(n, dtype=int)
    for i in range(1, n):
        before = [longest[j] for j in range(i) if losses[j] > losses[i]]
        longest[i] = 1 + max(before, default=0)
    end = int(np.argmax(longest))
    third = longest[end] / 3
    valley = lrs[(end - longest[end] if end else 0) + int(third) + int(third / 2)]

    slope = np.gradient(losses)
    left, slide = -16, lrs[-16]
    while left >= -n and abs(slope[left + 15] - slope[left]) > 0.005:
        slide, left = lrs[left], left - 1

    steep = lrs[np.argmin(np.diff(losses) / np.diff(np.log(lrs)))]
    return {
        "fastai-valley": valley,
        "fastai-slide": slide,
        "fastai-steep": steep,
        "minimum-tenth": lrs[np.argmin(losses)] / 10,
    }


def lightning(lrs, raw):
    average, best, losses = 0.0, 0.0, []
    for step, loss in enumerate(raw, start=1):
        average = 0.98 * average + 0.02 * loss
        smooth = average / (1 - 0.98 ** (step + 1))
        losses.append(smooth)
        if step > 1 and smooth > 4 * best:
            break
        if smooth < best or step == 1:
            best = smooth
    losses = torch.tensor(losses[10:-1], dtype=torch.float64)
    rates = torch.tensor(lrs[: len(losses) + 11][10:-1], dtype=torch.float64)
    finite = torch.isfinite(losses)
    losses, rates = losses[finite], rates[finite]
    slope = torch.gradient(losses, spacing=[rates])[0]
    return {"lightning": rates[slope.argmin()].item()}


def torch_lr_finder(lrs, raw):
    losses, best = [], float("inf")
    for i, loss in enumerate(raw):
        if i > 0:
            loss = 0.05 * loss + 0.95 * losses[-1]
        losses.append(loss)
        if i > 0 and loss > 5 * best:
            break
        best = min(best, loss)
    return {"torch-lr-finder": lrs[10:-5][: len(losses) - 15][np.gradient(losses[10:-5]).argmin()]}


def curve(seed, n, noise, top, nan_at=None):
    lrs = (1e-7 * (top / 1e-7) ** (np.arange(n) / (n - 1))).tolist()
    x = np.log10(lrs)
    loss = 2.3 / (1 + np.exp(2 * (x + 2.5))) + 0.4 + np.exp(3 * (x - 0.2))
    loss += noise * np.random.RandomState(seed).randn(n)
    if nan_at is not None:
        loss[nan_at:] = np.nan
    return lrs, loss.tolist()


cases = []
for args in [(1, 100, 0.02, 10), (2, 100, 0.1, 10), (3, 250, 0.05, 10), (4, 100, 0.05, 1), (5, 120, 0.02, 10, 100)]:
    lrs, raw = curve(*args)
    chosen = {**fastai(lrs, raw), **lightning(lrs, raw), **torch_lr_finder(lrs, raw)}
    losses = [None if np.isnan(v) else v for v in raw]
    cases.append({"lrs": lrs, "losses": losses, "chosen": {k: float(v) for k, v in chosen.items()}})

path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rules.json")
with open(path, "w") as f:
    json.dump(cases, f)
    f.write("\n")
