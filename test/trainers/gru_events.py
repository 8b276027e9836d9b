"""A GRU that adds two marked numbers of a sequence; RMSprop; scalars in a TensorBoard event file written by hand."""
import argparse
import os
import struct
import time

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-3)
parser.add_argument("--steps", type=int, default=400)
parser.add_argument("--logdir", default="runs")
parser.add_argument("--seed", type=int, default=0)
args = parser.parse_args()


class Events:
    """Just enough of tensorboard's format: length, checksum, protobuf."""

    def __init__(self, folder):
        os.makedirs(folder, exist_ok=True)
        self.table = []
        for n in range(256):
            for _ in range(8):
                n = (n >> 1) ^ (0x82F63B78 if n & 1 else 0)
            self.table.append(n)
        self.file = open(os.path.join(folder, f"events.out.tfevents.{int(time.time())}.host"), "wb")
        self.record(self.double(1, time.time()) + self.text(3, b"brain.Event:2"))

    def crc(self, data):
        c = 0xFFFFFFFF
        for b in data:
            c = self.table[(c ^ b) & 255] ^ (c >> 8)
        c ^= 0xFFFFFFFF
        return ((((c >> 15) | (c << 17)) & 0xFFFFFFFF) + 0xA282EAD8) & 0xFFFFFFFF

    def varint(self, n):
        out = b""
        while n > 127:
            out, n = out + bytes([n & 127 | 128]), n >> 7
        return out + bytes([n])

    def double(self, field, v):
        return bytes([field << 3 | 1]) + struct.pack("<d", v)

    def text(self, field, data):
        return bytes([field << 3 | 2]) + self.varint(len(data)) + data

    def record(self, data):
        head = struct.pack("<Q", len(data))
        self.file.write(head + struct.pack("<I", self.crc(head)) + data + struct.pack("<I", self.crc(data)))
        self.file.flush()

    def scalar(self, tag, value, step):
        v = self.text(1, tag.encode()) + bytes([2 << 3 | 5]) + struct.pack("<f", value)
        self.record(self.double(1, time.time()) + bytes([2 << 3]) + self.varint(step) + self.text(5, self.text(1, v)))


torch.manual_seed(args.seed)
torch.set_num_threads(1)
writer = Events(args.logdir)


class Adder(nn.Module):
    def __init__(self):
        super().__init__()
        self.gru = nn.GRU(2, 32, batch_first=True)
        self.head = nn.Linear(32, 1)

    def forward(self, x):
        return self.head(self.gru(x)[0][:, -1])[:, 0]


model = Adder()
optim = torch.optim.RMSprop(model.parameters(), lr=args.lr)
for step in range(args.steps):
    value = torch.rand(64, 12)
    mark = torch.zeros(64, 12)
    mark.scatter_(1, torch.stack([torch.randperm(12)[:2] for _ in range(64)]), 1.0)
    target = (value * mark).sum(1)
    loss = (model(torch.stack([value, mark], 2)) - target).square().mean()
    optim.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optim.step()
    writer.scalar("train/loss", loss.item(), step)
    writer.scalar("train/lr", args.lr, step)
