"""Checkpoints in steepest's form: a safetensors file whose metadata says where the run stood."""
import json
import math
import os
import struct
from typing import Any, Callable, Dict, Iterable, Iterator, Sequence, Tuple

import numpy as np
import torch

FORMAT = "steepest.checkpoint/1"
KINDS = {"F32": np.dtype("<f4"), "F64": np.dtype("<f8"), "I32": np.dtype("<i4")}
NAMES = {torch.float32: "F32", torch.float64: "F64", torch.int32: "I32"}


def read_safetensors(path: str) -> Tuple[Dict[str, torch.Tensor], Dict[str, str]]:
    """Tensors by name, and the metadata. The format: https://github.com/huggingface/safetensors#format"""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    body = np.memmap(path, np.uint8, "r")[8 + length :]
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        values = np.array(body[start:end]).view(KINDS[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values)
    return tensors, metadata


#: A tensor's dtype and shape.
Shape = Tuple[torch.dtype, Sequence[int]]


def safetensors_pieces(
    shapes: Dict[str, Shape], metadata: Dict[str, str], read: Callable[[str], torch.Tensor]
) -> Iterator[bytes]:
    """The bytes of a file, its header first; each tensor is asked for when it is its turn."""
    header: Dict[str, Any] = {"__metadata__": metadata}
    # wide elements first, so that every tensor starts at a multiple of its element size
    ordered = sorted(shapes, key=lambda name: -KINDS[NAMES[shapes[name][0]]].itemsize)
    end = 0
    for name in ordered:
        kind, shape = NAMES[shapes[name][0]], list(shapes[name][1])
        size = math.prod(shape) * KINDS[kind].itemsize
        header[name] = {"dtype": kind, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    yield struct.pack("<Q", len(text)) + text
    for name in ordered:
        tensor = read(name).detach().cpu().contiguous()
        yield tensor.numpy().astype(KINDS[NAMES[tensor.dtype]], copy=False).tobytes()


def read_checkpoint(path: str) -> Tuple[Dict[str, torch.Tensor], Dict[str, Any]]:
    """Tensors and progress. A missing or foreign file raises."""
    tensors, metadata = read_safetensors(path)
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is not a checkpoint of steepest")
    return tensors, {key: revive(json.loads(text)) for key, text in metadata.items() if key != "format"}


def checkpoint_pieces(
    shapes: Dict[str, Shape], progress: Dict[str, Any], read: Callable[[str], torch.Tensor]
) -> Iterator[bytes]:
    metadata = {key: json.dumps(hide(value), separators=(",", ":")) for key, value in progress.items()}
    return safetensors_pieces(shapes, {"format": FORMAT, **metadata}, read)


def encode_checkpoint(tensors: Dict[str, torch.Tensor], progress: Dict[str, Any]) -> bytes:
    shapes = {name: (t.dtype, t.shape) for name, t in tensors.items()}
    return b"".join(checkpoint_pieces(shapes, progress, tensors.__getitem__))


def hide(value: Any) -> Any:
    """JSON has neither NaN nor infinities, and a loss may be one."""
    if isinstance(value, dict):
        return {key: hide(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [hide(v) for v in value]
    return "#" + js_number(value) if isinstance(value, float) and not math.isfinite(value) else value


def revive(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: revive(v) for key, v in value.items()}
    if isinstance(value, list):
        return [revive(v) for v in value]
    return float(value[1:]) if isinstance(value, str) and value in ("#NaN", "#Infinity", "#-Infinity") else value


def js_number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return repr(value)


def replace_file(path: str, pieces: Iterable[bytes]) -> None:
    """Old content or new content, never half of it."""
    temporary = path + ".tmp"
    with open(temporary, "wb") as file:
        for piece in pieces:
            file.write(piece)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
