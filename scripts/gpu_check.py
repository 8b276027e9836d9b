"""The checks of gpu-check.sh on the GPU machine: gpu_check.py DIR [WORDS] prints a Markdown table and writes DIR/results.json."""
import json
import math
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

FLOAT64, FLOAT32, FULL = 1e-9, 1e-3, ["--precision", "full"]
ROUNDS, FASTEST_SHARE = 5, 0.97


def missing() -> str:
    try:
        import numpy  # noqa: F401
        import torch
    except ImportError as error:
        return f"{error}: install PyTorch with CUDA and NumPy, or name another Python with PYTHON"
    if not torch.cuda.is_available():
        return f"PyTorch {torch.__version__} sees no NVIDIA GPU"
    if int(torch.__version__.split(".")[0]) < 2:
        return f"PyTorch {torch.__version__} is too old for this check: 2.0 or later is needed"
    return ""


def train(project: str, *flags: str, out: str = "") -> dict:
    """Runs train.py to its end in a fresh folder; returns how it ended, with its folder."""
    out = out or tempfile.mkdtemp(prefix="gpu-check-")
    words = [sys.executable, "train.py", "--device", "cuda", "--quiet", "--out", out, "--result", out + "/result.json"]
    done = subprocess.run([*words, *flags], cwd=project, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr[-1500:])
    with open(out + "/result.json", encoding="utf-8") as file:
        result = json.load(file)
    if "error" in result:
        raise RuntimeError(json.dumps(result["error"]))
    return {**result, "out": out}


def tensors_of(folder: str):
    from checkpoint import read_safetensors

    return {name.replace("param.", "").replace("buffer.", ""): t.double() for name, t in
            read_safetensors(os.path.join(folder, "checkpoint-last.safetensors"))[0].items()}


def lines_of(folder: str):
    with open(os.path.join(folder, "metrics.jsonl"), encoding="utf-8") as file:
        return [json.loads(line) for line in list(file)[1:]]


def apart(a: str, b: str) -> float:
    """Largest difference of any tensor, relative to its largest value where that is above 1, and of any metric."""
    ours, theirs = tensors_of(a), tensors_of(b)
    if ours.keys() != theirs.keys():
        raise RuntimeError(f"other tensors: {sorted(ours.keys() ^ theirs.keys())[:4]}")
    most = 0.0
    for name, t in ours.items():
        d = float((t - theirs[name]).abs().max()) / max(1.0, float(t.abs().max()))
        most = math.inf if math.isnan(d) else max(most, d)
    left, right = lines_of(a), lines_of(b)
    if [(x["step"], sorted(x)) for x in left] != [(x["step"], sorted(x)) for x in right]:
        raise RuntimeError("other lines of metrics")
    for x, y in zip(left, right):
        for key in ("loss", "validationLoss", "lr"):
            if key in x:
                d = abs(float(x[key]) - float(y[key])) / max(1.0, abs(float(x[key])))
                most = math.inf if math.isnan(d) else max(most, d)
    return most


def moved(project: str, out: str) -> None:
    """Agreement says nothing of a run that stood still."""
    from checkpoint import read_safetensors

    start = read_safetensors(project + "/initial.safetensors")[0]
    end = read_safetensors(out + "/checkpoint-last.safetensors")[0]
    if not any(float((start[n].double() - end[n].double()).abs().max()) > 1e-5 for n in start if "optimizer" not in n):
        raise RuntimeError("the parameters did not move")


def against_reference(project: str, bound: float, *flags: str):
    run = train(project, *flags)
    moved(project, run["out"])
    d = apart(project + "/reference", run["out"])
    return d <= bound, f"{d:.1e}", f"≤ {bound:.0e}"


def same_numbers(project: str, bound: float, *flags: str):
    d = apart(train(project, *FULL)["out"], train(project, *FULL, *flags)["out"])
    return d <= bound, f"{d:.1e}", f"≤ {bound:.0e}"


def bf16(project: str):
    full, half = train(project, *FULL), train(project)  # auto is bf16 on a GPU that has it
    first, a, b = lines_of(full["out"])[0]["loss"], full["finalLoss"], half["finalLoss"]
    d = abs(a - b) / first
    used = apart(full["out"], half["out"]) > 1e-6
    return used and d <= 0.05, f"{d:.3f} of the first loss" + ("" if used else ", but 16 bits were not used"), "≤ 0.05"


def overflow(project: str):
    run = train(project, "--precision", "fp16", "--loss-scale", "1e12")
    lines = [x for x in lines_of(run["out"]) if "loss" in x]
    skipped = [x["step"] for x in lines if x.get("skipped")]
    finite = all(bool(t.isfinite().all()) for t in tensors_of(run["out"]).values())
    fell = float(lines[-1]["loss"]) < float(lines[0]["loss"])
    holds = 1 in skipped and len(skipped) < len(lines) and finite and fell
    return holds, f"{len(skipped)} of {len(lines)} logged steps skipped, finite {finite}, loss fell {fell}", "some, all finite"


def interrupted(project: str):
    """SIGTERM in mid-run, then the same command again."""
    whole = train(project, *FULL)
    out = tempfile.mkdtemp(prefix="gpu-check-")
    words = [sys.executable, "train.py", "--device", "cuda", "--quiet", "--read-every", "1", *FULL, "--out", out]
    child = subprocess.Popen(words, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    metrics, until = out + "/metrics.jsonl", time.monotonic() + 120
    while child.poll() is None and time.monotonic() < until:
        if os.path.exists(metrics) and os.path.getsize(metrics) > 3000:
            child.send_signal(signal.SIGTERM)
            break
        time.sleep(0.005)
    code = child.wait(timeout=120)
    at = lines_of(out)[-1]["step"]
    train(project, *FULL, out=out)
    d = apart(whole["out"], out)
    return code == 130 and d <= FLOAT64, f"{d:.1e} (exit {code}, at step {at})", f"≤ {FLOAT64:.0e}"


def by_hand(project: str) -> None:
    """The loop one would write for this run: tokens on the GPU, fused AdamW, bf16, one read in 50 steps. Prints steps/s."""
    import numpy as np
    import torch

    sys.path.insert(0, project)
    from model import build_model, compute_loss

    with open(project + "/project.json", encoding="utf-8") as file:
        spec = json.load(file)
    total, size = spec["totalSteps"], spec["batchSize"]

    def rows(part):
        flat = torch.from_numpy(np.load(f"{project}/{part['file']}")).cuda().long()
        return flat.as_strided(part["shape"], [part["rowStride"], *range(1, len(part["shape"]))])

    x, y = rows(spec["data"]["train"]["features"]), rows(spec["data"]["train"]["target"])
    model = build_model().cuda()
    for p in model.parameters():
        torch.nn.init.normal_(p, std=0.02)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, fused=True)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, total)
    order = torch.randperm(len(x), device="cuda")
    began = time.monotonic()
    for k in range(total):
        start = k * size % (len(x) - size)
        chosen = order[start : start + size]
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cuda", dtype=torch.bfloat16):
            loss = compute_loss(model(x[chosen]), x[chosen], y[chosen])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if (k + 1) % 50 == 0:
            loss.item()
    torch.cuda.synchronize()
    print(total / (time.monotonic() - began))


def throughput(project: str):
    """Steps a second of train.py and of the loop by hand, in turns; both from the first step to the last."""
    ours, theirs = [], []
    for _ in range(ROUNDS):
        ours.append(train(project, "--precision", "bf16", "--checkpoint-seconds", "1e9")["stepsPerSecond"])
        done = subprocess.run([sys.executable, __file__, "by-hand", project], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr[-1500:])
        theirs.append(float(done.stdout))
    share = statistics.median(ours) / statistics.median(theirs)
    spread = f"{min(ours):.0f}–{max(ours):.0f} against {min(theirs):.0f}–{max(theirs):.0f} steps/s"
    return share >= FASTEST_SHARE, f"{share:.3f} ({spread}, {ROUNDS} rounds)", f"≥ {FASTEST_SHARE}"


def checks(folder: str):
    at = lambda name: os.path.join(folder, name)  # noqa: E731
    for name in sorted(os.listdir(folder)):
        if os.path.isdir(at(name) + "/reference"):
            bound = FLOAT64 if name.endswith("float64") else FLOAT32
            yield f"embedded engine, {name}", lambda n=name, b=bound: against_reference(at(n), b, *FULL)
    yield "torch.compile, images", lambda: against_reference(at("images-float64"), FLOAT64, *FULL, "--compile")
    yield "two data workers, images", lambda: same_numbers(at("images-float64"), FLOAT64, "--workers", "2")
    yield "metrics read every step, LAMB", lambda: same_numbers(at("lamb-float64"), FLOAT64, "--read-every", "1")
    yield "in 4 pieces, AdamW", lambda: same_numbers(at("adamw-float64"), FLOAT64, "--accumulate", "4")
    yield "bf16, text", lambda: bf16(at("text-float32"))
    yield "bf16, images", lambda: bf16(at("images-float32"))
    yield "fp16 overflow, AdamW", lambda: overflow(at("adamw-float32"))
    yield "fp16 overflow, traced", lambda: overflow(at("amsgrad-float32"))
    yield "stopped and gone on, images", lambda: interrupted(at("images-float64"))
    yield "throughput, transformer", lambda: throughput(at("speed"))


def main(folder: str, only: str = "") -> int:
    lacking = missing()
    if lacking:
        print(f"gpu-check: {lacking}", file=sys.stderr)
        return 2
    import torch

    folder = os.path.abspath(folder)
    sys.path.insert(0, os.path.join(folder, "speed"))  # reads checkpoints
    sys.dont_write_bytecode = True
    where = {"card": torch.cuda.get_device_name(), "torch": torch.__version__, "python": sys.version.split()[0]}
    print(f"{where['card']}, PyTorch {where['torch']}\n\n| check | holds | measured | bound |\n| --- | --- | --- | --- |")
    rows = []
    for name, check in checks(folder):
        if only not in name:
            continue
        try:
            holds, measured, bound = check()
        except Exception as error:  # one check that can't be made must not hide the others
            holds, measured, bound = False, f"{type(error).__name__}: {error}", ""
        rows.append({"check": name, "holds": bool(holds), "measured": measured, "bound": bound})
        print(f"| {name} | {'yes' if holds else 'NO'} | {' '.join(measured.split())[-400:]} | {bound} |", flush=True)
    print("\nNot checked here: FSDP2, several GPUs, several machines.")
    with open(os.path.join(folder, "results.json"), "w", encoding="utf-8") as file:
        json.dump({**where, "checks": rows}, file, indent=2)
    return 0 if all(row["holds"] for row in rows) else 1


if __name__ == "__main__":
    if sys.argv[1] == "by-hand":
        by_hand(sys.argv[2])
    else:
        sys.exit(main(*sys.argv[1:3]))
