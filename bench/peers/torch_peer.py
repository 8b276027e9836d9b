"""PyTorch. Speaks the protocol of protocol.mjs: prepare, print the check, then one round per line read."""
import json
import os
import sys
import time

import numpy as np
import torch
import torch.nn.functional as F

workload, folder = sys.argv[1:3]
torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "1")))
clock = time.perf_counter


def load(name, *shape):
    return torch.from_numpy(np.fromfile(f"{folder}/{name}.bin", dtype=np.float32).reshape(shape))


def per_step(step, seconds):
    count, cpu, start = 0, time.process_time(), clock()
    while True:
        step()
        count += 1
        elapsed = clock() - start
        if elapsed >= seconds:
            return {"wall": elapsed * 1e3 / count, "cpu": (time.process_time() - cpu) * 1e3 / count}


def w1():
    X, y = load("w1_X", 1000, 3), load("w1_y", 1000, 1)

    def train(make):
        model = torch.nn.Linear(3, 1)
        with torch.no_grad():
            model.weight.copy_(load("w1_w", 3, 1).t())
            model.bias.copy_(load("w1_b", 1))
        optimizer, criterion, history = make(model.parameters()), torch.nn.BCELoss(), []
        for _ in range(500):
            loss = criterion(torch.sigmoid(model(X)), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            history.append(loss.item())
        return history[-1]

    sgd = lambda: train(lambda p: torch.optim.SGD(p, lr=1e-3))
    adam = lambda: train(lambda p: torch.optim.Adam(p, lr=1e-2))
    check = {"SGD loss": sgd(), "Adam loss": adam()}
    return check, lambda seconds: {"sgd": per_step(sgd, seconds / 2), "adam": per_step(adam, seconds / 2)}


def training(step):
    for _ in range(20):
        loss = step()
    return {"loss after 20": loss.item()}, lambda seconds: {"step": per_step(step, seconds)}


def mlp(batch):
    X, y = load("w2_X", 512, 784)[:batch].clone(), load("w2_y", 512)[:batch].long()
    linears = [torch.nn.Linear(*s) for s in ((784, 256), (256, 128), (128, 10))]
    with torch.no_grad():
        for i, layer in enumerate(linears):
            layer.weight.copy_(load(f"w2_w{i}", layer.in_features, layer.out_features).t())
            layer.bias.copy_(load(f"w2_b{i}", layer.out_features))
    relu = torch.nn.ReLU()
    model = torch.nn.Sequential(linears[0], relu, linears[1], relu, linears[2])
    optimizer, criterion = torch.optim.Adam(model.parameters(), lr=1e-3), torch.nn.CrossEntropyLoss()

    def step():
        loss = criterion(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return training(step)


def transformer():
    context, vocabulary, width, layers, batch, heads = 64, 65, 128, 2, 16, 4
    flat, at, P = load("w3_params", -1), 0, {}
    for name, shape in json.load(open(f"{folder}/w3_meta.json")):
        size = int(np.prod(shape))
        P[name] = flat[at : at + size].reshape(shape).clone().requires_grad_()
        at += size
    tokens = load("w3_ids", batch, context).long()
    targets = load("w3_tgt", batch, context).long().reshape(-1)
    mask = torch.full((context, context), -1e9).triu(1)
    parameters = list(P.values())
    optimizer = torch.optim.AdamW(parameters, lr=3e-4, weight_decay=0.01)
    part = (batch, context, 3, heads, width // heads)

    def step():
        x = F.embedding(tokens, P["tok"]) + P["pos"]
        for l in range(layers):
            h = F.layer_norm(x, (width,), P[f"ln1g{l}"], P[f"ln1b{l}"])
            q, k, v = (h @ P[f"wqkv{l}"] + P[f"bqkv{l}"]).reshape(part).permute(2, 0, 3, 1, 4)
            scores = q @ k.transpose(-1, -2) * (width // heads) ** -0.5 + mask
            mixed = (torch.softmax(scores, -1) @ v).transpose(1, 2).reshape(batch, context, width)
            x = x + mixed @ P[f"wo{l}"] + P[f"bo{l}"]
            h = F.layer_norm(x, (width,), P[f"ln2g{l}"], P[f"ln2b{l}"])
            x = x + F.gelu(h @ P[f"w1{l}"] + P[f"b1{l}"], approximate="tanh") @ P[f"w2{l}"] + P[f"b2{l}"]
        logits = F.layer_norm(x, (width,), P["lnfg"], P["lnfb"]) @ P["head"] + P["hb"]
        loss = F.cross_entropy(logits.reshape(-1, vocabulary), targets)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return loss

    return training(step)


def adam_alone():
    """Ten million parameters as one tensor, as 100 tensors, and those with PyTorch's foreach kernels; the best counts."""
    size = 10_000_000
    ramp = torch.from_numpy(np.float32(0.01) * ((np.arange(size) % 7) - 3).astype(np.float32))
    steps, values = {}, []
    for name, count, foreach in (("one", 1, False), ("hundred", 100, False), ("foreach", 100, True)):
        parameters = [torch.ones(size // count).requires_grad_() for _ in range(count)]
        for p, g in zip(parameters, ramp.split(size // count)):
            p.grad = g.clone()
        optimizer = torch.optim.Adam(parameters, lr=1e-3, foreach=foreach)
        for _ in range(5):
            optimizer.step()
        values.append(parameters[0][1].item())
        steps[name] = optimizer.step
    if max(values) - min(values) > 1e-6:
        raise SystemExit(f"the three ways differ: {values}")

    def measure(seconds):
        found = {name: per_step(step, seconds / 3) for name, step in steps.items()}
        return {"step": min(found.values(), key=lambda times: times["wall"]), **found}

    return {"p[1] after 5": values[0]}, measure


def product():
    a, b = load("w5_a", 1024, 1024), load("w5_b", 1024, 1024)
    for _ in range(10):
        c = torch.mm(a, b)
    return {"c[3, 5]": c[3, 5].item()}, lambda seconds: {"product": per_step(lambda: torch.mm(a, b), seconds)}


def network(kind, model, data, x, at):
    """W6 and W7: weights from the data, biases 0. `at` gives steepest's number of a layer for torch's."""
    X, y = load(data, -1)[: int(np.prod(x))].reshape(x).clone(), load("w6_y", 256)[: x[0]].long()
    with torch.no_grad():
        for name, p in model.named_parameters():
            layer, leaf = name.split(".")
            file = f"{kind}_{at(layer)}.{leaf}"
            if os.path.exists(f"{folder}/{file}.bin"):
                p.copy_(load(file, *p.shape))
            elif not isinstance(model[int(layer)], torch.nn.BatchNorm2d):
                p.zero_()
    parameters = list(model.parameters())
    optimizer, criterion = torch.optim.AdamW(parameters, lr=1e-3, weight_decay=0.01), torch.nn.CrossEntropyLoss()

    def step():
        loss = criterion(model(X), y)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        return loss

    return training(step)


def conv(inputs, outputs):
    return torch.nn.Conv2d(inputs, outputs, 3, padding=1)


def cnn(batch):
    nn = torch.nn
    model = nn.Sequential(conv(1, 16), nn.ReLU(), nn.MaxPool2d(2), conv(16, 32), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Flatten(), nn.Linear(1568, 64), nn.ReLU(), nn.Linear(64, 10))
    return network("cnn", model, "w6_X", (batch, 1, 28, 28), str)


def deep():
    nn, layers = torch.nn, []
    for inputs, outputs in ((3, 32), (32, 32), (32, 64), (64, 64)):
        layers += [conv(inputs, outputs), nn.BatchNorm2d(outputs), nn.ReLU()]
        if inputs == outputs:
            layers.append(nn.MaxPool2d(2))
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(4096, 10))
    return network("deep", model, "w6_deep_X", (32, 3, 32, 32), str)


class Last(torch.nn.Module):
    def forward(self, found):
        return found[0][:, -1]


def recurrent():
    model = torch.nn.Sequential(torch.nn.GRU(32, 128, batch_first=True), Last(), torch.nn.Linear(128, 10))
    return network("gru", model, "w7_X", (32, 64, 32), lambda layer: {"0": "0", "2": "1"}[layer])


prepare = {
    "w1": w1,
    "w1-cold": w1,
    "w2-64": lambda: mlp(64),
    "w2-512": lambda: mlp(512),
    "w3": transformer,
    "w4": adam_alone,
    "w5": product,
    "w6-64": lambda: cnn(64),
    "w6-256": lambda: cnn(256),
    "w6-deep": deep,
    "w7": recurrent,
}
check, measure = prepare[workload]()
print(json.dumps({"check": check}), flush=True)
if workload != "w1-cold":
    for line in sys.stdin:
        print(json.dumps({"times": measure(float(line))}), flush=True)
