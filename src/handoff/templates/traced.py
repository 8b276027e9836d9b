"""What the traced parts need: tensors under dotted names, and operations PyTorch has no single word for."""
from typing import Callable, Dict, Sequence, Tuple

import torch
from torch import Tensor, nn


class NamedTensors(nn.Module):
    """A module whose parameters and buffers are called "block.0.weight": one child module per dot."""

    def __init__(self, parameters: Dict[str, Tuple[int, ...]], buffers: Dict[str, Tuple[int, ...]]):
        super().__init__()
        for name, shape in parameters.items():
            holder, last = self.holder_of(name)
            holder.register_parameter(last, nn.Parameter(torch.empty(shape)))
        for name, shape in buffers.items():
            holder, last = self.holder_of(name)
            holder.register_buffer(last, torch.empty(shape))

    def holder_of(self, name: str) -> Tuple[nn.Module, str]:
        *path, last = name.split(".")
        holder: nn.Module = self
        for part in path:
            if part not in holder._modules:
                holder.add_module(part, nn.Module())
            holder = holder._modules[part]
        return holder, last

    def tensors(self) -> Dict[str, Tensor]:
        return {**dict(self.named_parameters()), **dict(self.named_buffers())}


def counter(shape: Sequence[int], axis: int, device: torch.device) -> Tensor:
    """The index along one axis at every element."""
    along = [-1 if i == axis else 1 for i in range(len(shape))]
    return torch.arange(shape[axis], dtype=torch.int32, device=device).view(along).expand(shape)


def cut(x: Tensor, starts: Sequence[int], steps: Sequence[int], shape: Sequence[int]) -> Tensor:
    """Every steps-th element from starts on; a negative step walks backwards."""
    for axis, (start, step, size) in enumerate(zip(starts, steps, shape)):
        places = start + step * torch.arange(size, device=x.device)
        x = x.index_select(axis, places)
    return x


def pad(x: Tensor, shape: Sequence[int], low: Sequence[int], steps: Sequence[int], value: float) -> Tensor:
    """x inside a larger tensor of `value`, its elements `steps` apart."""
    out = x.new_full(tuple(shape), value)
    out[tuple(slice(a, a + s * (n - 1) + 1 if n else a, s) for a, s, n in zip(low, steps, x.shape))] = x
    return out


def windows(x: Tensor, sizes: Sequence[int], strides: Sequence[int], dilations: Sequence[int]) -> Tensor:
    """Sliding windows over the last axes: […, positions, window]."""
    first = x.dim() - len(sizes)
    for i, (size, stride, dilation) in enumerate(zip(sizes, strides, dilations)):
        x = x.unfold(first + i, (size - 1) * dilation + 1, stride)[..., ::dilation]
    return x


def rows_at(table: Tensor, indices: Tensor) -> Tensor:
    return table[indices.clamp(0, table.shape[0] - 1).long()]


def add_rows(count: int, indices: Tensor, updates: Tensor) -> Tensor:
    """Rows of equal index added up."""
    rest = updates.shape[indices.dim() :]
    places = indices.clamp(0, count - 1).long().reshape(-1)
    return updates.new_zeros((count, *rest)).index_add(0, places, updates.reshape(-1, *rest))


def with_slope(value: Tensor, x: Tensor, slope: Tensor) -> Tensor:
    """The value, whose derivative with respect to x is declared to be `slope`."""
    return value.detach() + slope.detach() * (x - x.detach())


def matrix_function(function: Callable[..., Tensor], when: Tensor, otherwise: Tensor, *arguments: Tensor) -> Tensor:
    """The function of whole matrices, in float64, at the steps that ask for it."""
    if not bool(when):
        return otherwise
    return function(*(a.double() for a in arguments)).to(otherwise.dtype)


def inverse_root(a: Tensor, given: Tensor) -> Tensor:
    """(a + ε I) to the power −p, given p and ε; negative eigenvalues are rounding."""
    power, epsilon = given
    values, vectors = torch.linalg.eigh(a)
    return (vectors * (values.clamp(min=0) + epsilon) ** -power) @ vectors.transpose(0, 1)


def solve_transposed(upper: Tensor, b: Tensor) -> Tensor:
    return torch.linalg.solve_triangular(upper.triu().transpose(0, 1), b, upper=False)
