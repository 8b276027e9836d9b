"""A character model with AdamW and its own cosine, that logs as the Hugging Face Trainer does."""
import argparse
import json
import math
import os

import torch
import torch.nn.functional as F
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--learning_rate", type=float, default=1e-3)
parser.add_argument("--max_steps", type=int, default=300)
parser.add_argument("--output_dir", default="out")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()

torch.manual_seed(args.seed)
torch.set_num_threads(1)

words = "the a big small red old cat dog bird man sees hears likes and but runs sleeps near under house tree".split()
g = torch.Generator().manual_seed(3)
text = ""
while len(text) < 20000:
    n = [words[i] for i in torch.randint(2, (2,), generator=g)]
    a = [words[2 + i] for i in torch.randint(4, (2,), generator=g)]
    s = [words[6 + i] for i in torch.randint(4, (2,), generator=g)]
    v = words[10 + int(torch.randint(3, (1,), generator=g))]
    text += f"{n[0]} {a[0]} {s[0]} {v} {n[1]} {a[1]} {s[1]}. "
chars = sorted(set(text))
ids = torch.tensor([chars.index(c) for c in text])


class Model(nn.Module):
    def __init__(self, width=48, context=32):
        super().__init__()
        self.token = nn.Embedding(len(chars), width)
        self.place = nn.Embedding(context, width)
        layer = nn.TransformerEncoderLayer(width, 4, 96, dropout=0.0, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(width, len(chars))
        self.register_buffer("mask", torch.full((context, context), -math.inf).triu(1))

    def forward(self, x):
        h = self.token(x) + self.place.weight
        return self.head(self.blocks(h, mask=self.mask))


model = Model()
optimizer = torch.optim.AdamW(model.parameters(), lr=args.learning_rate, weight_decay=0.01)
scheduler = torch.optim.lr_scheduler.LambdaLR(
    optimizer, lambda s: min(1.0, (s + 1) / 20) * 0.5 * (1 + math.cos(math.pi * s / args.max_steps))
)
os.makedirs(args.output_dir, exist_ok=True)
state = {"global_step": 0, "max_steps": args.max_steps, "log_history": []}
for step in range(1, args.max_steps + 1):
    at = torch.randint(len(ids) - 33, (16,))
    block = torch.stack([ids[i : i + 33] for i in at])
    loss = F.cross_entropy(model(block[:, :-1]).flatten(0, 1), block[:, 1:].flatten())
    optimizer.zero_grad()
    loss.backward()
    norm = nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    rate = scheduler.get_last_lr()[0]
    optimizer.step()
    scheduler.step()
    if step % 5 == 0:
        entry = {"loss": round(loss.item(), 4), "grad_norm": norm.item(), "learning_rate": rate, "epoch": round(step / 39, 2)}
        print(entry, flush=True)
        state["global_step"] = step
        state["log_history"].append({**entry, "step": step})
        with open(os.path.join(args.output_dir, "trainer_state.json"), "w") as f:
            json.dump(state, f, indent=2)
