"""The options of train.py, and how they change the run."""
import argparse
import copy
import math
from typing import Any, Dict

from data import here, load_json

#: The form of project.json that these files read.
SCHEMA = "steepest.torch/2"


class Refusal(Exception):
    """Something a person has to change: an id to search for, what is wrong, and what to do about it."""

    def __init__(self, id: str, what: str, help: str):
        super().__init__(what)
        self.id, self.what, self.help = id, what, help


def parse_arguments(description: str):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    run = parser.add_argument_group("the run (default: as project.json has it)")
    run.add_argument("--lr", type=float, metavar="RATE", help="learning rate; the run's schedule is scaled with it")
    run.add_argument("--steps", type=int, metavar="N", help="steps in all; the run's schedule is stretched to them")
    run.add_argument("--batch-size", type=int, metavar="N", help="rows of a step, of all processes together")
    run.add_argument("--schedule", choices=sorted(SHAPES), help="another schedule")
    run.add_argument("--warmup", type=int, default=0, metavar="N", help="first steps of --schedule, rising to the rate")

    parser.add_argument("--out", default=here("."), help="folder of metrics and checkpoints, to go on from if it has any")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], default="auto")
    parser.add_argument(
        "--precision",
        choices=["auto", "full", "bf16", "fp16"],
        default="auto",
        help="of forward and backward; auto: bf16 for a float32 run on a GPU that has it, full otherwise",
    )
    parser.add_argument("--amp", action="store_true", help="16 bits also where auto stays full")
    parser.add_argument("--loss-scale", type=float, default=65536.0, help="where fp16's loss scale starts")
    parser.add_argument("--tf32", action="store_true", help="float32 matrix products in TF32 (Ampere and later)")
    parser.add_argument("--compile", action="store_true", help="compile the model (PyTorch 2)")
    parser.add_argument("--shard", action="store_true", help="share out weights and optimizer state, too (PyTorch 2.6)")
    parser.add_argument(
        "--checkpoint-activations", action="store_true", help="less memory: compute each block's insides twice"
    )
    parser.add_argument(
        "--data",
        choices=["auto", "disk", "device"],
        default="auto",
        help="where rows are kept; auto: on the GPU where they take less than a quarter of its free memory; with --workers disk",
    )
    parser.add_argument("--workers", type=int, default=0, metavar="N", help="processes that read batches ahead")
    parser.add_argument(
        "--read-every", type=int, metavar="N", help="steps between two reads of the metrics; CPU 1, GPU 50"
    )
    parser.add_argument("--accumulate", type=int, default=1, metavar="N", help="work through each batch in N pieces")
    parser.add_argument("--checkpoint-seconds", type=float, default=10.0, help="seconds between two checkpoints")
    parser.add_argument("--tensorboard", metavar="DIR", help="write the metrics for TensorBoard, too")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")
    parser.add_argument("--result", help="write how the run ended into this file")
    return parser.parse_args()


def load_project() -> Dict[str, Any]:
    project = load_json("project.json")
    if project.get("schema") != SCHEMA:
        what = f"project.json is of the form {project.get('schema')}, and the files beside it read {SCHEMA}"
        help = "export the run again into a new folder, and take over its checkpoints and metrics.jsonl to go on"
        raise Refusal("project-schema", what, help)
    return project


def with_overrides(project: Dict[str, Any], arguments) -> Dict[str, Any]:
    """The project as the options change it; `settings`, which checkpoints carry, tell of it."""
    project = copy.deepcopy(project)
    settings = project["settings"]
    rows, lr = project["rows"], arguments.lr
    grows = len(project["stages"]) > 1
    if grows and (arguments.batch_size is not None or arguments.steps is not None):
        what = "the batches of this run grow at steps of its own, which --batch-size and --steps would undo"
        raise usage(what, "change batchSize or steps in run.json, and export it again")
    if arguments.batch_size is not None:
        size = arguments.batch_size
        if not 1 <= size <= rows:
            raise usage(f"--batch-size is {size}", f"give a number from 1 to {rows}, the rows of the training data")
        per_epoch = rows // size if settings.get("dropLast") else math.ceil(rows / size)
        if project["epochs"] is not None:
            project["totalSteps"] = project["epochs"] * per_epoch
        project.update(stages=[{"step": 0, "epoch": 0, "row": 0, "size": size}])
        project["header"].update(batchSize=size, stepsPerEpoch=per_epoch)
        settings["batchSize"] = size
    if arguments.steps is not None:
        if arguments.steps < 1:
            raise usage(f"--steps is {arguments.steps}", "give a number of 1 or more")
        project["totalSteps"] = arguments.steps
    if lr is not None:
        if not (lr > 0 and math.isfinite(lr)):
            raise usage(f"--lr is {lr}", "give a number above 0")
        plateau = project["schedule"].get("plateau")
        scale = lr / project["optimizer"]["lr"]
        project["schedule"].update({"scale": scale} if plateau is None else {"plateau": {**plateau, "lr": lr}})
        project["optimizer"]["lr"] = lr
        settings["optimizer"]["lr"] = lr
    if arguments.schedule is not None:
        shape = {"name": arguments.schedule, "warmup": arguments.warmup}
        project["schedule"] = {"shape": {**shape, "lr": project["optimizer"]["lr"]}}
        settings["schedule"] = shape
    elif arguments.warmup:
        raise usage("--warmup has no schedule to begin", "add --schedule " + " or ".join(sorted(SHAPES)))
    project["header"].update(totalSteps=project["totalSteps"], lr=project["optimizer"]["lr"])
    return project


#: What is left of the rate when a share x, from 0 to 1, of the steps after the warm-up is made.
SHAPES = {
    "constant": lambda x: 1.0,
    "linear": lambda x: 1 - x,
    "cosine": lambda x: 0.5 * (1 + math.cos(math.pi * x)),
}


def usage(what: str, help: str) -> Refusal:
    return Refusal("usage", what, help)
