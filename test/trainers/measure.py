"""find-lr on every program beside its grid: the figures of docs/any-trainer.md.

    python3 measure.py [program…]        python3 with torch; steepest built or from its sources

A line a program: suggestion, the grid's best, their ratio, the share of the way from the start to the best that is lost
(the grid interpolated over log rates), confidence, interval, cost in trainings.
"""
import json
import math
import os
import subprocess
import sys
import tempfile

from grid import compiled

HERE = os.path.dirname(os.path.abspath(__file__))
STEEPEST = os.path.join(HERE, "..", "..", "bin", "steepest.js")
SEED = ["--seed", "{seed}"]
PROGRAMS = {
    "mlp_print.py": ["--lr", "{lr}", *SEED],
    "cnn_csv.py": ["--learning-rate", "{lr}", "--out", "{out}", *SEED],
    "gru_events.py": ["--lr", "{lr}", "--logdir", "{out}", *SEED],
    "transformer_hf.py": ["--learning_rate", "{lr}", "--output_dir", "{out}", *SEED],
    "regression_raw.py": ["--lr", "{lr}", *SEED],
    "finetune.py": ["--lr", "{lr}", *SEED],
    "lion_jsonl.py": ["--lr", "{lr}", "--log-file", "{out}/log.jsonl", *SEED],
    "config_yaml.py": [os.path.join(HERE, "config.yaml")],
    "logistic_env.mjs": [],
    "numpy_pytree.py": ["--config.learning_rate", "{lr}", "--config.seed", "{seed}", "--workdir", "{out}"],
    "letters.awk": ["-v", "lr={lr}", "-v", "seed={seed}", "-f", os.path.join(HERE, "letters.awk")],
    "held_out.pl": ["-eta", "{lr}", "-srand", "{seed}"],
    "factor.c": ["-learn_rate", "{lr}", "-seed", "{seed}"],
    "../../examples/any-trainer/train.py": ["--lr", "{lr}", *SEED],
}
STARTS = {".py": sys.executable, ".mjs": "node", ".pl": "perl"}
SETTINGS = ["--override", "optimizer.lr: {lr}", "--override", "seed: {seed}"]


def loss_at(rows, rate):
    below = max((r for r in rows if r[0] <= rate), default=rows[0])
    above = min((r for r in rows if r[0] >= rate), default=rows[-1])
    if below[0] == above[0]:
        return below[1]
    share = math.log(rate / below[0]) / math.log(above[0] / below[0])
    return below[1] + share * (above[1] - below[1])


def main():
    grid = json.load(open(os.path.join(HERE, "grid.json")))
    for program in sys.argv[1:] or PROGRAMS:
        flags = SETTINGS if program == "config_yaml.py" else []
        kind = os.path.splitext(program)[1]
        path = os.path.join(HERE, program)
        # awk takes its settings before its program
        start = ["awk"] if kind == ".awk" else [compiled(path)] if kind == ".c" else [STARTS[kind], path]
        command = [*start, *PROGRAMS[program]]
        with tempfile.TemporaryDirectory() as folder:
            done = subprocess.run(
                ["node", STEEPEST, "find-lr", "--json", "--quiet", *flags, "--", *command],
                cwd=folder, capture_output=True, text=True,
            )
        if done.stdout == "":
            print(program, done.stderr, flush=True)
            continue
        found = json.loads(done.stdout)
        if found["suggestion"] is None:
            print(program, "refused:", found["reason"], flush=True)
            continue
        scores = [(r["rate"], [math.inf if s is None else s for s in r["scores"]]) for r in grid[program]["rates"]]
        rows = [(rate, sum(s) / len(s)) for rate, s in scores]
        best, least = min(rows, key=lambda r: r[1])
        rate = found["suggestion"]
        lost = (loss_at(rows, rate) - least) / (grid[program]["start"] - least)
        low, high = found["interval"]
        print(
            f"{program:18} {rate:<8.3g} best {best:<8.3g} ratio {rate / best:.2f}  lost {lost:.3f}  {found['confidence']}"
            f"  {low:.2g} to {high:.2g}  {found['steps'] / found['length']:.1f} trainings",
            flush=True,
        )


main()
