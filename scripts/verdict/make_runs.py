"""Makes the training runs that the verdict model is fitted on: many small tasks, each over a grid of learning rates.

    python3 scripts/verdict/make_runs.py OUT.jsonl [part/parts]

Needs torch, numpy, scikit-learn (data sets shipped inside the package; nothing is downloaded). One line per run:
{task, optimizer, schedule, lr, label, loss: [...], gradNorm: [...]}; the log is every step, the gradient norm is
taken before the update. The learning rate of each step is not kept: no feature of the model may use its size.

The label is a counterfactual over the grid, as in test/runs/README.md: F = mean training loss over the last tenth
of the steps (infinite once non-finite), F* the least F of the task, F0 the loss before the first step;
good: F <= F* + 5 % (F0 - F*); too-low: not good, below the good range; slightly-high: not good, above it by less
than 10^0.75 and finite; too-high: above that, or non-finite.
"""
import json
import math
import sys

import numpy as np
import torch
from sklearn import datasets
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
TEXT = (open(__file__, encoding="utf8").read() + (datasets.load_digits().DESCR + datasets.load_iris().DESCR) * 2)[:9000]


def standardise(x):
    return (x - x.mean(0)) / (x.std(0) + 1e-8)


def tensor(x):
    return torch.tensor(np.asarray(x), dtype=torch.float32)


def classes(loader, scale):
    d = loader()
    x = d.data / 16 if scale == "unit" else standardise(d.data) if scale == "std" else d.data
    return tensor(x), torch.tensor(d.target)


def synthetic(kind, seed=0):
    if kind == "moons":
        x, y = datasets.make_moons(600, noise=0.2, random_state=seed)
    elif kind == "circles":
        x, y = datasets.make_circles(500, noise=0.1, factor=0.5, random_state=seed)
    elif kind == "blobs":
        x, y = datasets.make_blobs(800, 10, centers=8, cluster_std=4.0, random_state=seed)
        x = standardise(x)
    else:  # noisy labels: the loss has a floor
        x, y = datasets.make_classification(1000, 30, n_informative=8, n_classes=4, flip_y=0.2, random_state=seed)
    return tensor(x), torch.tensor(y)


def regression(kind, seed=0):
    if kind == "diabetes":
        d = datasets.load_diabetes()
        return tensor(standardise(d.data)), tensor(standardise(d.target))[:, None]
    if kind == "linnerud":
        d = datasets.load_linnerud()
        return tensor(standardise(d.data)), tensor(standardise(d.target))
    if kind == "friedman":
        x, y = datasets.make_friedman1(800, noise=1.0, random_state=seed)
    elif kind == "sparse":
        x, y = datasets.make_sparse_uncorrelated(600, random_state=seed)
    else:
        x, y = datasets.make_regression(500, 20, n_informative=20, effective_rank=5, noise=0.3, random_state=seed)
        return tensor(x), tensor(standardise(y))[:, None]
    return tensor(standardise(x)), tensor(standardise(y))[:, None]


def mlp(*sizes, act=nn.ReLU, norm=False):
    layers = []
    for i, (a, b) in enumerate(zip(sizes, sizes[1:])):
        layers.append(nn.Linear(a, b))
        if i < len(sizes) - 2:
            if norm:
                layers.append(nn.LayerNorm(b))
            layers.append(act())
    return nn.Sequential(*layers)


def conv(width, act=nn.ReLU, norm=False):
    bn = (lambda: nn.BatchNorm2d(width)) if norm else nn.Identity
    return nn.Sequential(
        nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, width, 3, padding=1), bn(), act(), nn.MaxPool2d(2),
        nn.Conv2d(width, width, 3, padding=1), act(), nn.Flatten(), nn.Linear(width * 16, 10))


class Recurrent(nn.Module):
    """Reads the eight rows of a digit, or characters when `vocab` is given."""

    def __init__(self, cell, width, vocab=None):
        super().__init__()
        self.embed = nn.Embedding(vocab, width) if vocab else None
        self.cell = cell(width if vocab else 8, width, batch_first=True)
        self.out = nn.Linear(width, vocab or 10)

    def forward(self, x):
        if self.embed is not None:
            return self.out(self.cell(self.embed(x))[0])
        return self.out(self.cell(x.view(-1, 8, 8))[0][:, -1])


class Transformer(nn.Module):
    def __init__(self, vocab, width, heads, layers, context, dropout=0.0):
        super().__init__()
        self.tok, self.pos = nn.Embedding(vocab, width), nn.Parameter(torch.randn(context, width) * 0.02)
        block = nn.TransformerEncoderLayer(width, heads, 4 * width, dropout, "gelu", batch_first=True, norm_first=True)
        self.body, self.out = nn.TransformerEncoder(block, layers), nn.Linear(width, vocab)
        self.mask = torch.triu(torch.full((context, context), float("-inf")), 1)

    def forward(self, x):
        t = x.shape[1]
        return self.out(self.body(self.tok(x) + self.pos[:t], self.mask[:t, :t]))


CHARS = sorted(set(TEXT))
CODES = torch.tensor([CHARS.index(c) for c in TEXT])


def text_batch(context):
    def batch(rng, size):
        at = torch.tensor(rng.integers(0, len(CODES) - context - 1, size))
        rows = at[:, None] + torch.arange(context + 1)
        return CODES[rows][:, :-1], CODES[rows][:, 1:]
    return batch


def table_batch(xy, order):
    x, y = xy
    state = {"perm": None, "at": 0}

    def batch(rng, size):
        if size is None:
            return x, y
        if order == "random":
            i = torch.tensor(rng.integers(0, len(x), size))
        else:  # epochs without replacement
            if state["perm"] is None or state["at"] + size > len(x):
                state["perm"], state["at"] = torch.tensor(rng.permutation(len(x))), 0
            i = state["perm"][state["at"]:state["at"] + size]
            state["at"] += size
        return x[i], y[i]
    return batch


CE = F.cross_entropy
TEXT_CE = lambda out, y: CE(out.reshape(-1, out.shape[-1]), y.reshape(-1))
OPTIMIZERS = {
    "sgd": lambda p, lr: torch.optim.SGD(p, lr),
    "momentum": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9),
    "nesterov": lambda p, lr: torch.optim.SGD(p, lr, momentum=0.9, nesterov=True),
    "adam": lambda p, lr: torch.optim.Adam(p, lr),
    "adamw": lambda p, lr: torch.optim.AdamW(p, lr),
    "rmsprop": lambda p, lr: torch.optim.RMSprop(p, lr),
    "adagrad": lambda p, lr: torch.optim.Adagrad(p, lr),
}
LOWEST = {"sgd": -4, "momentum": -5, "nesterov": -5, "adam": -6, "adamw": -6, "rmsprop": -6, "adagrad": -5}
SCHEDULES = {
    "const": lambda t, n: 1.0,
    "warmup-cosine": lambda t, n: (t + 1) / (n // 10) if t < n // 10 else
        0.5 * (1 + math.cos(math.pi * (t - n // 10) / (n - n // 10))),
    "warmup-const": lambda t, n: min(1.0, (t + 1) / (n // 20)),
    "linear": lambda t, n: 1 - t / n,
    "cosine": lambda t, n: 0.5 * (1 + math.cos(math.pi * t / n)),
    "step": lambda t, n: 0.1 ** (t >= n * 0.6) * 0.1 ** (t >= n * 0.85),
}
DIGITS = lambda: classes(datasets.load_digits, "unit")
RAW = lambda: classes(datasets.load_digits, "raw")
CANCER = lambda: classes(datasets.load_breast_cancer, "std")
WINE = lambda: classes(datasets.load_wine, "std")
IRIS = lambda: classes(datasets.load_iris, "std")
AUTO = lambda: (lambda x: (x, x))(DIGITS()[0])

# name: (data, model, loss, optimizer, schedule, batch (None: full), steps)
TASKS = {
    "iris-linear-sgd": (IRIS, lambda: mlp(4, 3), CE, "sgd", "const", 16, 500),
    "iris-mlp-adam": (IRIS, lambda: mlp(4, 16, 3), CE, "adam", "const", None, 400),
    "iris-mlp-rmsprop": (IRIS, lambda: mlp(4, 32, 3, act=nn.Tanh), CE, "rmsprop", "warmup-cosine", 32, 500),
    "wine-mlp-momentum": (WINE, lambda: mlp(13, 32, 3), CE, "momentum", "const", 32, 500),
    "wine-raw-linear-adam": (lambda: classes(datasets.load_wine, "raw"), lambda: mlp(13, 3), CE, "adam", "const", None, 500),
    "wine-raw-mlp-adamw": (lambda: classes(datasets.load_wine, "raw"), lambda: mlp(13, 16, 3), CE, "adamw", "warmup-cosine", 16, 600),
    "wine-linear-sgd": (WINE, lambda: mlp(13, 3), CE, "sgd", "cosine", None, 400),
    "cancer-linear-sgd": (CANCER, lambda: mlp(30, 2), CE, "sgd", "const", 32, 600),
    "cancer-mlp-adamw": (CANCER, lambda: mlp(30, 64, 2), CE, "adamw", "warmup-cosine", 64, 500),
    "cancer-linear-full-momentum": (CANCER, lambda: mlp(30, 2), CE, "momentum", "const", None, 400),
    "cancer-raw-linear-sgd": (lambda: classes(datasets.load_breast_cancer, "raw"), lambda: mlp(30, 2), CE, "sgd", "const", 64, 500),
    "cancer-raw-mlp-adam": (lambda: classes(datasets.load_breast_cancer, "raw"), lambda: mlp(30, 16, 2), CE, "adam", "const", 64, 500),
    "digits-linear-adam": (DIGITS, lambda: mlp(64, 10), CE, "adam", "const", 64, 500),
    "digits-linear-momentum": (DIGITS, lambda: mlp(64, 10), CE, "momentum", "warmup-cosine", 128, 500),
    "digits-mlp-tanh-sgd": (DIGITS, lambda: mlp(64, 64, 64, 10, act=nn.Tanh), CE, "sgd", "const", 32, 700),
    "digits-deep-sgd": (DIGITS, lambda: mlp(64, 32, 32, 32, 32, 10), CE, "sgd", "warmup-cosine", 64, 600),
    "digits-deep-adam": (DIGITS, lambda: mlp(64, 64, 64, 64, 10), CE, "adam", "const", 64, 500),
    "digits-norm-adam": (DIGITS, lambda: mlp(64, 64, 64, 10, norm=True), CE, "adam", "linear", 64, 500),
    "digits-sigmoid-adam": (DIGITS, lambda: mlp(64, 32, 10, act=nn.Sigmoid), CE, "adam", "const", 64, 600),
    "digits-sigmoid-sgd": (DIGITS, lambda: mlp(64, 32, 10, act=nn.Sigmoid), CE, "sgd", "const", 64, 600),
    "digits-conv-adam": (DIGITS, lambda: conv(8), CE, "adam", "const", 64, 400),
    "digits-conv-bn-sgd": (DIGITS, lambda: conv(8, norm=True), CE, "sgd", "warmup-cosine", 64, 400),
    "digits-conv-nesterov": (DIGITS, lambda: conv(8), CE, "nesterov", "const", 32, 500),
    "digits-conv-rmsprop": (DIGITS, lambda: conv(6), CE, "rmsprop", "const", 64, 400),
    "digits-gru-adam": (DIGITS, lambda: Recurrent(nn.GRU, 32), CE, "adam", "const", 64, 400),
    "digits-rnn-momentum": (DIGITS, lambda: Recurrent(nn.RNN, 32), CE, "momentum", "const", 64, 500),
    "digits-lstm-adamw": (DIGITS, lambda: Recurrent(nn.LSTM, 32), CE, "adamw", "warmup-cosine", 64, 400),
    "digits-raw-mlp-sgd": (RAW, lambda: mlp(64, 64, 10), CE, "sgd", "const", 64, 500),
    "digits-raw-mlp-adam": (RAW, lambda: mlp(64, 32, 10), CE, "adam", "warmup-const", 64, 500),
    "digits-mse-momentum": (lambda: (lambda x, y: (x, F.one_hot(y, 10).float()))(*DIGITS()), lambda: mlp(64, 64, 10), F.mse_loss, "momentum", "const", 64, 500),
    "digits-full-mlp-sgd": (DIGITS, lambda: mlp(64, 64, 10), CE, "sgd", "const", None, 400),
    "digits-full-mlp-adam": (DIGITS, lambda: mlp(64, 32, 10), CE, "adam", "cosine", None, 400),
    "digits-adagrad": (DIGITS, lambda: mlp(64, 64, 10), CE, "adagrad", "const", 64, 500),
    "digits-step-momentum": (DIGITS, lambda: mlp(64, 64, 10), CE, "momentum", "step", 64, 600),
    "digits-small-batch-sgd": (DIGITS, lambda: mlp(64, 32, 10), CE, "sgd", "const", 4, 800),
    "digits-small-batch-adam": (DIGITS, lambda: mlp(64, 32, 10), CE, "adam", "warmup-cosine", 8, 700),
    "digits-dropout-adamw": (DIGITS, lambda: nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.5), nn.Linear(64, 10)), CE, "adamw", "warmup-cosine", 64, 600),
    "autoencoder-adam": (AUTO, lambda: mlp(64, 32, 8, 32, 64), F.mse_loss, "adam", "const", 64, 500),
    "autoencoder-adamw-cosine": (AUTO, lambda: mlp(64, 32, 4, 32, 64, act=nn.Tanh), F.mse_loss, "adamw", "warmup-cosine", 64, 600),
    "autoencoder-sgd": (AUTO, lambda: mlp(64, 16, 64), F.mse_loss, "sgd", "const", 64, 600),
    "autoencoder-deep-momentum": (AUTO, lambda: mlp(64, 32, 8, 32, 64, act=nn.Tanh), F.mse_loss, "momentum", "warmup-cosine", 64, 600),
    "diabetes-linear-sgd": (lambda: regression("diabetes"), lambda: mlp(10, 1), F.mse_loss, "sgd", "const", 16, 500),
    "diabetes-linear-full": (lambda: regression("diabetes"), lambda: mlp(10, 1), F.mse_loss, "sgd", "const", None, 400),
    "diabetes-mlp-adam": (lambda: regression("diabetes"), lambda: mlp(10, 64, 1), F.mse_loss, "adam", "const", 32, 700),
    "diabetes-mlp-momentum": (lambda: regression("diabetes"), lambda: mlp(10, 32, 32, 1), F.mse_loss, "momentum", "warmup-cosine", 32, 600),
    "diabetes-huber-adam": (lambda: regression("diabetes"), lambda: mlp(10, 32, 1), F.smooth_l1_loss, "adam", "const", 64, 500),
    "linnerud-mlp-momentum": (lambda: regression("linnerud"), lambda: mlp(3, 16, 3), F.mse_loss, "momentum", "const", None, 400),
    "friedman-mlp-sgd": (lambda: regression("friedman"), lambda: mlp(10, 64, 1), F.mse_loss, "sgd", "const", 32, 700),
    "friedman-mlp-adamw": (lambda: regression("friedman"), lambda: mlp(10, 64, 64, 1), F.mse_loss, "adamw", "warmup-cosine", 64, 600),
    "sparse-linear-adam": (lambda: regression("sparse"), lambda: mlp(10, 1), F.mse_loss, "adam", "const", 32, 500),
    "lowrank-linear-momentum": (lambda: regression("lowrank"), lambda: mlp(20, 1), F.mse_loss, "momentum", "const", None, 500),
    "lowrank-linear-adam": (lambda: regression("lowrank"), lambda: mlp(20, 1), F.mse_loss, "adam", "const", None, 500),
    "moons-mlp-sgd": (lambda: synthetic("moons"), lambda: mlp(2, 32, 2), CE, "sgd", "const", 32, 600),
    "moons-mlp-adam": (lambda: synthetic("moons"), lambda: mlp(2, 32, 32, 2), CE, "adam", "const", 64, 500),
    "circles-mlp-momentum": (lambda: synthetic("circles"), lambda: mlp(2, 32, 2, act=nn.Tanh), CE, "momentum", "const", 64, 500),
    "blobs-linear-sgd": (lambda: synthetic("blobs"), lambda: mlp(10, 8), CE, "sgd", "linear", 32, 500),
    "blobs-mlp-adam": (lambda: synthetic("blobs"), lambda: mlp(10, 32, 8), CE, "adam", "const", 32, 500),
    "noisy-mlp-adamw": (lambda: synthetic("noisy"), lambda: mlp(30, 64, 4), CE, "adamw", "warmup-cosine", 64, 600),
    "noisy-mlp-momentum": (lambda: synthetic("noisy"), lambda: mlp(30, 64, 4), CE, "momentum", "const", 64, 600),
    "noisy-linear-sgd": (lambda: synthetic("noisy"), lambda: mlp(30, 4), CE, "sgd", "const", 32, 500),
    "char-bigram-adam": (text_batch(32), lambda: nn.Embedding(len(CHARS), len(CHARS)), TEXT_CE, "adam", "const", 16, 400),
    "char-gru-adam": (text_batch(32), lambda: Recurrent(nn.GRU, 48, len(CHARS)), TEXT_CE, "adam", "warmup-cosine", 16, 400),
    "char-rnn-sgd": (text_batch(24), lambda: Recurrent(nn.RNN, 48, len(CHARS)), TEXT_CE, "sgd", "const", 16, 400),
    "char-gpt-adam": (text_batch(32), lambda: Transformer(len(CHARS), 32, 2, 1, 32), TEXT_CE, "adam", "const", 12, 400),
    "char-gpt2-adamw": (text_batch(32), lambda: Transformer(len(CHARS), 48, 4, 2, 32), TEXT_CE, "adamw", "warmup-cosine", 12, 350),
    "char-gpt-momentum": (text_batch(32), lambda: Transformer(len(CHARS), 32, 2, 1, 32), TEXT_CE, "momentum", "warmup-cosine", 12, 400),
}


def varied(tasks, rounds=2, seed=1):
    """Each task again with another optimizer, schedule, batch size and length, drawn once."""
    rng = np.random.default_rng(seed)
    out = dict(tasks)
    for round in range(rounds):
        for name, (data, model, loss, _, _, _, _) in tasks.items():
            text = getattr(data, "__name__", "") == "batch"
            optimizer = str(rng.choice(["sgd", "momentum", "adam", "adamw", "nesterov", "rmsprop"], p=[0.25, 0.25, 0.2, 0.2, 0.05, 0.05]))
            schedule = str(rng.choice(["const", "warmup-cosine", "linear", "warmup-const"], p=[0.5, 0.35, 0.1, 0.05]))
            batch = int(rng.choice([8, 12, 16, 24])) if text else [None, 8, 16, 32, 64, 128][rng.integers(6)]
            steps = int(rng.choice([300, 350, 400])) if text else int(rng.choice([300, 400, 500, 600, 800]))
            out[f"{name}~{round + 1}"] = (data, model, loss, optimizer, schedule, batch, steps)
    return out


TASKS = varied(TASKS)


def train(name, lr, seed):
    data, model, loss_of, optimizer, schedule, size, steps = TASKS[name]
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    source = data if data.__name__ == "batch" else table_batch(data(), "epochs" if seed % 2 else "random")
    net = model()
    parameters = list(net.parameters())
    opt = OPTIMIZERS[optimizer](parameters, lr)
    losses, norms = [], []
    for t in range(steps):
        for group in opt.param_groups:
            group["lr"] = lr * SCHEDULES[schedule](t, steps)
        x, y = source(rng, size)
        loss = loss_of(net(x), y)
        opt.zero_grad()
        loss.backward()
        norms.append(float(torch.stack([p.grad.norm() for p in parameters if p.grad is not None]).norm()))
        losses.append(float(loss.detach()))
        if not math.isfinite(losses[-1]):
            break
        opt.step()
    return losses, norms


def label(grid):
    """grid: [(lr, losses, steps)] ascending in lr; the label of each."""
    finals = [np.mean(l[-(n // 10):]) if len(l) == n and np.isfinite(l).all() else math.inf for _, l, n in grid]
    best, first = min(finals), grid[0][1][0]
    good = [lr for (lr, _, _), f in zip(grid, finals) if f <= best + 0.05 * (first - best)]
    if not good:  # nothing on the grid so far ends below its start
        return ["too-low"] * len(grid), math.inf
    out = []
    for (lr, _, _), f in zip(grid, finals):
        if f <= best + 0.05 * (first - best):
            out.append("good")
        elif lr < min(good):
            out.append("too-low")
        elif math.isfinite(f) and lr < max(good) * 10**0.75:
            out.append("slightly-high")
        else:
            out.append("too-high")
    return out, max(good)


def main():
    part, parts = (int(v) for v in (sys.argv[2] if len(sys.argv) > 2 else "0/1").split("/"))
    with open(sys.argv[1], "w", encoding="utf8") as out:
        for k, name in enumerate(TASKS):
            if k % parts != part or "~" not in name and len(sys.argv) > 3:
                continue
            optimizer, steps = TASKS[name][3], TASKS[name][6]
            grid = []
            lowest = LOWEST[optimizer] - (4 if "raw" in name and optimizer == "sgd" else 0)
            for e in range(2 * lowest, 7):
                lr = 10 ** (e / 2)
                losses, norms = train(name, lr, k)
                grid.append((lr, losses, norms))
                labels, good = label([(a, b, steps) for a, b, _ in grid])
                # three rates above the good range are enough; Adam-like methods always get at least up to 1
                if labels[-3:] and lr > good * 10**1.4 and lr >= (0.9 if LOWEST[optimizer] == -6 else 0):
                    break
            for (lr, losses, norms), lab in zip(grid, labels):
                round5 = lambda v: [float(f"{x:.5g}") for x in v]
                out.write(json.dumps({"task": name, "optimizer": optimizer, "schedule": TASKS[name][4], "lr": float(f"{lr:.4g}"),
                                      "label": lab, "steps": steps, "loss": round5(losses), "gradNorm": round5(norms)}) + "\n")
            out.flush()
            print(name, labels.count("too-low"), labels.count("good"), labels.count("slightly-high"), labels.count("too-high"), file=sys.stderr)


main()
