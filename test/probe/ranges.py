"""range_test and branches on small models: what they leave behind, and their files beside full grids of whole trainings.

Prints one JSON object. Run by range.test.ts with the path of steepest_probe.py's folder and a folder to write into."""
import copy
import json
import os
import random
import sys

import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import DataLoader, TensorDataset

sys.path.insert(0, sys.argv[1])
import steepest_probe as sp

folder = sys.argv[2]
torch.set_num_threads(1)


def at(name):
    return os.path.join(folder, name)


def rows(n=2048, seed=5):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(n, 20, generator=g)
    w = torch.randn(5, 4, generator=g)
    return x, (x[:, :5] @ w + 0.5 * torch.randn(n, 4, generator=g)).argmax(1)


def everything(model, opt):
    return ([t.clone() for t in model.state_dict().values()], copy.deepcopy(opt.state_dict()),
            [None if p.grad is None else p.grad.clone() for p in model.parameters()])


def same(a, b):
    if isinstance(a, torch.Tensor):
        return isinstance(b, torch.Tensor) and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


OPTIMIZERS = {
    "sgd": lambda m: torch.optim.SGD(m.parameters(), lr=1e-3),
    "momentum": lambda m: torch.optim.SGD(m.parameters(), lr=1e-3, momentum=0.9),
    "adam": lambda m: torch.optim.Adam(m.parameters(), lr=1e-4),
    "rmsprop": lambda m: torch.optim.RMSprop(m.parameters(), lr=1e-4, momentum=0.5, centered=True),
}


def network():
    return nn.Sequential(nn.Linear(20, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 4))


def restored():
    """A training interrupted by a range test goes on as one that was not: fresh and used optimizers, with and without a probe."""
    out = {}
    data = TensorDataset(*rows())
    for name, make in OPTIMIZERS.items():
        for used in (False, True):
            ends = []
            for tested in (False, True):
                torch.manual_seed(1)
                random.seed(1)
                model = network()
                opt = make(model)
                schedule = torch.optim.lr_scheduler.ExponentialLR(opt, 0.9)
                loader = DataLoader(data, batch_size=64, shuffle=True, generator=torch.Generator().manual_seed(2))
                loss_of = lambda b: cross_entropy(model(b[0]), b[1])
                probe = sp.Probe(model, opt, at(f"r-{name}.jsonl"))
                identity = []

                def epoch():
                    for batch in loader:
                        loss = loss_of(batch)
                        opt.zero_grad()
                        loss.backward()
                        opt.step()
                        probe.step(loss)
                    schedule.step()

                if used:
                    epoch()
                if tested:
                    before = everything(model, opt)
                    identity = [id(g) for g in opt.param_groups] + [id(t) for s in opt.state.values() for t in s.values()]
                    probe.range_test(loss_of, loader, at("restored.jsonl"), steps=40, budget=6, clip=1.0, quiet=True)
                    out[f"{name} {used} state"] = same(before, everything(model, opt))
                    now = [id(g) for g in opt.param_groups] + [id(t) for s in opt.state.values() for t in s.values()]
                    out[f"{name} {used} identity"] = identity == now or not used
                epoch()
                probe.close()
                ends.append((everything(model, opt), torch.rand(3), random.random(), loader.generator.get_state()))
            out[f"{name} {used} goes on alike"] = same(ends[0], ends[1])
    return out


def tasks():
    """Optimizers on two tasks, from a rate that is far off: the file for find-lr, and a grid of whole trainings."""
    x, y = rows()
    target = x.pow(2).sum(1, keepdim=True) / 20
    out = {}
    for name, make in OPTIMIZERS.items():
        for kind in ("classes", "numbers"):
            torch.manual_seed(3)
            model = nn.Sequential(nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 4 if kind == "classes" else 1))
            opt = make(model)
            loss_of = (lambda b: cross_entropy(model(b[0]), b[1])) if kind == "classes" else (lambda b: mse_loss(model(b[0]), b[1]))
            wanted = y if kind == "classes" else target
            order = torch.randperm(len(x))
            batches = [(x[i], wanted[i]) for i in order.repeat(3).split(64)][:80]
            file = f"{name}-{kind}.jsonl"
            sp.range_test(model, opt, loss_of, batches, at(file), steps=80, budget=10, quiet=True)
            start = copy.deepcopy(model.state_dict())
            rate, grid = opt.param_groups[0]["lr"], {}
            for place in range(-6, 16):
                scores = []
                for seed in range(3):
                    model.load_state_dict(start)
                    again = make(model)
                    again.param_groups[0]["lr"] = rate * 2.0**place
                    losses = []
                    for k in range(80):
                        loss = loss_of(batches[k if seed == 0 else (k * 7 + 11 * seed) % 80])
                        again.zero_grad()
                        loss.backward()
                        again.step()
                        losses.append(loss.item())
                    scores.append(sum(losses[64:]) / 16)
                grid[rate * 2.0**place] = sum(scores) / 3
            model.load_state_dict(start)
            with torch.no_grad():
                untouched = sum(loss_of(b).item() for b in batches) / len(batches)
            out[file] = {"grid": [[k, v] for k, v in grid.items() if abs(v) < 1e30], "start": untouched}
    return out


def groups():
    """Ratios of groups are kept; with `group` the others' rates are."""
    seen = []

    class Watched(torch.optim.SGD):
        def step(self, closure=None):
            seen.append(tuple(g["lr"] for g in self.param_groups))
            return super().step(closure)

    x, y = rows()
    model = nn.Sequential(nn.Linear(20, 32), nn.Tanh(), nn.Linear(32, 4))
    opt = Watched([{"params": model[0].parameters(), "lr": 1e-3, "name": "body"},
                   {"params": model[2].parameters(), "lr": 1e-2, "name": "head"}], lr=1.0)
    loss_of = lambda b: cross_entropy(model(b[0]), b[1])
    batches = [(x[i : i + 64], y[i : i + 64]) for i in range(0, 2048, 64)]
    sp.range_test(model, opt, loss_of, batches, at("groups.jsonl"), steps=32, budget=6, quiet=True)
    ratios = {round(b / a, 6) for a, b in seen}
    seen.clear()
    sp.range_test(model, opt, loss_of, batches, at("head.jsonl"), steps=32, budget=6, group="head", quiet=True)
    return {"ratios": sorted(ratios), "body": sorted({a for a, _ in seen}), "heads": len({b for _, b in seen}),
            "after": [g["lr"] for g in opt.param_groups]}


class Scaler:
    """As torch.cuda.amp.GradScaler scales, on a CPU; its scale doubles every tenth step."""

    def __init__(self):
        self._scale, self.steps = torch.tensor(1024.0), 0

    def scale(self, loss):
        return loss * self._scale

    def step(self, optimizer):
        for p in (p for g in optimizer.param_groups for p in g["params"]):
            p.grad.div_(self._scale)
        optimizer.step()

    def update(self):
        self.steps += 1
        self._scale = self._scale * (2 if self.steps % 10 == 0 else 1)

    def state_dict(self):
        return {"scale": float(self._scale), "steps": self.steps}

    def load_state_dict(self, state):
        self._scale, self.steps = torch.tensor(state["scale"]), state["steps"]


def branched():
    """A training with branches goes on as one without, and they say where whole trainings at their rates end: two groups that
    follow a schedule, and a scaler; two micro-batches a step."""
    alike, ends = {}, {}
    x, _ = rows(256)
    target = x @ torch.linspace(-1, 1, 20).reshape(20, 1)
    steps = 96
    for name, schedule_of in {
        "sgd": lambda opt: torch.optim.lr_scheduler.LambdaLR(opt, lambda t: 1 - t / steps),
        "adam": lambda opt: None,
    }.items():
        def train(factor, branches):
            torch.manual_seed(1)
            random.seed(1)
            model = nn.Sequential(nn.Linear(20, 16), nn.Dropout(0.05), nn.BatchNorm1d(16), nn.Linear(16, 1))
            if name == "sgd":
                opt = torch.optim.SGD([{"params": model[0].parameters(), "lr": 5e-3 * factor},
                                       {"params": model[1:].parameters()}], lr=1e-2 * factor)
            else:
                opt = torch.optim.Adam(model.parameters(), lr=6e-4 * factor)
            scaler = Scaler() if name == "adam" else None
            schedule = schedule_of(opt)
            batches = [(x[i : i + 32], target[i : i + 32]) for i in range(0, 256, 32)]
            loss_of = lambda b: mse_loss(model(b[0]), b[1])
            probe = sp.Probe(model, opt, at(f"branches-{name}.jsonl"), accumulate=2, scaler=scaler) if branches else None
            if branches:
                before = everything(model, opt)
                probe.branches(loss_of, batches, steps=steps, schedule=schedule)
                alike[f"{name} untouched"] = same(before, everything(model, opt))
            losses = []
            for k in range(steps):
                opt.zero_grad()
                for i in (2 * k, 2 * k + 1):
                    loss = loss_of(batches[i % 8])
                    (loss / 2 if scaler is None else scaler.scale(loss / 2)).backward()
                    losses.append(loss.item())
                    if branches and i % 2 == 0:
                        probe.step(loss)
                if scaler:
                    scaler.step(opt)
                    scaler.update()
                else:
                    opt.step()
                if schedule:
                    schedule.step()
                if branches:
                    probe.step(loss)
            if branches:
                probe.close()
            return losses, (everything(model, opt), torch.rand(3), random.random(), scaler and scaler.state_dict(),
                            schedule and schedule.state_dict())

        plain, end = train(1, False)
        losses, branched_end = train(1, True)
        alike[f"{name} goes on alike"] = same([plain, end], [losses, branched_end])
        level = lambda losses: sum(losses[-8:]) / 8
        with open(at(f"branches-{name}.jsonl")) as f:
            found = {k: v for line in f for k, v in json.loads(line).items() if k.startswith("branches/")}
        whole = {"lower": level(train(sp.APART**-1, False)[0]), "same": level(plain), "higher": level(train(sp.APART, False)[0])}
        ends.update({f"{name} {k}": [found[f"branches/{k}"], whole[k], found["branches/start"]] for k in whole})
    return {"alike": alike, "ends": ends}


def odd():
    """No number at all, a rate without effect, and wrong use."""
    x, y = rows()
    model = nn.Sequential(nn.Linear(20, 4))
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    batches = [(x[i : i + 64], y[i : i + 64]) for i in range(0, 2048, 64)]
    run = lambda name, loss_of, **more: sp.range_test(model, opt, loss_of, batches, at(name), steps=32, budget=5, quiet=True, **more)
    run("nan.jsonl", lambda b: model(b[0]).mean() * float("nan"))
    run("same.jsonl", lambda b: model(b[0]).sum() * 0 + 1.0)
    run("high.jsonl", lambda b: cross_entropy(model(b[0]), b[1]), highest=2e-3)

    def word(f):
        try:
            f()
        except sp.ProbeError as error:
            return str(error)

    fine = lambda b: cross_entropy(model(b[0]), b[1])
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(opt)
    probe = sp.Probe(model, opt, at("x.jsonl"))
    return {
        "short": word(lambda: probe.branches(fine, batches, steps=40)),
        "plateau": word(lambda: probe.branches(fine, batches, steps=100, schedule=plateau)),
        "late": word(lambda: (probe.step(1.0), probe.branches(fine, batches, steps=100))),
        "iterator": word(lambda: sp.range_test(model, opt, fine, iter(batches), at("x.jsonl"), quiet=True)),
        "empty": word(lambda: sp.range_test(model, opt, fine, [], at("x.jsonl"), quiet=True)),
        "steps": word(lambda: run("x.jsonl", fine) and sp.range_test(model, opt, fine, batches, at("x.jsonl"), steps=3)),
        "group": word(lambda: run("x.jsonl", fine, group="tail")),
        "bounds": word(lambda: run("x.jsonl", fine, highest=1e-6)),
    }


print(json.dumps({"restored": restored(), "tasks": tasks(), "groups": groups(), "odd": odd(), "branched": branched()}))
