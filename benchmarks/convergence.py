"""Trains the same small network by the same recipe with WideCL and with PyTorch, and compares test errors.

    python convergence.py --widecl PATH [--model wrn-16-1] [--seeds 1 2 3] [--page FILE]

Fashion-MNIST by the recipe `quick`. Each seed trains twice: WideCL with the algorithms that it tuned, and
PyTorch, whose random numbers are its own, so that only the errors' distribution is the same. The first
seed trains a third time, with `--algorithms direct`. Writes results/DEVICE/convergence.json and prints a
table in Markdown.
Speed is not compared here: other programs may run. Needs torch and numpy.
"""

import argparse
import gzip
import json
import pathlib
import statistics
import subprocess
import sys
import tempfile

import numpy
import torch
from torch import nn
from torch.nn import functional as F

import pytorch_step
from compare import HERE, insert, slug, write

DATA, RECIPE = "fashion-mnist", "quick"


def printed(widecl, *arguments):
    return json.loads(subprocess.run(
        [widecl, *arguments], check=True, stdout=subprocess.PIPE, text=True).stdout)


def ours(options, recipe, seed, direct):
    with tempfile.TemporaryDirectory() as folder:
        output = pathlib.Path(folder) / "run"
        subprocess.run(
            [options.widecl, "train", "--model", options.model, "--data", DATA, "--recipe", RECIPE,
             "--seed", str(seed), "--output", output] + ["--algorithms", "direct"] * direct,
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        lines = (output / "log.jsonl").read_text().splitlines()
        configuration = json.loads((output / "config.json").read_text())
    last = json.loads(lines[-1])
    assert last["epoch"] == recipe["epochs"]
    return last["test_error"], configuration


def read(folder, name):
    """An IDX file of bytes."""
    for path in (folder / name, folder / f"{name}.gz"):
        if path.exists():
            data = (gzip.open if path.suffix == ".gz" else open)(path, "rb").read()
            sizes = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
            return torch.from_numpy(
                numpy.frombuffer(data, numpy.uint8, offset=4 + 4 * len(sizes)).reshape(sizes).copy())
    raise SystemExit(f"{folder} has no {name}")


def learning_rate(recipe, progress):
    schedule, base = recipe["schedule"], recipe["learningRate"]
    assert schedule["kind"] == "oneCycle"
    start, end, warm = schedule["start"], schedule["end"], schedule["warmUp"]
    if progress < warm:
        return base * (start + (1 - start) * progress / warm)
    return base * (1 - (1 - end) * (progress - warm) / (1 - warm))


def initialize(model):
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.normal_(layer.weight, 0, (2 / layer.weight[0].numel()) ** 0.5)
        elif isinstance(layer, nn.Linear):
            bound = layer.in_features ** -0.5
            nn.init.uniform_(layer.weight, -bound, bound)
            nn.init.zeros_(layer.bias)


def augmented(images, recipe, generator):
    """Half of the images mirrored, each shifted by up to `pad` pixels over its reflection."""
    wanted, pad = recipe["augmentation"], recipe["augmentation"]["pad"]
    assert wanted["flip"] and wanted["padMode"] == "reflect"
    count, _, height, width = images.shape
    mirrored = torch.rand(count, generator=generator) < 0.5
    images = torch.where(mirrored[:, None, None, None], images.flip(3), images)
    padded = F.pad(images, (pad, pad, pad, pad), mode="reflect")
    top, left = (torch.randint(0, 2 * pad + 1, (count,), generator=generator) for _ in range(2))
    rows = (top[:, None] + torch.arange(height))[:, None, :, None]
    columns = (left[:, None] + torch.arange(width))[:, None, None, :]
    return padded[torch.arange(count)[:, None, None, None], 0, rows, columns]


def theirs(options, recipe, seed, data):
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    _, depth, width = options.model.split("-")
    model = pytorch_step.network(int(depth), int(width), channels=1)
    initialize(model)
    model = model.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=recipe["learningRate"], momentum=recipe["momentum"],
        dampening=recipe["dampening"], nesterov=recipe["nesterov"], weight_decay=recipe["weightDecay"])
    images, labels, test_images, test_labels = data
    batch = recipe["batchSize"]
    assert recipe["dropLastBatch"]
    steps = len(images) // batch
    for epoch in range(recipe["epochs"]):
        order = torch.randperm(len(images), generator=generator)
        for step in range(steps):
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(recipe, (epoch * steps + step) / (recipe["epochs"] * steps))
            chosen = order[step * batch:(step + 1) * batch]
            optimizer.zero_grad(set_to_none=True)
            logits = model(augmented(images[chosen], recipe, generator))
            F.cross_entropy(logits, labels[chosen]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        wrong = sum(int((model(x).argmax(1) != y).sum())
                    for x, y in zip(test_images.split(500), test_labels.split(500)))
    return 100 * wrong / len(test_labels)


def load(options):
    folder = next(pathlib.Path(found["folder"]) for found in printed(options.widecl, "data", "list", "--json")
                  if found["name"] == DATA and "folder" in found)
    train, test = (read(folder, f"{part}-images-idx3-ubyte").float() for part in ("train", "t10k"))
    labels, test_labels = (read(folder, f"{part}-labels-idx1-ubyte").long() for part in ("train", "t10k"))
    mean, deviation = train.mean(), train.std()
    return (((train - mean) / deviation)[:, None], labels, ((test - mean) / deviation)[:, None],
            test_labels)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--widecl", required=True)
    parser.add_argument("--model", default="wrn-16-1")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--output", type=pathlib.Path, default=HERE / "results")
    parser.add_argument("--page", type=pathlib.Path)
    options = parser.parse_args()

    recipe = json.loads(subprocess.run(
        [options.widecl, "train", "--recipe", RECIPE, "--show"], check=True, stdout=subprocess.PIPE,
        text=True).stdout)
    data = load(options)
    direct, _ = ours(options, recipe, options.seeds[0], direct=True)
    errors = {"WideCL": [], "PyTorch": []}
    for seed in options.seeds:
        tuned, configuration = ours(options, recipe, seed, direct=False)
        errors["WideCL"].append(tuned)
        errors["PyTorch"].append(theirs(options, recipe, seed, data))
        print(seed, {name: values[-1] for name, values in errors.items()}, file=sys.stderr, flush=True)
    device = configuration["device"]
    folder = options.output / slug(device)
    folder.mkdir(parents=True, exist_ok=True)
    write(folder / "convergence.json", {
        "model": options.model, "data": DATA, "recipe": recipe, "seeds": options.seeds,
        "device": device, "torch": torch.__version__, "test_error": errors,
        "test_error_with_direct_algorithms": direct})

    means = {name: statistics.mean(values) for name, values in errors.items()}
    deviation = statistics.mean(map(statistics.variance, errors.values())) ** 0.5
    difference = means["WideCL"] - means["PyTorch"]
    rows = [f"| {options.model}, {recipe['epochs']} epochs of {DATA} | "
            + " | ".join(f"seed {seed}" for seed in options.seeds) + " | Mean | Standard deviation |",
            "|---" * (len(options.seeds) + 3) + "|"]
    for name, values in errors.items():
        rows.append(f"| {name} | " + " | ".join(f"{value:.2f} %" for value in values)
                    + f" | {means[name]:.2f} % | {statistics.stdev(values):.2f} |")
    text = "\n".join(rows) + (
        f"\n\nWideCL's mean test error is {abs(difference):.2f} points {'above' if difference > 0 else 'below'} "
        f"PyTorch's, {abs(difference) / deviation:.1f} standard deviations of a run. With "
        f"`--algorithms direct` seed {options.seeds[0]} ends at {direct:.2f} %, "
        f"{abs(direct - errors['WideCL'][0]):.2f} points from the tuned algorithms.")
    print(text)
    if options.page:
        insert(options.page, "convergence", text)


if __name__ == "__main__":
    main()
