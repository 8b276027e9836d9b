"""Less memory for each process: weights shared out among all of them, and activations that are computed again."""
from typing import Dict, List

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from arguments import Refusal


def blocks_of(model: nn.Module) -> List[nn.Module]:
    """The blocks of a transformer; none of another model."""
    lists = [m.blocks for m in model.modules() if isinstance(getattr(m, "blocks", None), (nn.Sequential, nn.ModuleList))]
    return [block for blocks in lists for block in blocks]


def recompute(model: nn.Module) -> None:
    """Keeps only each block's input; what is inside is computed again when its gradient is."""
    blocks = blocks_of(model)
    if not blocks:
        what = "--checkpoint-activations is for models of blocks, and this one has none"
        raise Refusal("no-blocks", what, "leave it out; --accumulate saves memory, too")
    for block in blocks:
        block.forward = lambda x, inside=block.forward: checkpoint(inside, x, use_reentrant=False)


def shard(model: nn.Module, device: torch.device) -> None:
    """FSDP2: each process keeps its part of every tensor; a block is whole only while it computes."""
    try:
        from torch.distributed.device_mesh import init_device_mesh
        from torch.distributed.fsdp import fully_shard
    except ImportError:
        what = f"PyTorch {torch.__version__} has no fully_shard"
        raise Refusal("no-shard", what, "use PyTorch 2.6 or later, or leave out --shard") from None
    mesh = init_device_mesh(device.type, (dist.get_world_size(),))
    for part in [*blocks_of(model), model]:
        fully_shard(part, mesh=mesh)


def whole(t: Tensor) -> Tensor:
    """A tensor with the parts of all processes, which all have to ask for it; itself where it is not shared out."""
    return t.full_tensor() if hasattr(t, "full_tensor") else t


def shared_as(t: Tensor, like: Tensor) -> Tensor:
    """This process's part of a whole tensor, shared out as `like` is."""
    if not hasattr(like, "full_tensor"):
        return t
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(t.to(device=like.device, dtype=like.dtype), like.device_mesh, like.placements)


def spread(tensors: Dict[str, Tensor], over: Dict[str, Tensor]) -> None:
    """Fills the tensors of all processes from those of process 0, which alone has them; no other ever holds them all."""
    for name, like in over.items():
        t = tensors[name] if dist.get_rank() == 0 else torch.empty(like.shape, dtype=like.dtype)
        if hasattr(like, "full_tensor"):
            like.copy_(shared_as(t, like))
        else:
            like.copy_(t)
            dist.broadcast(like, src=0)
