"""An autoencoder in NumPy, written as people write JAX: a tree of weights, pure functions, Lion by hand; JSON lines."""
import argparse
import json
import os

import numpy as np

parser = argparse.ArgumentParser()
parser.add_argument("--workdir", default=".")
parser.add_argument("--config.learning_rate", dest="rate", type=float, default=1e-4)
parser.add_argument("--config.seed", dest="seed", type=int, default=0)
parser.add_argument("--config.num_steps", dest="steps", type=int, default=400)
flags = parser.parse_args()


def init(key, sizes):
    return [{"w": key.normal(size=(m, n)) / np.sqrt(m), "b": np.zeros(n)} for m, n in zip(sizes, sizes[1:])]


def loss_and_grads(params, x):
    inputs, h = [], x
    for i, layer in enumerate(params):
        inputs.append(h)
        h = h @ layer["w"] + layer["b"]
        h = np.tanh(h) if i < len(params) - 1 else h
    delta = 2 * (h - x) / x.size
    grads = []
    for i, layer in reversed(list(enumerate(params))):
        grads.insert(0, {"w": inputs[i].T @ delta, "b": delta.sum(0)})
        delta = (delta @ layer["w"].T) * (1 - inputs[i] ** 2)
    return float(np.mean((h - x) ** 2)), grads


def tree_map(f, *trees):
    return [{k: f(*(t[k] for t in layers)) for k in layers[0]} for layers in zip(*trees)]


def lion(params, m, grads, rate, b1=0.9, b2=0.99):
    params = tree_map(lambda p, m, g: p - rate * np.sign(b1 * m + (1 - b1) * g), params, m, grads)
    return params, tree_map(lambda m, g: b2 * m + (1 - b2) * g, m, grads)


rows = np.random.default_rng(5)
x = np.tanh(rows.normal(size=(2000, 6)) @ rows.normal(size=(6, 40)) / 2) + 0.05 * rows.normal(size=(2000, 40))
key = np.random.default_rng(flags.seed)
params = init(key, [40, 32, 6, 32, 40])
m = tree_map(np.zeros_like, params)
with open(os.path.join(flags.workdir, "metrics.jsonl"), "w") as log:
    for step in range(1, flags.steps + 1):
        loss, grads = loss_and_grads(params, x[key.integers(len(x), size=64)])
        params, m = lion(params, m, grads, flags.rate)
        norm = np.sqrt(sum((g**2).sum() for layer in grads for g in layer.values()))
        if step % 5 == 0:
            scalars = {"train/loss": loss, "train/grad_norm": float(norm), "train/examples": 64 * step}
            log.write(json.dumps({"step": step, "scalars": scalars}) + "\n")
            log.flush()
