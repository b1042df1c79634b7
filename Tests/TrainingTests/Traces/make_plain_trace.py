"""Makes the trace of a small network without batch normalisation, with PyTorch.

    python make_plain_trace.py [folder]

It has every layer of the networks that the paper's Table 5 compares with, on sizes that leave pools'
last windows hanging over. Start and batches are no files, as in make_resnet_traces.py. PyTorch runs
in double precision. Needs torch, safetensors and numpy.
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F

from make_resnet_traces import images_and_labels, symmetric
from make_traces import step

KEY = "plain"
OPTIONS = dict(family="plain", depth=0, width=1, block="", classes=10, channels=3, size=14,
               batch=8, steps=8, lr=0.02)
# Name: outputs, inputs, kernel.
CONVOLUTIONS = {
    "elu": (16, 3, 5), "h": (16, 16, 3), "t": (16, 16, 3), "pieces": (24, 16, 2), "relu": (10, 12, 1),
}
LINEARS = {"side": (10, 16 * 14 * 14), "fc0": (20, 10), "fc": (10, 5)}
SIDE_WEIGHT = 0.5


def start():
    """The parameters before the first step, in 32 bits."""
    weights = {}
    for name, (outputs, inputs, kernel) in CONVOLUTIONS.items():
        bound = math.sqrt(6 / (kernel * kernel * inputs))
        weights[f"{name}.weight"] = symmetric(
            f"{KEY}/{name}.weight", (outputs, inputs, kernel, kernel), bound)
        weights[f"{name}.bias"] = symmetric(f"{KEY}/{name}.bias", (outputs,), 0.2)
    for name, (outputs, inputs) in LINEARS.items():
        weights[f"{name}.weight"] = symmetric(
            f"{KEY}/{name}.weight", (outputs, inputs), 1 / math.sqrt(inputs))
        weights[f"{name}.bias"] = symmetric(f"{KEY}/{name}.bias", (outputs,), 0.2)
    return weights


def logits(weights, x):
    """Those of the network, and those of the side loss behind its first layer."""
    def convolution(x, name):
        return F.conv2d(x, weights[f"{name}.weight"], weights[f"{name}.bias"], padding="same")

    def linear(x, name):
        return F.linear(x, weights[f"{name}.weight"], weights[f"{name}.bias"])

    x = F.elu(convolution(x, "elu"))
    side = linear(x.flatten(1), "side")
    x = F.max_pool2d(x, 3, 2, ceil_mode=True)  # 14 rows to 7
    h, t = convolution(x, "h").relu(), convolution(x, "t").sigmoid()
    x = h * t + x * (1 - t)
    x = convolution(x, "pieces").unflatten(1, (2, 12)).max(1).values
    x = F.avg_pool2d(x, 3, 2, padding=1, count_include_pad=False)  # to 4
    x = F.avg_pool2d(x, 3, 2, ceil_mode=True, count_include_pad=False)  # to 2
    x = convolution(x, "relu").relu()
    x = F.max_pool2d(x, 2, 2).flatten(1)
    return linear(linear(x, "fc0").unflatten(1, (4, 5)).max(1).values, "fc"), side


def make(folder):
    images, labels = images_and_labels(KEY, OPTIONS)
    weights = {name: tensor.double().requires_grad_() for name, tensor in start().items()}
    velocities, losses = {}, []
    for x, y in zip(images.double(), labels):
        loss, side = (F.cross_entropy(z, y) for z in logits(weights, x))
        (loss + SIDE_WEIGHT * side).backward()
        step(weights, velocities, OPTIONS["lr"])
        losses.append(loss.item())
    with torch.no_grad():
        outputs, _ = logits(weights, images[0].double())
    folder.mkdir(parents=True, exist_ok=True)
    description = OPTIONS | dict(
        dropout=0, losses=losses, eval_logits_of_first_batch=outputs.tolist())
    (folder / "trace.json").write_text(json.dumps(description, indent=1) + "\n")
    print(KEY, losses)


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    make(target / KEY)
