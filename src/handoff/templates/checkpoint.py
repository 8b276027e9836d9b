"""Checkpoints in steepest's form: a safetensors file whose metadata says where the run stood."""
import json
import math
import os
import struct
from typing import Any, Dict, Tuple

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
        body = file.read()
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        start, end = entry["data_offsets"]
        values = np.frombuffer(body[start:end], KINDS[entry["dtype"]]).reshape(entry["shape"])
        tensors[name] = torch.from_numpy(values.copy())
    return tensors, metadata


def encode_safetensors(tensors: Dict[str, torch.Tensor], metadata: Dict[str, str]) -> bytes:
    header: Dict[str, Any] = {"__metadata__": metadata}
    # wide elements first, so that every tensor starts at a multiple of its element size
    ordered = sorted(tensors.items(), key=lambda item: -item[1].element_size())
    pieces, end = [], 0
    for name, tensor in ordered:
        kind = NAMES[tensor.dtype]
        data = tensor.detach().cpu().contiguous().numpy().astype(KINDS[kind], copy=False).tobytes()
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [end, end + len(data)]}
        pieces.append(data)
        end += len(data)
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return b"".join([struct.pack("<Q", len(text)), text, *pieces])


def read_checkpoint(path: str) -> Tuple[Dict[str, torch.Tensor], Dict[str, Any]]:
    """Tensors and progress. A missing or foreign file raises."""
    tensors, metadata = read_safetensors(path)
    if metadata.get("format") != FORMAT:
        raise ValueError(f"{path} is not a checkpoint of steepest")
    return tensors, {key: revive(json.loads(text)) for key, text in metadata.items() if key != "format"}


def encode_checkpoint(tensors: Dict[str, torch.Tensor], progress: Dict[str, Any]) -> bytes:
    metadata = {key: json.dumps(hide(value), separators=(",", ":")) for key, value in progress.items()}
    return encode_safetensors(tensors, {"format": FORMAT, **metadata})


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


def replace_file(path: str, data: bytes) -> None:
    """Old content or new content, never half of it."""
    temporary = path + ".tmp"
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
