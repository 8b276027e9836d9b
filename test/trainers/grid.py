"""The known answers: every program over a full grid of rates and three seeds, read by patterns of its own.

    python3 grid.py [program…]        writes grid.json beside this file; programs already in it are kept

Score of a run: the mean of the last tenth of its logged training losses; null where one of them is not finite.
`start` is the mean of the first logged loss at the lowest rate. Needs python3 with torch (1.13 made the figures).
"""
import csv
import glob
import json
import math
import os
import re
import struct
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))


def printed(pattern):
    return lambda out, _: [float(m) for m in re.findall(pattern, out)]


def from_csv(_, folder):
    with open(os.path.join(folder, "training.csv")) as f:
        return [float(r["train_loss"]) for r in csv.DictReader(f) if r["train_loss"]]


def from_scalars(_, folder):
    with open(os.path.join(folder, "metrics.jsonl")) as f:
        return [json.loads(line)["scalars"]["train/loss"] for line in f]


def from_json_lines(_, folder):
    with open(os.path.join(folder, "log.jsonl")) as f:
        return [json.loads(line)["loss"] for line in f]


def from_events(_, folder):
    data = open(glob.glob(os.path.join(folder, "events.*"))[0], "rb").read()
    losses, at = [], 0
    while at < len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        body = data[at + 12 : at + 12 + size]
        at += 16 + size
        if b"train/loss" in body:
            losses.append(struct.unpack("<f", body[-4:])[0])
    return losses


def arguments(*extra):
    return lambda rate, seed, folder: [a.format(lr=rate, seed=seed, out=folder) for a in ("--seed", "{seed}", *extra)]


def words(*all_of_them):
    return lambda rate, seed, folder: [a.format(lr=rate, seed=seed, out=folder) for a in all_of_them]


def settings(rate, seed, folder):
    path = os.path.join(folder, "config.yaml")
    text = open(os.path.join(HERE, "config.yaml")).read()
    text = re.sub(r"(?m)^  lr: .*", f"  lr: {rate}", re.sub(r"(?m)^seed: .*", f"seed: {seed}", text))
    open(path, "w").write(text)
    return [path]


NUMBER = r"([-+]?(?i:nan|inf)|[-+.\deE]+)"
# program: arguments, reader, exponents of 2 of the rates
PROGRAMS = {
    "mlp_print.py": (arguments("--lr", "{lr}"), printed(rf"loss: {NUMBER}"), (-13, 3)),
    "cnn_csv.py": (arguments("--learning-rate", "{lr}", "--out", "{out}"), from_csv, (-16, 0)),
    "gru_events.py": (arguments("--lr", "{lr}", "--logdir", "{out}"), from_events, (-15, 1)),
    "transformer_hf.py": (
        arguments("--learning_rate", "{lr}", "--output_dir", "{out}"),
        printed(rf"'loss': {NUMBER}"),
        (-14, 0),
    ),
    "regression_raw.py": (arguments("--lr", "{lr}"), printed(rf"train loss = {NUMBER}"), (-12, 4)),
    "finetune.py": (arguments("--lr", "{lr}"), printed(rf"loss={NUMBER}\]"), (-16, 0)),
    "lion_jsonl.py": (arguments("--lr", "{lr}", "--log-file", "{out}/log.jsonl"), from_json_lines, (-18, -2)),
    "config_yaml.py": (settings, printed(rf"(?m)^ *\d+ +[\d.e+-]+ +{NUMBER} "), (-12, 4)),
    "logistic_env.mjs": (None, printed(rf"log loss {NUMBER}"), (-8, 8)),
    "numpy_pytree.py": (
        words("--config.learning_rate", "{lr}", "--config.seed", "{seed}", "--workdir", "{out}"),
        from_scalars,
        (-17, -1),
    ),
    "letters.awk": (words("lr={lr}", "-v", "seed={seed}"), printed(rf"NLL={NUMBER}"), (-10, 6)),
    "held_out.pl": (words("-eta", "{lr}", "-srand", "{seed}"), printed(rf"squared error {NUMBER}"), (-15, 1)),
    "factor.c": (words("-learn_rate", "{lr}", "-seed", "{seed}"), printed(rf"Train={NUMBER}"), (-13, 1)),
    "../../examples/any-trainer/train.py": (arguments("--lr", "{lr}"), printed(rf"loss {NUMBER}"), (-14, 2)),
}
STARTS = {".py": [sys.executable], ".mjs": ["node"], ".pl": ["perl"], ".awk": ["awk", "-v"]}


def compiled(path):
    program = os.path.join(tempfile.gettempdir(), os.path.basename(path)[:-2])
    subprocess.run(["cc", "-O2", path, "-lm", "-o", program], check=True)
    return program


def command(program, extra):
    kind = os.path.splitext(program)[1]
    path = os.path.join(HERE, program)
    if kind == ".c":
        return [compiled(path), *extra]
    # awk takes its settings before its program
    return [*STARTS[kind], *extra, "-f", path] if kind == ".awk" else [*STARTS[kind], path, *extra]


def run(program, rate, seed):
    make, read, _ = PROGRAMS[program]
    with tempfile.TemporaryDirectory() as folder:
        extra = [] if make is None else make(repr(rate), seed, folder)
        env = {**os.environ, "STEEPEST_LR": repr(rate), "STEEPEST_SEED": str(seed)}
        done = subprocess.run(
            command(program, extra), cwd=folder, env=env, capture_output=True, text=True, check=True
        )
        losses = read(done.stdout + done.stderr, folder)
    assert len(losses) >= 10, (program, losses)
    tail = losses[-max(1, len(losses) // 10) :]
    return losses[0], sum(tail) / len(tail) if all(map(math.isfinite, tail)) else None


def main():
    path = os.path.join(HERE, "grid.json")
    grid = json.load(open(path)) if os.path.exists(path) else {}
    for program in sys.argv[1:] or PROGRAMS:
        if program in grid:
            continue
        low, high = PROGRAMS[program][2]
        rows, starts = [], []
        for k in range(low, high + 1):
            scores = []
            for seed in range(3):
                first, score = run(program, 2.0**k, seed)
                scores.append(score)
                if k == low:
                    starts.append(first)
            rows.append({"rate": 2.0**k, "scores": scores})
            print(program, 2.0**k, scores, flush=True)
        grid[program] = {"start": sum(starts) / 3, "rates": rows}
        with open(path, "w") as f:
            json.dump(grid, f, indent=1)


if __name__ == "__main__":
    main()
