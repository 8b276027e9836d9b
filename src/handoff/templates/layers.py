"""The parts of steepest's transformer: tensors are named as in PyTorch's TransformerEncoderLayer."""
from typing import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SelfAttention(nn.Module):
    """Causal self-attention with the tensors of nn.MultiheadAttention. x [N, T, width] → the same shape."""

    def __init__(self, width: int, heads: int, dropout: float):
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.in_proj_weight = nn.Parameter(torch.empty(3 * width, width))
        self.in_proj_bias = nn.Parameter(torch.empty(3 * width))
        self.out_proj = nn.Linear(width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, t, width = x.shape
        qkv = F.linear(x, self.in_proj_weight, self.in_proj_bias).view(n, t, 3, self.heads, width // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)  # each [N, heads, T, width/heads]
        dropout = self.dropout if self.training else 0.0
        if hasattr(F, "scaled_dot_product_attention"):  # PyTorch 2
            mixed = F.scaled_dot_product_attention(q, k, v, dropout_p=dropout, is_causal=True)
        else:
            later = torch.ones(t, t, dtype=torch.bool, device=x.device).triu(1)
            scores = (q * q.shape[-1] ** -0.5 @ k.transpose(-2, -1)).masked_fill(later, -torch.inf)
            mixed = F.dropout(torch.softmax(scores, -1), dropout) @ v
        return self.out_proj(mixed.transpose(1, 2).reshape(n, t, width))


class Block(nn.Module):
    """x + attention(norm(x)), then x + feedForward(norm(x))."""

    def __init__(self, width: int, heads: int, feed_forward: int, activation: Callable, dropout: float):
        super().__init__()
        self.self_attn = SelfAttention(width, heads, dropout)
        self.linear1 = nn.Linear(width, feed_forward)
        self.activation = activation()
        self.dropout = nn.Dropout(dropout)
        self.linear2 = nn.Linear(feed_forward, width)
        self.norm1 = nn.LayerNorm(width)
        self.norm2 = nn.LayerNorm(width)
        self.dropout1 = nn.Dropout(dropout)
        self.dropout2 = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.dropout1(self.self_attn(self.norm1(x)))
        inner = self.dropout(self.activation(self.linear1(self.norm2(x))))
        return x + self.dropout2(self.linear2(inner))


class Gpt(nn.Module):
    """A GPT-like language model: tokens [N, T] → logits [N, T, vocabulary], or [N, vocabulary] of the last position."""

    def __init__(
        self,
        vocabulary: int,
        context: int,
        layers: int,
        width: int,
        heads: int,
        feed_forward: int,
        activation: Callable = nn.GELU,
        dropout: float = 0.0,
        tied: bool = False,
        predict: str = "every",
    ):
        super().__init__()
        self.predict = predict
        self.tokens = nn.Embedding(vocabulary, width)
        self.positions = nn.Embedding(context, width)
        self.dropout = nn.Dropout(dropout)
        blocks = (Block(width, heads, feed_forward, activation, dropout) for _ in range(layers))
        self.blocks = nn.Sequential(*blocks)
        self.norm = nn.LayerNorm(width)
        if not tied:
            self.head = nn.Linear(width, vocabulary, bias=False)

    def forward(self, tokens: Tensor) -> Tensor:
        places = torch.arange(tokens.shape[1], device=tokens.device)
        h = self.norm(self.blocks(self.dropout(self.tokens(tokens) + self.positions(places))))
        if self.predict == "next":
            h = h[:, -1]
        return self.head(h) if hasattr(self, "head") else h @ self.tokens.weight.T
