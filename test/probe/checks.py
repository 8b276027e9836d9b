"""Numbers of the probe beside the same numbers made another way: plain loops, dense Hessians, single rows' gradients.

Prints one JSON object. Run by probe.test.ts with the path of steepest_probe.py's folder and a folder to write into."""
import json
import os
import sys

import torch
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss

sys.path.insert(0, sys.argv[1])
import steepest_probe as sp

folder = sys.argv[2]
torch.set_num_threads(1)
EAGER = dict(overhead=1.0)  # looks as often as it can; watch=True looks at every step, whatever the time


def lines(name):
    with open(os.path.join(folder, name)) as f:
        return [json.loads(line) for line in f]


def at(name):
    return os.path.join(folder, name)


def data(rows=512, columns=6, seed=3):
    g = torch.Generator().manual_seed(seed)
    x = torch.randn(rows, columns, generator=g)
    return x, x.pow(2).sum(1, keepdim=True) / 3 + 0.3 * torch.randn(rows, 1, generator=g)


def small(seed=0, dropout=0.0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Dropout(dropout), nn.Linear(12, 10), nn.ReLU(), nn.Linear(10, 1))


def untouched():
    """Weights, buffers, optimizer state and random numbers of two trainings, one of them with a probe that measures."""

    def train(probed):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 1))
        opt = torch.optim.AdamW(model.parameters(), lr=1e-2)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(opt, 60)
        x, y = data()
        loss_of = lambda b: mse_loss(model(b[0]), b[1])
        probe = sp.Probe(model, opt, at("untouched.jsonl"), **EAGER) if probed else None
        for _ in range(60):
            rows = torch.randint(len(x), (32,))
            batch = (x[rows], y[rows])
            loss = loss_of(batch)
            opt.zero_grad()
            loss.backward()
            opt.step()
            schedule.step()
            if probe:
                probe.step(loss)
                probe.measure(loss_of, batch, now=True)
        if probe:
            probe.close()
        state = [t for s in opt.state.values() for t in s.values() if isinstance(t, torch.Tensor)]
        return [*model.state_dict().values(), *state, torch.rand(3)], [p.grad for p in model.parameters()]

    a, b = train(False), train(True)
    return all(torch.equal(s, t) for x, y in zip(a, b) for s, t in zip(x, y))


def loop():
    """What each step logs, beside what the loop itself knows: two groups, a clip, micro-batches, a schedule."""
    model = small()
    opt = torch.optim.Adam([{"params": model[:2].parameters(), "lr": 2e-3, "name": "body"},
                            {"params": model[3:].parameters(), "name": "head"}], lr=1e-2)
    probe = sp.Probe(model, opt, at("loop.jsonl"), accumulate=3, watch=True)
    schedule = torch.optim.lr_scheduler.StepLR(opt, 10, 0.5)
    x, y = data()
    known = []
    for step in range(40):
        opt.zero_grad()
        total = 0.0
        rates = [g["lr"] for g in opt.param_groups]
        for micro in range(3):
            rows = torch.arange(16) + 16 * ((3 * step + micro) % 32)
            loss = mse_loss(model(x[rows]), y[rows])
            (loss / 3).backward()
            total += loss.item() / 3
            if micro < 2:
                probe.step(loss)
        norm = nn.utils.clip_grad_norm_(model.parameters(), 5.0).item()
        before = [[p.detach().clone() for p in g["params"]] for g in opt.param_groups]
        opt.step()
        flat = lambda ts: torch.cat([t.detach().reshape(-1) for t in ts])
        change = [flat(g["params"]) - flat(b) for g, b in zip(opt.param_groups, before)]
        scale = [flat([(opt.state[p]["exp_avg_sq"] / (1 - 0.999 ** opt.state[p]["step"])).sqrt() + 1e-8 for p in g["params"]])
                 for g in opt.param_groups]
        known.append({
            "loss": total, "lr": rates[0], "lr/body": rates[0], "lr/head": rates[1], "grad_norm": norm,
            "clipped_share": 1 if norm > 5 else 0,
            **{f"update_ratio/{n}": (c.norm() / flat(b).norm()).item() for n, c, b in zip(("body", "head"), change, before)},
            **{f"update_rms/{n}": c.pow(2).mean().sqrt().item() for n, c in zip(("body", "head"), change)},
            **{f"effective_lr/{n}": r / s.median().item() for n, r, s in zip(("body", "head"), rates, scale)},
        })
        schedule.step()
        probe.step(loss)
    probe.close()
    rows = [r for r in lines("loop.jsonl") if "loss" in r]
    worst, seen = {}, {}
    for row, want in zip(rows, known):
        for key, value in row.items():
            if key in want:
                seen[key] = seen.get(key, 0) + 1
                worst[key] = max(worst.get(key, 0), abs(value - want[key]) / max(1e-12, abs(want[key])))
    return {"steps": [r["step"] for r in rows] == list(range(1, 41)), "worst": worst, "seen": seen,
            "clipped": sorted({r["clipped_share"] for r in rows if "clipped_share" in r}),
            "unknown": sorted({k for r in rows for k in r} - set(known[0]) - {"step", "dead_units"})}


OPTIMIZERS = {
    "SGD": lambda ps: torch.optim.SGD(ps, lr=0.05, momentum=0.9, weight_decay=1e-2),
    "Adam": lambda ps: torch.optim.Adam(ps, lr=3e-3),
    "Adam amsgrad": lambda ps: torch.optim.Adam(ps, lr=3e-3, amsgrad=True),
    "AdamW": lambda ps: torch.optim.AdamW(ps, lr=3e-3),
    "NAdam": lambda ps: torch.optim.NAdam(ps, lr=1e-3),
    "RAdam": lambda ps: torch.optim.RAdam(ps, lr=1e-3),
    "RMSprop": lambda ps: torch.optim.RMSprop(ps, lr=1e-3),
    "Adagrad": lambda ps: torch.optim.Adagrad(ps, lr=1e-2),
}


def dense(model, loss_of):
    """The Hessian in float64, row by row."""
    model = model.double()
    params = list(model.parameters())
    grads = torch.autograd.grad(loss_of(), params, create_graph=True)
    flat = torch.cat([g.reshape(-1) for g in grads])
    rows = [torch.cat([h.reshape(-1) for h in torch.autograd.grad(flat[i], params, retain_graph=True)]) for i in range(len(flat))]
    return torch.stack(rows)


def divisor(name, group, state, p):
    t = float(state.get("step", 0))
    if name == "SGD":
        return torch.ones(p.numel(), dtype=torch.float64)
    if name in ("RMSprop", "Adagrad"):
        v = state["square_avg" if name == "RMSprop" else "sum"].double().reshape(-1)
        return v.sqrt() + group["eps"]
    v = state["max_exp_avg_sq" if "amsgrad" in name else "exp_avg_sq"].double().reshape(-1)
    root = (1 - 0.999**t) ** 0.5
    return (v.sqrt() + group["eps"]) / root if name == "RAdam" else v.sqrt() / root + group["eps"]


def sharpness():
    """Relative error of the largest eigenvalue, for optimizers with one group and with two at different rates."""
    out = {}
    x, y = data()
    for name, make in OPTIMIZERS.items():
        for groups in (1, 2):
            model = small(seed=1)
            opt = make(model.parameters() if groups == 1 else
                       [{"params": model[:2].parameters(), "lr": 2e-3}, {"params": model[3:].parameters()}])
            for step in range(100):
                rows = torch.arange(64) + 64 * (step % 8)
                opt.zero_grad()
                mse_loss(model(x[rows]), y[rows]).backward()
                opt.step()
            batch = (x[:256], y[:256])
            found = sp.measure(model, opt, lambda b: mse_loss(model(b[0]), b[1]), batch)
            lr = opt.param_groups[0]["lr"]
            d = torch.cat([divisor(name, g, opt.state[p], p) * lr / g["lr"] for g in opt.param_groups for p in g["params"]])
            h = dense(model, lambda: mse_loss(model(batch[0].double()), batch[1].double()))
            if name == "SGD":
                h = h + 1e-2 * torch.eye(len(h))
            root = d.rsqrt()
            true = torch.linalg.eigvalsh(root[:, None] * h * root[None]).max().item()
            out[f"{name} {groups}"] = {
                "error": abs(found["sharpness"] / true - 1), "limit": found["limit"], "sharpness": found["sharpness"],
                "stability": found["stability"], "lr": lr, "within": abs(found["sharpness"] - true) <= found["sharpness_error"] + 1e-3 * true,
            }
    return out


class Once(torch.autograd.Function):
    """tanh whose derivative can't be taken again, as in some fused kernels."""

    @staticmethod
    def forward(ctx, x):
        y = x.tanh()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx, g):
        (y,) = ctx.saved_tensors
        return g * (1 - y * y)


def differences():
    """The same curvature where an operation has no second derivative."""
    model = small(seed=2)
    model[4] = nn.Tanh()
    opt = torch.optim.SGD(model.parameters(), lr=0.05)
    x, y = data()
    plain = sp.measure(model, opt, lambda b: mse_loss(model(b[0]), b[1]), (x, y))["sharpness"]
    before = [p.detach().clone() for p in model.parameters()]
    once = lambda h: model[5](model[4](model[3](Once.apply(model[0](h)))))
    other = sp.measure(model, opt, lambda b: mse_loss(once(b[0]), b[1]), (x, y))["sharpness"]
    return {"error": abs(other / plain - 1), "same": all(torch.equal(a, b) for a, b in zip(before, model.parameters()))}


def noise():
    """tr(S)/|G|^2 from measurements on batches of 64, beside that from every row's own gradient."""
    torch.manual_seed(4)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
    x = torch.randn(1500, 8)
    y = (x[:, :4] + 0.7 * torch.randn(1500, 4)).argmax(1)
    opt = torch.optim.SGD(model.parameters(), lr=0.1)
    loss_of = lambda b: cross_entropy(model(b[0]), b[1])
    for _ in range(20):
        opt.zero_grad()
        loss_of((x, y)).backward()
        opt.step()
    flat = lambda loss: torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, list(model.parameters()))])
    rows = torch.stack([flat(loss_of((x[i : i + 1], y[i : i + 1]))) for i in range(len(x))]).double()
    mean = rows.mean(0)
    true = ((rows - mean) ** 2).sum(1).mean() / (mean @ mean)
    sums = {2: [0.0, 0.0], 4: [0.0, 0.0]}
    with open(at("noise.jsonl"), "w") as f:
        f.write(json.dumps({"schema": "steepest.probe/1", **sp.describe(opt), "accumulate": 1, "processes": 1}) + "\n")
        for k in range(300):
            at_ = torch.randint(len(x), (64,))
            for parts, s in sums.items():
                found = sp.measure(model, opt, loss_of, (x[at_], y[at_]), parts=parts, products=2)
                s[0] += found["noise_trace"]
                s[1] += found["noise_gradient_squared"]
                if parts == 2:
                    f.write(json.dumps({"step": k + 1, "loss": 1.0, "lr": 0.1, **found}) + "\n")
    return {"true": true.item(), **{f"parts {p}": s[0] / s[1] for p, s in sums.items()}}


def dead():
    """Units whose bias keeps them at zero: 3 of 10 before one layer, none of 12 before another."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(6, 10), nn.ReLU(), nn.Linear(10, 12), nn.ReLU(), nn.Linear(12, 1))
    with torch.no_grad():
        model[0].bias[:3] = -1000
        model[2].bias.fill_(10)
    opt = torch.optim.SGD(model.parameters(), lr=1e-5)
    x, y = data(2048)
    with sp.Probe(model, opt, at("dead.jsonl"), watch=True) as probe:
        for k in range(30):
            loss = mse_loss(model(x[64 * k : 64 * k + 64]), y[64 * k : 64 * k + 64])
            opt.zero_grad()
            loss.backward()
            opt.step()
            probe.step(loss)
    return sorted({round(r["dead_units"], 6) for r in lines("dead.jsonl") if "dead_units" in r})


class Broken(nn.Module):
    def __init__(self, what):
        super().__init__()
        self.what, self.on = what, False

    def forward(self, x):
        if self.on and self.what == "output":
            return x / (x - x)
        if self.on:
            x.register_hook(lambda g: g * float("nan"))
        return x


def broken(what):
    """A layer that makes numbers which are not finite, from step 10 on."""
    torch.manual_seed(0)
    odd = Broken(what)
    model = nn.Sequential(nn.Linear(6, 8), odd, nn.Tanh(), nn.Linear(8, 1))
    opt = torch.optim.SGD(model.parameters(), lr=1e-3)
    x, y = data(64)
    with sp.Probe(model, opt, at(f"broken-{what}.jsonl"), watch=True) as probe:
        for k in range(1, 16):
            odd.on = k >= 10
            loss = mse_loss(model(x), y)
            opt.zero_grad()
            loss.backward()
            opt.step()
            probe.step(loss)
    return [r for r in lines(f"broken-{what}.jsonl") if "nonfinite" in r]


class Scaler:
    """As torch.cuda.amp.GradScaler keeps its scale, on a CPU."""

    def __init__(self):
        self._scale = torch.tensor(1024.0)


def scaled():
    """With a loss scale: the norm is without it, and a step that is left out is told."""
    model = small()
    opt = torch.optim.SGD(model.parameters(), lr=1e-3)
    scaler = Scaler()
    x, y = data(64)
    probe = sp.Probe(model, opt, at("scaled.jsonl"), scaler=scaler, watch=True)
    norms = []
    for k in range(12):
        loss = mse_loss(model(x), y)
        opt.zero_grad()
        (loss * scaler._scale).backward()
        for p in model.parameters():
            p.grad.div_(scaler._scale)
        norms.append(nn.utils.clip_grad_norm_(model.parameters(), 0.1).item())
        if k != 5:
            opt.step()
        else:
            scaler._scale.mul_(0.5)
        probe.step(loss)
    probe.close()
    rows = [r for r in lines("scaled.jsonl") if "loss" in r]
    return {
        "error": max(abs(r["grad_norm"] / n - 1) for r, n in zip(rows, norms) if "grad_norm" in r),
        "norms": sum("grad_norm" in r for r in rows),
        "clipped": sorted({r["clipped_share"] for r in rows if "clipped_share" in r}),
        "skipped": [r["step"] for r in rows if r["skipped"]],
        "scales": sorted({r["loss_scale"] for r in rows}),
    }


def pace():
    """Share of the time that work takes which the pace lets through, and how often it runs: seconds are made up."""
    out = {}
    for cost in (1e-5, 1e-3, 0.1):
        p, spent, runs = sp._Pace(0.01, rarest=10**9), 0.0, 0
        for _ in range(100_000):
            if p.due(0.01):
                p.paid(cost)
                spent += cost
                runs += 1
        out[str(cost)] = {"share": spent / 1000, "runs": runs}
    return out


class State:
    global_step = 0


def trainers():
    """The callbacks as trainers call them."""

    class Output(dict):
        __getattr__ = dict.get

    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.net = small()

        def forward(self, x=None, labels=None):
            out = self.net(x)
            return Output(loss=mse_loss(out, labels), logits=out)

    model, x_y = Model(), data(128)
    opt = torch.optim.AdamW(model.parameters(), lr=1e-3)
    state, callback = State(), sp.hugging_face(at("hf.jsonl"))
    callback.on_init_end(None, state, None)
    callback.on_train_begin(None, state, None, model=model, optimizer=opt)
    known = []
    for k in range(25):
        total = 0.0
        for _ in range(2):
            loss = model(x=x_y[0], labels=x_y[1])["loss"]
            (loss / 2).backward()
            total += loss.item() / 2
        opt.step()
        opt.zero_grad()
        known.append(total)
        state.global_step += 1
        callback.on_step_end(None, state, None, model=model, optimizer=opt)
    callback.on_train_end(None, state, None)
    hf = [r for r in lines("hf.jsonl") if "loss" in r]

    module = small()
    opt = torch.optim.AdamW(module.parameters(), lr=1e-3)

    class Trainer:
        optimizers, global_step = [opt], 0

    trainer = Trainer()
    callback = sp.lightning(at("lightning.jsonl"), lambda m, b: mse_loss(m(b[0]), b[1]))
    callback.on_train_start(trainer, module)
    for k in range(50):
        loss = mse_loss(module(x_y[0]), x_y[1])
        loss.backward()
        if k % 2 == 1:
            opt.step()
            opt.zero_grad()
            trainer.global_step += 1
        callback.on_train_batch_end(trainer, module, {"loss": loss}, x_y, k)
    callback.on_train_end(trainer, module)
    light = lines("lightning.jsonl")
    return {
        "hf": [[r["step"], abs(r["loss"] - n) < 1e-6] for r, n in zip(hf, known)] == [[k + 1, True] for k in range(25)],
        "lightning": [r["step"] for r in light if "loss" in r] == list(range(1, 26)),
        "measured": sum("sharpness" in r for r in light),
    }


def refusals():
    def word(f):
        try:
            f()
        except sp.ProbeError as error:
            return str(error)

    model = small()
    opt = torch.optim.SGD(model.parameters(), lr=1e-3)
    return {
        "accumulate": word(lambda: sp.Probe(model, opt, at("r.jsonl"), accumulate=0)),
        "overhead": word(lambda: sp.Probe(model, opt, at("r.jsonl"), overhead=2)),
        "optimizer": word(lambda: sp.Probe(model, "adam", at("r.jsonl"))),
    }


print(json.dumps({
    "untouched": untouched(), "loop": loop(), "sharpness": sharpness(), "differences": differences(), "noise": noise(),
    "dead": dead(), "output": broken("output"), "gradient": broken("gradient"), "scaled": scaled(), "pace": pace(),
    "trainers": trainers(), "refusals": refusals(),
}))
