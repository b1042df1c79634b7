"""Makes the traces in this folder with PyTorch, in double precision from 32-bit starts.

    python make_traces.py [folder]

writes one folder for each entry of TRACES. Needs torch and safetensors.
"""

import json
import math
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

MOMENTUM, WEIGHT_DECAY = 0.9, 5e-4

TRACES = {
    "wrn-10-1": dict(depth=10, width=1, block="3,3", classes=10, channels=3, size=16, batch=8,
                     steps=8, lr=0.1, seed=101, final=True),
    "wrn-16-2": dict(depth=16, width=2, block="3,3", classes=10, channels=3, size=16, batch=4,
                     steps=8, lr=0.05, seed=102, final=False),
    "wrn-13-1-b313": dict(depth=13, width=1, block="3,1,3", classes=7, channels=1, size=14,
                          batch=8, steps=8, lr=0.1, seed=103, final=True),
    "preact-resnet-11-bottleneck": dict(family="preact-resnet", depth=11, width=1, block="1,3,1",
                                        classes=10, channels=3, size=12, batch=8, steps=8, lr=0.05,
                                        seed=104, final=False),
}


def blocks(options):
    """Yields (prefix, channels in, stride, (kernel size, channels) of its convolutions)."""
    kernels = [int(text) for text in options["block"].split(",")]
    bottleneck = options.get("family") == "preact-resnet"
    count, rest = divmod(options["depth"] - (2 if bottleneck else 4), 3 * len(kernels))
    assert rest == 0, "the depth is 3ln+4, of a bottleneck network 9n+2"
    inputs = 16
    for group in range(3):
        inner = 16 * options["width"] << group
        outputs = 4 * inner if bottleneck else inner
        channels = [inner] * (len(kernels) - 1) + [outputs]
        for block in range(count):
            stride = 2 if group > 0 and block == 0 else 1
            yield f"group{group}.block{block}", inputs, stride, list(zip(kernels, channels))
            inputs = outputs


def start(options, generator):
    """The parameters and the running statistics before the first step, in 32 bits."""
    weights, statistics = {}, {}

    def convolution(name, inputs, outputs, kernel):
        deviation = math.sqrt(2 / (kernel * kernel * inputs))
        shape = (outputs, inputs, kernel, kernel)
        weights[f"{name}.weight"] = deviation * torch.randn(shape, generator=generator)

    def normalization(name, channels):
        # A beta and running statistics other than 0 and 1 show whether they are read at all.
        weights[f"{name}.weight"] = torch.rand(channels, generator=generator)
        weights[f"{name}.bias"] = 0.1 * torch.randn(channels, generator=generator)
        statistics[f"{name}.running_mean"] = 0.1 * torch.randn(channels, generator=generator)
        statistics[f"{name}.running_var"] = 0.5 + torch.rand(channels, generator=generator)

    convolution("conv0", options["channels"], 16, 3)
    for prefix, inputs, _, convolutions in blocks(options):
        channels = inputs
        for index, (kernel, outputs) in enumerate(convolutions):
            normalization(f"{prefix}.bn{index}", channels)
            convolution(f"{prefix}.conv{index}", channels, outputs, kernel)
            channels = outputs
        if inputs != outputs:
            convolution(f"{prefix}.convdim", inputs, outputs, 1)
    normalization("bn", outputs)
    bound = 1 / math.sqrt(outputs)
    weights["fc.weight"] = (
        2 * bound * torch.rand(options["classes"], outputs, generator=generator) - bound)
    weights["fc.bias"] = 0.1 * torch.randn(options["classes"], generator=generator)
    return weights, statistics


def logits(options, weights, statistics, x, training):
    """The network's output; `statistics` change when it is training."""

    def convolution(x, name, stride=1):
        filters = weights[f"{name}.weight"]
        return F.conv2d(x, filters, stride=stride, padding=filters.shape[-1] // 2)

    def normalization(x, name):
        y = F.batch_norm(
            x, statistics[f"{name}.running_mean"], statistics[f"{name}.running_var"],
            weights[f"{name}.weight"], weights[f"{name}.bias"], training, momentum=0.1, eps=1e-5)
        return y.relu()

    x = convolution(x, "conv0")
    for prefix, inputs, stride, convolutions in blocks(options):
        shortcut = x
        for index in range(len(convolutions)):
            x = normalization(x, f"{prefix}.bn{index}")
            if index == 0 and inputs != convolutions[-1][1]:
                shortcut = convolution(x, f"{prefix}.convdim", stride)
            x = convolution(x, f"{prefix}.conv{index}", stride if index == 0 else 1)
        x = x + shortcut
    x = normalization(x, "bn").mean(dim=(2, 3))
    return F.linear(x, weights["fc.weight"], weights["fc.bias"])


def step(weights, velocities, lr):
    """One step of SGD with Nesterov momentum; the first velocity is the gradient."""
    with torch.no_grad():
        for name, weight in weights.items():
            gradient = weight.grad + WEIGHT_DECAY * weight
            old = velocities.get(name)
            velocities[name] = gradient if old is None else MOMENTUM * old + gradient
            weight -= lr * (gradient + MOMENTUM * velocities[name])
            weight.grad = None


def single(*tensors):
    """Copies of named tensors in 32 bits, as files have them."""
    return {
        name: tensor.detach().float().contiguous()
        for group in tensors for name, tensor in group.items()}


def make(folder, options):
    folder.mkdir(parents=True, exist_ok=True)
    generator = torch.Generator().manual_seed(options["seed"])
    weights, statistics = start(options, generator)
    save_file(single(weights, statistics), folder / "init.safetensors")
    size, steps, batch = options["size"], options["steps"], options["batch"]
    images = torch.randn(steps, batch, options["channels"], size, size, generator=generator)
    labels = torch.randint(0, options["classes"], (steps, batch), generator=generator)
    save_file({"images": images, "labels": labels.int()}, folder / "batches.safetensors")

    weights = {name: tensor.double().requires_grad_() for name, tensor in weights.items()}
    statistics = {name: tensor.double() for name, tensor in statistics.items()}
    images = images.double()
    velocities, losses = {}, []
    for x, y in zip(images, labels):
        loss = F.cross_entropy(logits(options, weights, statistics, x, True), y)
        loss.backward()
        step(weights, velocities, options["lr"])
        losses.append(loss.item())
    if options["final"]:
        save_file(single(weights, statistics), folder / "final.safetensors")
    with torch.no_grad():
        outputs = logits(options, weights, statistics, images[0], False)
    description = {key: value for key, value in options.items() if key not in ("seed", "final")}
    description |= dict(dropout=0, losses=losses, eval_logits_of_first_batch=outputs.tolist())
    (folder / "trace.json").write_text(json.dumps(description, indent=1) + "\n")
    print(folder.name, losses)


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    for name, options in TRACES.items():
        make(target / name, options)
