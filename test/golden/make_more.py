#!/usr/bin/python3
"""Reference paths of the optimizers that neither PyTorch nor make_golden.py has: optimizers-more.json.

Run:  /usr/bin/python3 make_more.py     (beside make_golden.py, whose problems and runner it uses)
Each class is written in NumPy float64 from the paper it names; where the authors' code differs, the docstring says
which is followed. Nothing here was made with steepest.
"""
import json, math, os
import numpy as np
import make_golden as G
from make_golden import Opt

class Prodigy(Opt):
    "Mishchenko & Defazio 2024, algorithm 4 (d in the moments, old d in the step, new d beside eps)"
    defaults = dict(betas=(0.9, 0.999), eps=1e-8, d0=1e-6, d_coef=1.0, weight_decay=0.0, bias_correction=False)
    def update(s, P, p, t, lr):
        b1, b2 = s.betas; b3 = math.sqrt(b2)
        if t == 1: s.o.update(m=s.zeros(p), v=s.zeros(p), q=s.zeros(p), x0=[x.copy() for x in p], d=s.d0, r=0.0)
        G_ = P.g(p); d = s.d; dlr = d * lr * (math.sqrt(1 - b2 ** t) / (1 - b1 ** t) if s.bias_correction else 1)
        dot = sum(float((g * (a - x)).sum()) for g, a, x in zip(G_, s.x0, p))
        r = b3 * s.r + d / s.d0 * dlr * dot
        for i, g in enumerate(G_):
            s.m[i] = b1 * s.m[i] + (1 - b1) * d * g; s.v[i] = b2 * s.v[i] + (1 - b2) * d * d * g * g
            s.q[i] = b3 * s.q[i] + d / s.d0 * dlr * g
        l1 = sum(float(np.abs(q).sum()) for q in s.q); new = max(d, s.d_coef * r / l1) if l1 else d
        for i, x in enumerate(p): x -= dlr * s.weight_decay * x + dlr * s.m[i] / (np.sqrt(s.v[i]) + new * s.eps)
        s.o.update(d=new, r=r)
class DAdaptAdam(Opt):
    "Defazio & Mishchenko 2023, algorithm 5 as in the authors' code: <g, s> is weighted by the v of the step before"
    defaults = dict(betas=(0.9, 0.999), eps=1e-8, d0=1e-6, weight_decay=0.0, bias_correction=False)
    def update(s, P, p, t, lr):
        b1, b2 = s.betas; q2 = math.sqrt(b2)
        if t == 1: s.o.update(m=s.zeros(p), v=s.zeros(p), q=s.zeros(p), d=s.d0, r=0.0)
        G_ = P.g(p); d = s.d; dlr = d * lr * (math.sqrt(1 - b2 ** t) / (1 - b1 ** t) if s.bias_correction else 1)
        dot = sum(float((g * q / (np.sqrt(v) + s.eps)).sum()) for g, q, v in zip(G_, s.q, s.v))
        for i, g in enumerate(G_):
            s.m[i] = b1 * s.m[i] + (1 - b1) * dlr * g; s.v[i] = b2 * s.v[i] + (1 - b2) * g * g; s.q[i] = q2 * s.q[i] + (1 - q2) * dlr * g
        r = q2 * s.r + (1 - q2) * dlr * dot; l1 = sum(float(np.abs(q).sum()) for q in s.q)
        for i, x in enumerate(p): x -= dlr * s.weight_decay * x + s.m[i] / (np.sqrt(s.v[i]) + s.eps)
        s.o.update(r=r, d=max(d, r / ((1 - q2) * l1)) if l1 else d)
class AdEMAMix(Opt):
    "Pagliardini, Ablin & Grangier 2024, algorithm 1, with the schedulers of alpha (linear) and beta3 (linear half-life)"
    defaults = dict(betas=(0.9, 0.999, 0.9999), alpha=5.0, warmup_steps=0, eps=1e-8, weight_decay=0.0)
    def update(s, P, p, t, lr):
        b1, b2, b3 = s.betas; T = s.warmup_steps
        if t == 1: s.o.update(m1=s.zeros(p), m2=s.zeros(p), v=s.zeros(p))
        al = s.alpha * min(1.0, t / T) if T else s.alpha
        if T:
            f = min(1.0, t / T); half = lambda b: math.log(0.5) / math.log(b)      # steps in which b halves
            h = (1 - f) * half(b1) + f * half(b3); b3 = 0.5 ** (1 / h)
        for i, (x, g) in enumerate(zip(p, P.g(p))):
            s.m1[i] = b1 * s.m1[i] + (1 - b1) * g; s.m2[i] = b3 * s.m2[i] + (1 - b3) * g; s.v[i] = b2 * s.v[i] + (1 - b2) * g * g
            x -= lr * ((s.m1[i] / (1 - b1 ** t) + al * s.m2[i]) / (np.sqrt(s.v[i] / (1 - b2 ** t)) + s.eps) + s.weight_decay * x)
class MADGRAD(Opt):
    "Defazio & Jelassi 2022, algorithm 1; the authors' code adds eps to lr and to the cube root"
    defaults = dict(momentum=0.9, eps=1e-6, weight_decay=0.0)
    def update(s, P, p, t, lr):
        if t == 1: s.o.update(q=s.zeros(p), v=s.zeros(p), x0=[x.copy() for x in p])
        lam = (lr + s.eps) * math.sqrt(t)
        for i, (x, g) in enumerate(zip(p, P.g(p))):
            g = g + s.weight_decay * x; s.q[i] = s.q[i] + lam * g; s.v[i] = s.v[i] + lam * g * g
            z = s.x0[i] - s.q[i] / (np.cbrt(s.v[i]) + s.eps); x[...] = s.momentum * x + (1 - s.momentum) * z
class SM3(Opt):
    "Anil et al. 2019, SM3-II with an averaged step; eps is under the root as in optax"
    defaults = dict(momentum=0.9, eps=1e-8)
    def update(s, P, p, t, lr):
        if t == 1: s.o.update(m=s.zeros(p), acc=[[np.zeros(n) for n in x.shape] for x in p])
        for i, (x, g) in enumerate(zip(p, P.g(p))):
            nu = np.empty_like(x)
            for at in np.ndindex(*x.shape): nu[at] = min(s.acc[i][ax][j] for ax, j in enumerate(at)) + g[at] ** 2
            for ax in range(x.ndim):
                for j in range(x.shape[ax]): s.acc[i][ax][j] = np.take(nu, j, axis=ax).max()
            u = np.where(nu > 0, g / np.sqrt(nu + s.eps), 0.0); s.m[i] = s.momentum * s.m[i] + (1 - s.momentum) * u; x -= lr * s.m[i]
class OptimisticGD(Opt):
    "Mokhtari et al. 2019: x -= lr ((alpha+beta) g_t - beta g_{t-1}), g_0 = g_1"
    defaults = dict(alpha=1.0, beta=1.0)
    def update(s, P, p, t, lr):
        G_ = [g.copy() for g in P.g(p)]
        if t == 1: s.o['prev'] = G_
        for x, g, q in zip(p, G_, s.prev): x -= lr * ((s.alpha + s.beta) * g - s.beta * q)
        s.o['prev'] = G_

CASES = [('prodigy/default', Prodigy, 'one', dict(d0=1e-3)), ('prodigy/wd+correction', Prodigy, 'one', dict(d0=1e-3, weight_decay=0.1, bias_correction=True, d_coef=0.5)),
    ('d-adapt-adam/default', DAdaptAdam, 'one', dict(d0=1e-3)), ('d-adapt-adam/wd+correction', DAdaptAdam, 'one', dict(d0=1e-3, weight_decay=0.1, bias_correction=True)),
    ('ademamix/default', AdEMAMix, 'sign', {}), ('ademamix/warmup+wd', AdEMAMix, 'sign', dict(warmup_steps=20, weight_decay=0.1, betas=(0.9, 0.99, 0.999))),
    ('madgrad/default', MADGRAD, 'sign', {}), ('madgrad/wd', MADGRAD, 'sign', dict(weight_decay=0.1, momentum=0.5)), ('sm3', SM3, 'adam', {}),
    ('optimistic-gd', OptimisticGD, 'sgd', {}), ('optimistic-gd/opts', OptimisticGD, 'sgd', dict(alpha=0.8, beta=0.3))]
if __name__ == '__main__':
    cases = []
    for name, cls, kind, o in CASES:
        for pn in ('quad5', 'mat'):
            P = G.PROBLEMS[pn]; lr = G.LR[kind][pn]; rec = G.run_numpy(cls, P, lr, o)
            cases.append(dict(id=f'numpy/{name}/{pn}', optimizer=cls.__name__, source='numpy', problem=pn, lr=lr, options={**cls.defaults, **o},
                definition=cls.__doc__, **G.tol(rec, lambda sd: G.run_numpy(cls, G.Noisy(P, sd), lr, o)), at=rec))
    G.dump('optimizers-more.json', dict(meta=G.META, cases=cases))
