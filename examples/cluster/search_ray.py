"""Ray Tune: the trainings of a search as trials, on all machines of a Ray cluster. Change command and numbers: python search_ray.py"""
import json
import subprocess

from ray import tune

#: A folder that all machines see.
OUT = "/shared/search"
COMMAND = ["python", "train.py", "--lr", "{lr}", "--seed", "{seed}", "--out", "{out}"]
#: 9 rates with 3 seeds each.
PARTS = 27


def train(config):
    words = ["steepest", "find-lr", "--json", "--out", OUT, "--part", f"{config['part']}/{PARTS}", "--", *COMMAND]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    (trial,) = json.loads(done.stdout)["trials"]
    # a training that ran away has a loss that JSON does not know
    loss = float("inf") if trial["loss"] is None else trial["loss"]
    return {"loss": loss, "lr": trial["lr"], "seed": trial["seed"]}


if __name__ == "__main__":
    tuner = tune.Tuner(
        tune.with_resources(train, {"gpu": 1}),
        param_space={"part": tune.grid_search(list(range(1, PARTS + 1)))},
        tune_config=tune.TuneConfig(metric="loss", mode="min"),
    )
    tuner.fit()
    # joins the trainings, makes what is missing, and says the rate
    subprocess.run(["steepest", "find-lr", "--resume", "--out", OUT, "--", *COMMAND], check=True)
