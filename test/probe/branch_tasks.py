"""Small tasks on which what branches say is chosen (CHOSEN_ON), and others on which it is measured (LEFT_OUT): other data, models and,
in part, optimizers and schedules. A family is data, model and loss; each is trained in two ways."""
import gzip
import math
import os

import torch
from torch import nn
from torch.nn import functional as F

DIGITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "packages", "lab", "digits")


def generator(seed):
    return torch.Generator().manual_seed(seed)


def digits():
    read = lambda name, skip: torch.tensor(list(gzip.open(os.path.join(DIGITS, name)).read()[skip:]), dtype=torch.uint8)
    x = read("images.idx3-ubyte.gz", 16).reshape(-1, 1, 28, 28)[:1500].float() / 255
    return F.avg_pool2d(x, 2), read("labels.idx1-ubyte.gz", 8)[:1500].long()


def mlp(*widths, act=nn.ReLU, between=lambda width: []):
    parts = []
    for a, b in zip(widths, widths[1:]):
        parts += [nn.Linear(a, b), *between(b), act()]
    return nn.Sequential(*parts[: -1 - len(between(1))])


class Recurrent(nn.Module):
    def __init__(self, kind, inside, width, out):
        super().__init__()
        self.body, self.head = kind(inside, width, batch_first=True), nn.Linear(width, out)

    def forward(self, x):
        return self.head(self.body(x)[0][:, -1])


class Attention(nn.Module):
    def __init__(self, tokens, width, places, each):
        super().__init__()
        self.embed = nn.Embedding(tokens, width) if tokens else nn.Linear(each, width)
        self.place = nn.Parameter(0.1 * torch.randn(places, width))
        self.layer = nn.TransformerEncoderLayer(width, 2, 2 * width, dropout=0.0, batch_first=True)
        self.head = nn.Linear(width, tokens or 1)

    def forward(self, x):
        x = self.layer(self.embed(x) + self.place)
        return self.head(x) if isinstance(self.embed, nn.Embedding) else self.head(x.mean(1))


class Residual(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm, self.inner = nn.LayerNorm(width), mlp(width, 2 * width, width, act=nn.GELU)

    def forward(self, x):
        return x + self.inner(self.norm(x))


class Factors(nn.Module):
    def __init__(self, users, items, rank):
        super().__init__()
        self.users, self.items = nn.Embedding(users, rank), nn.Embedding(items, rank)
        self.own = nn.Embedding(users, 1)

    def forward(self, x):
        return (self.users(x[:, 0]) * self.items(x[:, 1])).sum(1, keepdim=True) + self.own(x[:, 0])


def clusters(n=2048, d=16, classes=8, seed=1, noise=0.9, flips=0.0):
    g = generator(seed)
    y = torch.randint(classes, (n,), generator=g)
    side = torch.randint(2, (n,), generator=g)
    x = torch.randn(classes, 2, d, generator=g)[y, side] + noise * torch.randn(n, d, generator=g)
    wrong = torch.rand(n, generator=g) < flips
    return x, torch.where(wrong, torch.randint(classes, (n,), generator=g), y)


def teacher(n=2048, d=10, seed=2, noise=0.1):
    g = generator(seed)
    x = torch.randn(n, d, generator=g)
    y = torch.tanh(x @ torch.randn(d, 16, generator=g) * 0.7) @ torch.randn(16, 1, generator=g) / 2
    return x, y + noise * torch.randn(n, 1, generator=g)


def ill(n=1024, d=24, seed=3):
    g = generator(seed)
    x = torch.randn(n, d, generator=g) * torch.logspace(0, -1.3, d)
    return x, x @ torch.randn(d, 1, generator=g) * 2 + 0.2 * torch.randn(n, 1, generator=g)


def markov(n=4096, tokens=24, seed=4):
    g = generator(seed)
    table = torch.softmax(2.5 * torch.randn(tokens * tokens, tokens, generator=g), 1)
    row = [0, 1]
    for _ in range(n):
        row.append(int(torch.multinomial(table[row[-2] * tokens + row[-1]], 1, generator=g)))
    row = torch.tensor(row)
    return torch.stack([row[:-2], row[1:-1]], 1), row[2:]


def sums(n=1024, length=10, seed=5):
    g = generator(seed)
    x = torch.randn(n, length, 2, generator=g)
    return x, torch.tanh((x[..., 0] * (x[..., 1] > 0)).sum(1, keepdim=True) / 2)


def ratings(n=3000, users=60, items=50, seed=6):
    g = generator(seed)
    x = torch.stack([torch.randint(users, (n,), generator=g), torch.randint(items, (n,), generator=g)], 1)
    u, v = torch.randn(users, 3, generator=g), torch.randn(items, 3, generator=g)
    return x, (u[x[:, 0]] * v[x[:, 1]]).sum(1, keepdim=True) + 0.3 * torch.randn(n, 1, generator=g)


def copies(n=1024, length=10, tokens=12, seed=7):
    x = torch.randint(tokens, (n, length), generator=generator(seed))
    return x, torch.roll(x, 2, 1)


def spirals(n=1500, seed=11):
    g = generator(seed)
    y = torch.randint(3, (n,), generator=g)
    r = torch.rand(n, generator=g).sqrt()
    a = 4 * r + y * 2 * math.pi / 3 + 0.15 * torch.randn(n, generator=g)
    return torch.stack([r * a.cos(), r * a.sin()], 1) * 2, y


def heavy(n=2048, d=12, seed=12):
    g = generator(seed)
    x = torch.randn(n, d, generator=g)
    tail = torch.randn(n, 1, generator=g) / torch.rand(n, 1, generator=g).sqrt()
    return x, (x[:, :1] * x[:, 1:2] + x[:, 2:5].sum(1, keepdim=True)) + 0.5 * tail


def gratings(n=900, size=12, seed=13):
    g = generator(seed)
    y = torch.randint(6, (n,), generator=g)
    at = torch.arange(size).float()
    a = (y * math.pi / 6)[:, None, None]
    wave = 1.1 * (at[:, None] * a.cos() + at[None, :] * a.sin()) + 6.3 * torch.rand(n, 1, 1, generator=g)
    return (wave.sin() + 1.2 * torch.randn(n, size, size, generator=g))[:, None], y


def labels(n=2048, d=20, seed=14):
    g = generator(seed)
    x = torch.rand(n, d, generator=g)
    w = 4 * torch.randn(d, 10, generator=g)
    z = (x - 0.5) @ w + 2 * (x[:, :10] - 0.5) * (x[:, 10:] - 0.5) * 6 - 1
    return x, (torch.rand(n, 10, generator=g) < torch.sigmoid(z)).float()


def series(n=1024, length=12, seed=15):
    g = generator(seed)
    t = torch.arange(length + 1) * (0.3 + 0.7 * torch.rand(n, 1, generator=g)) + 6.3 * torch.rand(n, 1, generator=g)
    x = (t.sin() * (0.5 + torch.rand(n, 1, generator=g)) + 0.1 * torch.randn(n, length + 1, generator=g))[..., None]
    return x[:, :-1], x[:, -1]


def counts(n=2048, d=8, seed=16):
    g = generator(seed)
    x = torch.randn(n, d, generator=g)
    return x, torch.poisson((x @ torch.randn(d, 1, generator=g) / 3 + 0.5 * x[:, :1].sin()).exp(), generator=g)


def waves(n=1600, seed=17):
    x = torch.rand(n, 2, generator=generator(seed))
    lifted = torch.cat([f(2 * math.pi * k * x) for k in (1, 2) for f in (torch.sin, torch.cos)], 1)
    return lifted, (9 * x[:, :1]).sin() * (7 * x[:, 1:]).cos() + (5 * x.sum(1, keepdim=True)).sin()


def soft(n=2048, seed=18):
    g = generator(seed)
    x = torch.randn(n, 12, generator=g)
    return x, torch.softmax(2 * torch.tanh(x @ torch.randn(12, 20, generator=g) / 2) @ torch.randn(20, 6, generator=g) / 2, 1)


def sets(n=1024, seed=19):
    x = torch.randn(n, 8, 3, generator=generator(seed))
    return x, x[..., 0].max(1, keepdim=True).values * x[..., 1].mean(1, keepdim=True) * 3


def signals(n=1500, seed=20):
    g = generator(seed)
    t = torch.linspace(0, 6.28, 40)
    clean = sum(torch.randn(n, 1, generator=g) * (k * t + 6.28 * torch.rand(n, 1, generator=g)).sin() for k in (1, 2, 3))
    return clean + 0.5 * torch.randn(n, 40, generator=g), clean


def pairs(n=2048, seed=21):
    g = generator(seed)
    z = torch.randn(n, 6, generator=g)
    view = lambda: torch.tanh(z @ torch.randn(6, 16, generator=g)) + 0.3 * torch.randn(n, 16, generator=g)
    return torch.stack([view(), view()], 1), torch.zeros(n, dtype=torch.long)


def contrast(out, _):
    a, b = F.normalize(out[:, 0], dim=1), F.normalize(out[:, 1], dim=1)
    return F.cross_entropy(a @ b.T * 8, torch.arange(len(a)))


class Chars(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.rest = nn.Embedding(24, 12), mlp(24, 48, 24)

    def forward(self, x):
        return self.rest(self.embed(x).flatten(1))


O = torch.optim
OPTIMIZERS = {
    "sgd": lambda p, lr: O.SGD(p, lr=lr),
    "momentum": lambda p, lr: O.SGD(p, lr=lr, momentum=0.9),
    "nesterov": lambda p, lr: O.SGD(p, lr=lr, momentum=0.9, nesterov=True, weight_decay=1e-3),
    "adam": lambda p, lr: O.Adam(p, lr=lr),
    "adamw": lambda p, lr: O.AdamW(p, lr=lr, weight_decay=0.05, betas=(0.9, 0.99)),
    "nadam": lambda p, lr: O.NAdam(p, lr=lr),
    "radam": lambda p, lr: O.RAdam(p, lr=lr),
    "rmsprop": lambda p, lr: O.RMSprop(p, lr=lr),
    "adagrad": lambda p, lr: O.Adagrad(p, lr=lr),
}
SCHEDULES = {  # share of the run that is over -> share of the peak rate
    "constant": lambda x: 1.0,
    "cosine": lambda x: 0.5 + 0.5 * math.cos(math.pi * x),
    "warm-cosine": lambda x: min(1.0, (x + 0.002) / 0.1) * (0.5 + 0.5 * math.cos(math.pi * max(0.0, (x - 0.1) / 0.9))),
    "linear": lambda x: 1 - x,
    "steps": lambda x: 1.0 if x < 0.5 else 0.3 if x < 0.75 else 0.1,
    "root": lambda x: min(1.0, (x + 0.002) / 0.05) * min(1.0, (0.05 / max(x, 1e-9)) ** 0.5),
}
ce, mse, bce = F.cross_entropy, F.mse_loss, F.binary_cross_entropy_with_logits
tokens = lambda out, y: ce(out.flatten(0, 1), y.flatten())
bn = lambda width: [nn.BatchNorm1d(width)] if width > 10 else []
drop = lambda width: [nn.Dropout(0.2)]

# name: data, model, loss, rows of a batch, steps, two ways
CHOSEN_ON = {
    "clusters": (clusters, lambda: mlp(16, 32, 8), ce, 32, 500, ("sgd", "constant"), ("adam", "linear")),
    "teacher": (teacher, lambda: mlp(10, 32, 1, act=nn.Tanh), mse, 32, 600, ("adam", "constant"), ("momentum", "constant")),
    "digits-linear": (digits, lambda: nn.Sequential(nn.Flatten(), nn.Linear(196, 10)), ce, 64, 400, ("momentum", "cosine"), ("sgd", "constant")),
    "digits-conv": (digits, lambda: nn.Sequential(nn.Conv2d(1, 8, 3, 2), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10)), ce, 32, 300,
                    ("adamw", "cosine"), ("momentum", "constant")),
    "markov": (markov, Chars, ce, 64, 600, ("adam", "constant"), ("rmsprop", "constant")),
    "autoencoder": (lambda: (digits()[0].flatten(1),) * 2, lambda: mlp(196, 24, 196), bce, 32, 400, ("rmsprop", "constant"), ("momentum", "steps")),
    "ill": (ill, lambda: nn.Linear(24, 1), mse, 16, 600, ("sgd", "constant"), ("adam", "warm-cosine")),
    "sums": (sums, lambda: Recurrent(nn.GRU, 2, 12, 1), mse, 32, 300, ("adam", "linear"), ("adam", "constant")),
    "label-noise": (lambda: clusters(seed=8, flips=0.3), lambda: mlp(16, 48, 8, act=nn.Tanh), ce, 8, 800, ("sgd", "constant"), ("adamw", "constant")),
    "ratings": (ratings, lambda: Factors(60, 50, 4), mse, 64, 500, ("adam", "constant"), ("rmsprop", "cosine")),
    "normed": (lambda: clusters(seed=9, classes=10, noise=0.6), lambda: mlp(16, 32, 32, 10, between=bn), ce, 64, 400, ("momentum", "steps"), ("sgd", "constant")),
    "copies": (copies, lambda: Attention(12, 16, 10, 0), tokens, 16, 300, ("adamw", "warm-cosine"), ("adam", "constant")),
}
LEFT_OUT = {
    "spirals": (spirals, lambda: mlp(2, 12, 12, 12, 12, 3, act=nn.Tanh), ce, 32, 600, ("adam", "constant"), ("momentum", "cosine")),
    "heavy": (heavy, lambda: mlp(12, 32, 1), F.smooth_l1_loss, 32, 600, ("momentum", "constant"), ("adagrad", "constant")),
    "gratings": (gratings, lambda: nn.Sequential(nn.Conv2d(1, 6, 5, 2), nn.ReLU(), nn.Conv2d(6, 12, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 6)),
                 ce, 32, 400, ("sgd", "cosine"), ("adamw", "constant")),
    "labels": (labels, lambda: mlp(20, 32, 10, act=nn.GELU), bce, 32, 500, ("nadam", "constant"), ("nesterov", "linear")),
    "series": (series, lambda: Recurrent(nn.LSTM, 1, 12, 1), mse, 32, 300, ("rmsprop", "linear"), ("momentum", "constant")),
    "counts": (counts, lambda: mlp(8, 24, 1, act=nn.Tanh), lambda o, y: F.poisson_nll_loss(o, y), 16, 600, ("adam", "constant"), ("sgd", "constant")),
    "residual": (lambda: clusters(seed=22, d=12, classes=5), lambda: nn.Sequential(nn.Linear(12, 24), Residual(24), Residual(24), nn.Linear(24, 5)),
                 ce, 32, 400, ("momentum", "constant"), ("radam", "constant")),
    "pairs": (pairs, lambda: mlp(16, 32, 8), contrast, 32, 400, ("adam", "linear"), ("sgd", "constant")),
    "waves": (waves, lambda: mlp(8, 32, 32, 1, act=nn.SiLU), mse, 64, 600, ("adam", "constant"), ("adam", "root")),
    "soft": (soft, lambda: mlp(12, 32, 6), lambda o, y: F.kl_div(F.log_softmax(o, 1), y, reduction="batchmean"), 32, 500,
             ("sgd", "constant"), ("adamw", "steps")),
    "sets": (sets, lambda: Attention(0, 16, 8, 3), mse, 32, 300, ("adamw", "warm-cosine"), ("nadam", "constant")),
    "dropped": (lambda: clusters(seed=23, d=20, classes=4), lambda: mlp(20, 48, 24, 4, between=drop), ce, 32, 500, ("nesterov", "constant"), ("adam", "cosine")),
    "signals": (signals, lambda: mlp(40, 24, 8, 24, 40, act=nn.ELU), mse, 32, 500, ("radam", "constant"), ("momentum", "root")),
}
