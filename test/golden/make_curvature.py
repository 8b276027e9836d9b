"""Writes curvature.json: eigenvalues by LAPACK (numpy.linalg.eigh), a network's Hessian by torch.autograd in float64.

Made with numpy 1.24.2 and torch 1.13.0a0:  python3 make_curvature.py > curvature.json
"""
import json
import numpy as np
import torch

rng = np.random.default_rng(7)


def case(name, a, p=None):
    out = {"name": name, "matrix": a.tolist(), "eigenvalues": np.linalg.eigvalsh(a).tolist()}
    if p is not None:
        s = 1 / np.sqrt(p)
        out["preconditioner"] = p.tolist()
        out["preconditioned"] = np.linalg.eigvalsh(s[:, None] * a * s[None, :]).tolist()
    return out


m = rng.standard_normal((12, 12))
q, _ = np.linalg.qr(rng.standard_normal((8, 8)))
matrices = [
    case("indefinite", (m + m.T) / 2, rng.uniform(0.1, 3, 12)),
    case("condition 1e8, rotated", q @ np.diag(np.logspace(-6, 2, 8)) @ q.T),
    case("repeated eigenvalues", q @ np.diag([5.0, 5, 5, 2, 2, 2, 1, 1]) @ q.T),
    case("tridiagonal", np.diag(np.full(9, 2.0)) - np.diag(np.ones(8), 1) - np.diag(np.ones(8), -1)),
    case("negative definite", -(m @ m.T) / 12 - np.eye(12)),
    case("one", np.array([[-3.5]])),
]

# 3-5-1 tanh network, mean squared error; parameters sin(1), sin(2), … times 0.7, flat in torch's order
x = torch.sin(torch.arange(1, 13, dtype=torch.float64)).reshape(4, 3)
y = torch.tensor([[0.5], [-1.0], [2.0], [0.25]], dtype=torch.float64)
shapes = [(5, 3), (5,), (1, 5), (1,)]
sizes = [int(np.prod(s)) for s in shapes]
theta = 0.7 * torch.sin(torch.arange(1, sum(sizes) + 1, dtype=torch.float64))


def network(flat):
    w1, b1, w2, b2 = [t.reshape(s) for t, s in zip(torch.split(flat, sizes), shapes)]
    return ((torch.tanh(x @ w1.T + b1) @ w2.T + b2 - y) ** 2).mean()


h = torch.autograd.functional.hessian(network, theta).numpy()
v = np.cos(np.arange(1, sum(sizes) + 1))
mlp = {
    "loss": float(network(theta)),
    "gradient": torch.autograd.functional.jacobian(network, theta).tolist(),
    "eigenvalues": np.linalg.eigvalsh(h).tolist(),
    "direction": v.tolist(),
    "product": (h @ v).tolist(),
}

# rows' gradients of least squares ½(a·w − t)² at w = 0: mean and covariance of −t·a, exactly
a = rng.standard_normal((40, 3))
t = a @ np.array([1.0, -2.0, 0.5]) + 0.3 * rng.standard_normal(40)
g = -t[:, None] * a
mean = g.mean(0)
noise = {
    "gradients": g.tolist(),
    "gradientSquared": float(mean @ mean),
    "trace": float(((g - mean) ** 2).sum(1).mean()),
}

print(json.dumps({"matrices": matrices, "mlp": mlp, "noise": noise}, indent=1))
