"""How often `steepest diagnose` is right with a probe's branches and without: the figures of docs/any-trainer.md.

    python3 branches.py left-out|chosen-on FOLDER [family…]        python3 with torch; steepest built

Each task of branch_tasks.py is trained at nine rates a factor of √10 apart about its best one, three seeds each. Labels are by the
counterfactual of test/runs/README.md, from the means over the seeds. Two of the seeds are judged, from the probe's file.
"""
import json
import math
import os
import subprocess
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "src", "probe"))
import steepest_probe as sp
from branch_tasks import CHOSEN_ON, LEFT_OUT, OPTIMIZERS, SCHEDULES

ROOT = os.path.join(HERE, "..", "..")
# each run alone: the command compares runs of one task
JUDGE = """import { diagnoseRun } from "steepest/diagnose"; import { readLogPaths } from "steepest/logs/node";
const files = JSON.parse(await new Response(process.stdin).text());
console.log(JSON.stringify((await readLogPaths(files)).map((log) => diagnoseRun(log)).map((d) => [d.source, d.verdicts])));"""
CLASSES = ("too-low", "good", "slightly-high", "too-high")
torch.set_num_threads(1)


def order(n, rows, steps, seed):
    g = torch.Generator().manual_seed(seed)
    return torch.cat([torch.randperm(n, generator=g) for _ in range(rows * steps // n + 1)])[: rows * steps].split(rows)


def train(data, task, rate, seed, path=None):
    """The mean loss over the last tenth, and the first loss; with a path, a probe's file."""
    (x, y), (_, make, loss_fn, rows, steps), (optimizer, schedule) = data, task[:5], task[5]
    torch.manual_seed(seed)
    model = make()
    opt = OPTIMIZERS[optimizer](model.parameters(), rate)
    shape = lambda t: SCHEDULES[schedule](t / steps)
    loss_of = lambda i: loss_fn(model(x[i]), y[i])
    opt.param_groups[0]["lr"] = rate * shape(0)
    probe = None
    if path:
        probe = sp.Probe(model, opt, path)
        other = order(len(x), rows, steps, 200 + seed)
        probe.branches(loss_of, lambda k: other[k], steps=steps, schedule=lambda t: rate * shape(t))
    losses = []
    for t, batch in enumerate(order(len(x), rows, steps, 100 + seed)):
        opt.param_groups[0]["lr"] = rate * shape(t)
        opt.zero_grad()
        loss = loss_of(batch)
        loss.backward()
        opt.step()
        losses.append(loss.item())
        if probe:
            probe.step(loss)
        if not math.isfinite(losses[-1]):
            break
    if probe:
        probe.close()
    end = losses[-(steps // 10):]
    return (sum(end) / len(end) if len(losses) == steps and math.isfinite(losses[-1]) else math.inf), losses[0]


def labelled(task, name, folder):
    """Of each judged run: its file, its label, and what the label would be from its own seed's grid alone."""
    data, optimizer, seen = task[0](), task[5][0], {}

    def end(place, seed=0, path=None):
        if (place, seed) not in seen or path:
            seen[place, seed] = train(data, task, 10 ** (place / 2), seed, path)
        return seen[place, seed][0]

    best = {"sgd": -2, "momentum": -4, "nesterov": -4, "adagrad": -3}.get(optimizer, -5)
    while (lowest := min(range(best - 2, best + 3), key=end)) != best:
        best = lowest
    places = range(best - 4, best + 5)
    files = {(p, s): os.path.join(folder, f"{name}{p:+d}-{s}.jsonl") for p in places for s in (0, 1)}
    ends = {s: {p: end(p, s, files.get((p, s))) for p in places} for s in range(3)}
    start = sum(seen[p, s][1] for p in places for s in range(3)) / (3 * len(places))
    mean = labels({p: sum(ends[s][p] for s in range(3)) / 3 for p in places}, start)
    alone = {s: labels(ends[s], start) for s in (0, 1)}
    return [(path, mean[p], alone[s][p]) for (p, s), path in files.items()]


def labels(ends, start):
    """The label of each rate by where all of them end."""
    least = min(ends.values())
    good = [p for p in ends if ends[p] <= least + 0.05 * (start - least)]

    high = lambda p: "slightly-high" if p - max(good) < 1.5 and math.isfinite(ends[p]) else "too-high"
    return {p: "too-low" if p < min(good) else high(p) if p > max(good) else "good" for p in ends}


def judged(files):
    """The verdicts that are left for each file."""
    command = ["node", "--input-type=module", "-e", JUDGE]
    found = dict(json.loads(subprocess.run(command, cwd=ROOT, input=json.dumps(files), stdout=subprocess.PIPE, text=True).stdout))
    return [found[f] for f in files]


def without_branches(path):
    plain = path.replace(".jsonl", "-plain.jsonl")
    with open(path) as source, open(plain, "w") as out:
        out.writelines(line for line in source if "branches/" not in line)
    return plain


def tell(title, labels, verdicts):
    right = [label in v for label, v in zip(labels, verdicts)]
    single = [r for r, v in zip(right, verdicts) if len(v) == 1]
    of = lambda c: f"{sum(r for r, label in zip(right, labels) if label == c)} of {labels.count(c)}"
    silent = sum(not v for v in verdicts)
    print(f"{title:28} {len(right)} runs, right {sum(right) / len(right):.3f}; one word {len(single) / len(right):.2f}, right then "
          f"{sum(single) / max(1, len(single)):.3f}; no verdict {silent}; {', '.join(f'{c} {of(c)}' for c in CLASSES)}", flush=True)


def main():
    folder = os.path.abspath(sys.argv[2])
    families = {"left-out": LEFT_OUT, "chosen-on": CHOSEN_ON}[sys.argv[1]]
    runs = []
    for family, (*task, first, second) in families.items():
        if sys.argv[3:] and family not in sys.argv[3:]:
            continue
        own = [run for way in (first, second) for run in labelled((*task, way), f"{family}-{way[0]}-{way[1]}", folder)]
        paths, right, _ = zip(*own)
        tell(family, right, judged(paths))
        runs += own
    paths, right, alone = zip(*runs)
    tell("all, with branches", right, judged(paths))
    tell("all, without", right, judged([without_branches(path) for path in paths]))
    tell("all, by one seed's whole grid", right, [[label] for label in alone])


main()
