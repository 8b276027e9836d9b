"""Writes nn.json (layers, losses and initial values) and transformer.json (a 50-step loss curve), from PyTorch.

Run with Debian's python3-torch 1.13 and NumPy 1.24: /usr/bin/python3 make_nn.py
Everything is float64 except where a key says f32. A layer's gradients are those of sum(output * cotangent).
RMSNorm (absent from torch 1.13) and the hinge and focal losses (not in torch.nn) are written from their formulas and
differentiated by PyTorch.
"""
import json
import math
import os

import torch
import torch.nn.functional as F
from torch import nn

HERE = os.path.dirname(os.path.abspath(__file__))
torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
META = {"made_by": "make_nn.py", "torch": torch.__version__}


def tensor(t):
    t = t.detach()
    dtype = "int32" if t.dtype == torch.int64 else "float64"
    flat = [v if math.isfinite(v) else str(v) for v in t.reshape(-1).tolist()]
    return {"shape": list(t.shape), "dtype": dtype, "data": flat}


def randn(*shape, scale=1.0):
    return torch.round(torch.randn(*shape) * scale * 1024) / 1024


# ---------------------------------------------------------------- layers


def layer_case(name, module, x, call=None, train=True):
    module.train(train)
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(randn(*p.shape, scale=0.5))
        for key, b in module.named_buffers():
            if key.endswith("running_mean"):
                b.copy_(randn(*b.shape, scale=0.5))
            if key.endswith("running_var"):
                b.copy_(randn(*b.shape).abs() + 0.5)
    buffers = {k: tensor(b.clone()) for k, b in module.named_buffers() if b.dim() > 0}
    if x.dtype.is_floating_point:
        x = x.clone().requires_grad_(True)
    out = (call or (lambda m, v: m(v)))(module, x)
    cotangent = randn(*out.shape)
    loss = (out * cotangent).sum()
    named = dict(module.named_parameters())
    wrt = list(named.values()) + ([x] if x.dtype.is_floating_point else [])
    grads = torch.autograd.grad(loss, wrt)
    case = {
        "name": name,
        "training": train,
        "params": {k: tensor(p) for k, p in named.items()},
        "buffers": buffers,
        "input": tensor(x),
        "cotangent": tensor(cotangent),
        "output": tensor(out),
        "gradients": {k: tensor(g) for k, g in zip(named, grads)},
        "newBuffers": {k: tensor(b) for k, b in module.named_buffers() if b.dim() > 0},
    }
    if x.dtype.is_floating_point:
        case["inputGradient"] = tensor(grads[-1])
    return case


class RmsNorm(nn.Module):
    def __init__(self, width, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.eps) * self.weight


class Gpt(nn.Module):
    def __init__(self, vocabulary, context, layers, width, heads):
        super().__init__()
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(
                width, heads, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
            )
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, x):
        mask = causal_mask(x.shape[1], self.head.weight.dtype)
        h = self.tokens(x) + self.positions(torch.arange(x.shape[1]))
        for block in self.blocks:
            h = block(h, src_mask=mask)
        return self.head(self.norm(h))


def causal_mask(t, dtype=torch.float64):
    return torch.triu(torch.full((t, t), float("-inf"), dtype=dtype), diagonal=1)


def attend(causal):
    def call(m, x):
        mask = causal_mask(x.shape[1]) if causal else None
        return m(x, x, x, need_weights=False, attn_mask=mask)[0]

    return call


def layers():
    torch.manual_seed(1)
    cases = [
        layer_case("linear", nn.Linear(3, 4), randn(2, 3)),
        layer_case("linear on [N, T, in]", nn.Linear(3, 2), randn(2, 4, 3)),
        layer_case("linear without bias", nn.Linear(3, 2, bias=False), randn(2, 3)),
        layer_case("mlp", nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 2)), randn(4, 3)),
    ]
    x = torch.tensor([-18.0, -4.5, -1.0, -0.125, 0.0, 0.125, 1.0, 4.5, 18.0])
    for name, module in [
        ("relu", nn.ReLU()),
        ("leaky-relu", nn.LeakyReLU()),
        ("elu", nn.ELU()),
        ("gelu", nn.GELU()),
        ("gelu-tanh", nn.GELU(approximate="tanh")),
        ("silu", nn.SiLU()),
        ("mish", nn.Mish()),
        ("softplus", nn.Softplus()),
        ("tanh", nn.Tanh()),
        ("sigmoid", nn.Sigmoid()),
        ("identity", nn.Identity()),
    ]:
        cases.append(layer_case(f"activation {name}", module, x))
    cases += [
        layer_case("softplus beta 2", nn.Softplus(beta=2), x / 4),
        layer_case("softmax", nn.Softmax(-1), randn(2, 5)),
        layer_case("logSoftmax axis 1", nn.LogSoftmax(1), randn(2, 3, 2)),
        layer_case("conv2d", nn.Conv2d(2, 3, 3), randn(2, 2, 5, 4)),
        layer_case("conv2d stride 2 padding 1", nn.Conv2d(2, 3, 3, stride=2, padding=1), randn(2, 2, 5, 6)),
        layer_case("conv2d dilation 2 no bias", nn.Conv2d(1, 2, 2, dilation=2, bias=False), randn(1, 1, 5, 5)),
        layer_case("conv2d groups 2 kernel 2x3", nn.Conv2d(4, 6, (2, 3), groups=2, padding=(0, 1)), randn(2, 4, 3, 4)),
        layer_case("conv2d depthwise", nn.Conv2d(3, 3, 2, groups=3), randn(1, 3, 3, 3)),
        layer_case("conv2d same, even kernel", nn.Conv2d(1, 2, 4, padding="same"), randn(1, 1, 5, 6)),
        layer_case("maxPool2d 2", nn.MaxPool2d(2), randn(2, 2, 4, 5)),
        layer_case("maxPool2d ties, 3 stride 2 padding 1", nn.MaxPool2d(3, 2, 1), torch.round(randn(1, 2, 5, 5)).relu()),
        layer_case("avgPool2d 3 stride 2 padding 1", nn.AvgPool2d(3, 2, 1), randn(1, 2, 5, 5)),
        layer_case("globalAvgPool2d", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()), randn(2, 3, 3, 4)),
        layer_case("embedding", nn.Embedding(5, 3), torch.tensor([[0, 4, 4], [2, 0, 1]])),
        layer_case("layerNorm", nn.LayerNorm(4), randn(2, 3, 4)),
        layer_case("layerNorm two axes eps 0.1", nn.LayerNorm((3, 4), eps=0.1), randn(2, 3, 4)),
        layer_case("layerNorm without affine", nn.LayerNorm(4, elementwise_affine=False), randn(2, 4)),
        layer_case("rmsNorm", RmsNorm(4, 2.0**-52), randn(2, 3, 4)),
        layer_case("rmsNorm eps 0.1", RmsNorm(4, 0.1), randn(2, 4)),
        layer_case("batchNorm [N, C]", nn.BatchNorm1d(3), randn(5, 3)),
        layer_case("batchNorm [N, C] evaluating", nn.BatchNorm1d(3), randn(5, 3), train=False),
        layer_case("batchNorm images, momentum 0.3", nn.BatchNorm2d(2, momentum=0.3), randn(3, 2, 2, 3)),
        layer_case("multiHeadAttention", nn.MultiheadAttention(4, 2, batch_first=True), randn(2, 3, 4), attend(False)),
        layer_case("multiHeadAttention causal", nn.MultiheadAttention(6, 3, batch_first=True), randn(2, 4, 6), attend(True)),
        layer_case("multiHeadAttention no bias", nn.MultiheadAttention(4, 1, bias=False, batch_first=True), randn(1, 3, 4), attend(False)),
        layer_case(
            "transformerBlock",
            nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, activation="gelu", batch_first=True, norm_first=True),
            randn(2, 3, 4),
            lambda m, v: m(v, src_mask=causal_mask(3)),
        ),
        layer_case("gru", nn.GRU(2, 3, batch_first=True), randn(2, 4, 2), lambda m, v: m(v)[0]),
        layer_case("gru 2 layers, last", nn.GRU(2, 3, num_layers=2, batch_first=True), randn(2, 3, 2), lambda m, v: m(v)[0][:, -1]),
        layer_case("gru no bias", nn.GRU(2, 2, bias=False, batch_first=True), randn(1, 3, 2), lambda m, v: m(v)[0]),
        layer_case("gpt", Gpt(5, 4, 2, 4, 2), torch.tensor([[0, 4, 1], [2, 2, 3]])),
    ]
    return cases


# ---------------------------------------------------------------- losses


def loss_case(name, loss, options, output, target, formula):
    z = output.clone().requires_grad_(True)
    value = formula(z, target)
    (g,) = torch.autograd.grad(value, z)
    return {
        "name": name,
        "loss": loss,
        "options": options,
        "output": tensor(output),
        "target": tensor(target),
        "value": value.item(),
        "gradient": tensor(g),
    }


def focal(z, y, gamma, alpha):
    p = torch.sigmoid(z)
    ce = F.binary_cross_entropy_with_logits(z, y, reduction="none")
    weight = alpha * y + (1 - alpha) * (1 - y) if alpha >= 0 else 1.0
    return (weight * (1 - (p * y + (1 - p) * (1 - y))) ** gamma * ce).mean()


def losses():
    torch.manual_seed(2)
    z, labels = randn(4, 3, scale=2), torch.tensor([0, 2, 1, 2])
    seq, seq_labels = randn(2, 3, 4), torch.tensor([[0, 3, 1], [2, 1, 0]])
    ignored = torch.tensor([0, -100, 1, -100])
    big = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0], [1e4, 1e4, 1e4]])
    big_labels = torch.tensor([0, 0, 1])
    logits, y = randn(6, scale=3), torch.tensor([0.0, 1.0, 1.0, 0.0, 0.25, 0.75])
    extreme = torch.tensor([1e4, -1e4, 1e4, -1e4, 0.0, 40.0, -40.0, 800.0])
    extreme_y = torch.tensor([1.0, 0.0, 0.0, 1.0, 1.0, 1.0, 0.0, 0.25])
    probs = torch.tensor([0.0, 1.0, 0.0, 1.0, 0.25, 0.75, 1e-13, 0.5])
    probs_y = torch.tensor([0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.25])
    a, b = randn(3, 2, scale=2), randn(3, 2, scale=2)
    a[0, 0] = b[0, 0]
    a[1, 1] = b[1, 1] + 1.0
    sign = torch.tensor([-1.0, 1.0, 1.0, -1.0, 1.0, -1.0])
    logp = F.log_softmax(randn(3, 4), -1)
    q = F.softmax(randn(3, 4), -1)
    q[0] = torch.tensor([0.0, 0.5, 0.5, 0.0])
    ce, swap = F.cross_entropy, lambda t: t.transpose(1, -1)
    out = []
    add = lambda *args: out.append(loss_case(*args))
    for reduction in ("mean", "sum"):
        o = {"reduction": reduction}
        add(f"softmax-cross-entropy {reduction}", "softmax-cross-entropy", o, z, labels, lambda z, t: ce(z, t, **o))
        add(f"bce-with-logits {reduction}", "bce-with-logits", o, logits, y, lambda z, t: F.binary_cross_entropy_with_logits(z, t, **o))
        add(f"bce {reduction}", "bce", o, probs, probs_y, lambda p, t: F.binary_cross_entropy(p, t, **o))
        add(f"mse {reduction}", "mse", o, a, b, lambda z, t: F.mse_loss(z, t, **o))
        add(f"l1 {reduction}", "l1", o, a, b, lambda z, t: F.l1_loss(z, t, **o))
        add(f"nll {reduction}", "nll", o, logp, torch.tensor([3, 0, 1]), lambda z, t: F.nll_loss(z, t, **o))
    for reduction in ("mean", "sum", "batchmean"):
        o = {"reduction": reduction}
        add(f"kl {reduction}", "kl", o, logp, q, lambda z, t: F.kl_div(z, t, **o))
    add("softmax-cross-entropy smoothed", "softmax-cross-entropy", {"labelSmoothing": 0.1}, z, labels, lambda z, t: ce(z, t, label_smoothing=0.1))
    add("softmax-cross-entropy [N, T, C]", "softmax-cross-entropy", {}, seq, seq_labels, lambda z, t: ce(swap(z), t))
    add("softmax-cross-entropy ignoring", "softmax-cross-entropy", {"ignoreIndex": -100}, z, ignored, lambda z, t: ce(z, t))
    add("softmax-cross-entropy smoothed and ignoring", "softmax-cross-entropy", {"ignoreIndex": -100, "labelSmoothing": 0.2}, z, ignored, lambda z, t: ce(z, t, label_smoothing=0.2))
    add("softmax-cross-entropy |z| = 1e4", "softmax-cross-entropy", {}, big, big_labels, ce)
    add("nll ignoring", "nll", {"ignoreIndex": 1}, logp, torch.tensor([3, 1, 1]), lambda z, t: F.nll_loss(z, t, ignore_index=1))
    add("bce-with-logits |z| = 1e4", "bce-with-logits", {}, extreme, extreme_y, F.binary_cross_entropy_with_logits)
    add("bce-with-logits posWeight 3", "bce-with-logits", {"posWeight": 3}, logits, y, lambda z, t: F.binary_cross_entropy_with_logits(z, t, pos_weight=torch.tensor(3.0)))
    add("huber", "huber", {}, a, b, F.huber_loss)
    add("huber delta 0.5", "huber", {"delta": 0.5}, a, b, lambda z, t: F.huber_loss(z, t, delta=0.5))
    add("smooth-l1 beta 0.5", "smooth-l1", {"beta": 0.5}, a, b, lambda z, t: F.smooth_l1_loss(z, t, beta=0.5))
    # off the kink: torch 1.13 gives -1 at an error of exactly 0 here, where its l1_loss gives 0
    add("smooth-l1 beta 0", "smooth-l1", {"beta": 0}, a + 0.125, b, lambda z, t: F.smooth_l1_loss(z, t, beta=0.0))
    add("hinge", "hinge", {}, logits, sign, lambda z, t: F.relu(1 - z * t).mean())
    add("hinge squared, margin 2", "hinge", {"power": 2, "margin": 2}, logits, sign, lambda z, t: (F.relu(2 - z * t) ** 2).mean())
    add("multi-margin", "multi-margin", {}, z, labels, F.multi_margin_loss)
    add("multi-margin squared", "multi-margin", {"power": 2, "margin": 0.5}, z, labels, lambda z, t: F.multi_margin_loss(z, t, p=2, margin=0.5))
    add("focal", "focal", {}, logits, y, lambda z, t: focal(z, t, 2, 0.25))
    add("focal gamma 1.5 unweighted", "focal", {"gamma": 1.5, "alpha": -1}, logits, y, lambda z, t: focal(z, t, 1.5, -1))
    return out


# ---------------------------------------------------------------- initial values


def initial_values():
    made = []
    for name, make in [
        ("mlp", lambda: nn.Sequential(nn.Linear(4, 3), nn.ReLU(), nn.Linear(3, 2))),
        ("conv2d", lambda: nn.Conv2d(4, 2, (2, 3), groups=2)),
        ("gru", lambda: nn.GRU(2, 3, num_layers=2, batch_first=True)),
        ("embedding", lambda: nn.Embedding(5, 4)),
    ]:
        torch.manual_seed(42)
        torch.set_default_dtype(torch.float32)
        made.append({"name": name, "seed": 42, "params_f32": {k: tensor(p) for k, p in make().state_dict().items()}})
        torch.set_default_dtype(torch.float64)
    return made


# ---------------------------------------------------------------- a training curve

CURVE = {"layers": 2, "width": 32, "heads": 2, "context": 32, "batch": 4, "steps": 50}
ADAMW = {"lr": 3e-3, "betas": [0.9, 0.999], "eps": 1e-8, "weightDecay": 0.01}


def curve(dtype):
    text = open(os.path.join(HERE, "text.txt"), encoding="utf-8").read()
    alphabet = sorted(set(text))
    tokens = torch.tensor([alphabet.index(c) for c in text])
    torch.set_default_dtype(dtype)
    model = Gpt(len(alphabet), CURVE["context"], CURVE["layers"], CURVE["width"], CURVE["heads"])
    torch.set_default_dtype(torch.float64)
    state = 12345
    with torch.no_grad():
        for name, p in model.named_parameters():
            values = []
            for _ in range(p.numel()):
                state = (state * 1664525 + 1013904223) % 2**32
                values.append((state / 2**32 - 0.5) * 0.125 + (1.0 if "norm" in name and name.endswith("weight") else 0.0))
            p.copy_(torch.tensor(values).reshape(p.shape))
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=ADAMW["lr"], betas=tuple(ADAMW["betas"]), eps=ADAMW["eps"], weight_decay=ADAMW["weightDecay"]
    )
    t, losses = CURVE["context"], []
    for step in range(CURVE["steps"]):
        starts = [(step * CURVE["batch"] + b) * 37 % (len(tokens) - t) for b in range(CURVE["batch"])]
        x = torch.stack([tokens[s : s + t] for s in starts])
        y = torch.stack([tokens[s + 1 : s + t + 1] for s in starts])
        loss = F.cross_entropy(model(x).transpose(1, 2), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return alphabet, losses


def write(name, content):
    with open(os.path.join(HERE, name), "w", encoding="utf-8") as file:
        json.dump(content, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    write("nn.json", {"meta": META, "layers": layers(), "losses": losses(), "initialValues": initial_values()})
    alphabet, f64 = curve(torch.float64)
    _, f32 = curve(torch.float32)
    write(
        "transformer.json",
        {
            "meta": META,
            "model": {**CURVE, "vocabulary": len(alphabet)},
            "alphabet": "".join(alphabet),
            "weights": "in the order of named_parameters: s = 12345, then s = (1664525 s + 1013904223) mod 2^32 and "
            "w = (s/2^32 - 0.5)/8 for each value, plus 1 for the weights of norms",
            "batches": "row b of step k (from 0) starts at character 37 (4 k + b) mod (length - context)",
            "optimizer": {"name": "adamw", **ADAMW},
            "losses_f64": f64,
            "losses_f32": f32,
        },
    )
