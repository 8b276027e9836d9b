"""
Checkpoints of a run with --shard. Each process writes and reads its own part of every tensor, and any number of processes goes
on from them. When the run ends they are joined to safetensors; after a crash `python3 sharded.py DIR` does it, too.
"""
import json
import os
import shutil
import sys
import warnings
from typing import Any, Dict, Optional

import torch

import checkpoint as files
from arguments import Refusal

PROGRESS = "progress.json"


def folder_of(out: str) -> str:
    return os.path.join(out, "sharded")


def newest(out: str) -> Optional[str]:
    """The last whole checkpoint in parts of a run's folder: the highest step whose progress was written, at the end."""
    folder = folder_of(out)
    names = os.listdir(folder) if os.path.isdir(folder) else []
    steps = [int(name[5:]) for name in names if name.startswith("last-") and is_whole(os.path.join(folder, name))]
    return os.path.join(folder, f"last-{max(steps)}") if steps else None


def is_whole(path: str) -> bool:
    return os.path.exists(os.path.join(path, PROGRESS))


def read_progress(path: str) -> Dict[str, Any]:
    with open(os.path.join(path, PROGRESS), encoding="utf-8") as file:
        return files.revive(json.load(file))


def shapes_in(path: str) -> Dict[str, Any]:
    """(dtype, shape) of each tensor by name."""
    tensors = library().FileSystemReader(path).read_metadata().state_dict_metadata
    return {name: (entry.properties.dtype, tuple(entry.size)) for name, entry in tensors.items()}


def fill(path: str, tensors: Dict[str, torch.Tensor]) -> None:
    """Reads the tensors, or this process's part of them. All processes of a group have to take part."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that a single process reads is meant
        library().load(dict(tensors), checkpoint_id=path)


class Parts:
    """Writes the checkpoints of a run: `last` is valid once its progress is written, and names its `best` by the step."""

    def __init__(self, out: str, writes: bool):
        self.folder, self.writes = folder_of(out), writes
        if writes and os.path.isdir(self.folder):
            for name in os.listdir(self.folder):
                if not is_whole(os.path.join(self.folder, name)):
                    shutil.rmtree(os.path.join(self.folder, name))

    def save(self, kind: str, tensors: Dict[str, torch.Tensor], progress: Dict[str, Any]) -> None:
        """All processes have to take part. `kind` is last or best."""
        path = os.path.join(self.folder, f"{kind}-{progress['step']}")
        # the state of a step is written once
        if is_whole(path):
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            library().save(dict(tensors), checkpoint_id=path)
        if not self.writes:
            return
        files.replace_file(os.path.join(path, PROGRESS), [json.dumps(files.hide(progress)).encode()])
        if kind == "last":
            best = progress["best"] and f"best-{progress['best']['step']}"
            for name in os.listdir(self.folder):
                if name not in (os.path.basename(path), best):
                    shutil.rmtree(os.path.join(self.folder, name))


def join(out: str) -> bool:
    """Makes safetensors of a run's checkpoints in parts, one tensor at a time, and removes the parts. False: there are none."""
    last = newest(out)
    if last is None:
        return False
    best = read_progress(last)["best"]
    best = best and os.path.join(folder_of(out), f"best-{best['step']}")
    for kind, path in (("best", best), ("last", last)):
        if path is None or not is_whole(path):
            continue
        shapes = shapes_in(path)

        def read(name: str) -> torch.Tensor:
            dtype, shape = shapes[name]
            tensor = torch.empty(shape, dtype=dtype)
            fill(path, {name: tensor})
            return tensor

        pieces = files.checkpoint_pieces(shapes, read_progress(path), read)
        files.replace_file(os.path.join(out, f"checkpoint-{kind}.safetensors"), pieces)
    shutil.rmtree(folder_of(out))
    return True


def library():
    try:
        import torch.distributed.checkpoint as checkpoints

        return checkpoints if hasattr(checkpoints, "load") else refuse()
    except ImportError:
        return refuse()


def refuse():
    what = f"PyTorch {torch.__version__} can't read checkpoints in parts"
    raise Refusal("no-shard", what, "use PyTorch 2.6 or later")


def main() -> int:
    if len(sys.argv) != 2:
        print("usage: python3 sharded.py DIR", file=sys.stderr)
        return 2
    out = sys.argv[1]
    try:
        joined = join(out)
    except Refusal as refusal:
        print(f"error[{refusal.id}]: {refusal.what}\nhelp: {refusal.help}", file=sys.stderr)
        return 2
    last = os.path.join(out, "checkpoint-last.safetensors")
    print(f"{last} is written" if joined else f"{folder_of(out)} holds no whole checkpoint: nothing is changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
