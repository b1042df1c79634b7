"""Makes the traces of post-activation networks, and logits.json, with PyTorch.

    python make_resnet_traces.py [folder]

Their starts and batches are no files: `numbers` makes them from the tensors' names, and so do the
tests. PyTorch runs in double precision. Where torchvision is installed, its networks must give
the same logits. Needs torch and numpy.
"""

import json
import math
import pathlib
import sys

import numpy
import torch
import torch.nn.functional as F

from make_traces import step

# "groups" has the blocks of each group; with "survival", each step leaves the listed blocks out.
TRACES = {
    "resnet-14": dict(family="resnet", depth=14, width=1, block="3,3", groups=[2, 2, 2],
                      classes=10, channels=3, size=16, batch=8, steps=8, lr=0.05),
    "resnet-8-bottleneck": dict(family="imagenet-resnet", depth=8, width=1, block="1,3,1",
                                groups=[1, 1], classes=10, channels=3, size=32, batch=8, steps=8,
                                lr=0.05),
    "stochastic-depth-14": dict(family="resnet", depth=14, width=1, block="3,3", groups=[2, 2, 2],
                                classes=10, channels=3, size=16, batch=8, steps=8, lr=0.05,
                                survival=0.5,
                                dropped=[[], [5], [2, 3], [0, 1, 2, 3, 4, 5], [4], [1, 2], [0, 4],
                                         [3]]),
}

# Of torchvision: name here, its name, block, blocks of each group, factor of the inner channels.
LOGITS = [
    ("resnet-18", "resnet18", "3,3", [2, 2, 2, 2], 1),
    ("resnet-50", "resnet50", "1,3,1", [3, 4, 6, 3], 1),
    ("wrn-50-2-bottleneck", "wide_resnet50_2", "1,3,1", [3, 4, 6, 3], 2),
]


def numbers(name, shape):
    """Numbers in [0, 1) that follow from a name: SplitMix64 seeded with its FNV-1a hash."""
    seed = 0xcbf29ce484222325
    for byte in name.encode():
        seed = (seed ^ byte) * 0x100000001b3 % 2**64
    z = numpy.uint64(seed) + numpy.arange(
        1, math.prod(shape) + 1, dtype=numpy.uint64) * numpy.uint64(0x9e3779b97f4a7c15)
    z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xbf58476d1ce4e5b9)
    z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94d049bb133111eb)
    z = z ^ (z >> numpy.uint64(31))
    return torch.from_numpy((z >> numpy.uint64(40)).astype(numpy.float64) / 2**24).reshape(shape)


def symmetric(name, shape, bound):
    """Numbers in [-bound, bound), in 32 bits."""
    return ((2 * numbers(name, shape) - 1) * bound).float()


def blocks(options):
    """Yields (prefix, channels in, stride, (kernel, channels, stride) of its convolutions)."""
    kernels = [int(text) for text in options["block"].split(",")]
    inputs = base = 16 if options["family"] == "resnet" else 64
    for group, count in enumerate(options["groups"]):
        inner = options["width"] * (base << group)
        outputs = 4 * (base << group) if kernels == [1, 3, 1] else inner
        for block in range(count):
            stride = 2 if group > 0 and block == 0 else 1
            convolutions = [
                (kernel, outputs if index == len(kernels) - 1 else inner,
                 stride if index == kernels.index(3) else 1)
                for index, kernel in enumerate(kernels)]
            yield f"group{group}.block{block}", inputs, stride, convolutions
            inputs = outputs


def start(key, options):
    """The parameters and the running statistics before the first step, in 32 bits."""
    weights, statistics = {}, {}

    def convolution(name, inputs, outputs, kernel):
        weights[f"{name}.weight"] = symmetric(
            f"{key}/{name}.weight", (outputs, inputs, kernel, kernel),
            math.sqrt(6 / (kernel * kernel * inputs)))

    def normalization(name, channels):
        # Small gammas keep 50 layers' activations in bounds where nothing is normalised.
        shape = (channels,)
        weights[f"{name}.weight"] = (
            0.2 + 0.6 * numbers(f"{key}/{name}.weight", shape)).float()
        weights[f"{name}.bias"] = symmetric(f"{key}/{name}.bias", shape, 0.2)
        statistics[f"{name}.running_mean"] = symmetric(
            f"{key}/{name}.running_mean", shape, 0.2)
        statistics[f"{name}.running_var"] = (
            0.5 + numbers(f"{key}/{name}.running_var", shape)).float()

    small = options["family"] == "resnet"
    first = 16 if small else 64
    convolution("conv0", options["channels"], first, 3 if small else 7)
    normalization("bn0", first)
    for prefix, inputs, _, convolutions in blocks(options):
        channels = inputs
        for index, (kernel, outputs, _) in enumerate(convolutions):
            convolution(f"{prefix}.conv{index}", channels, outputs, kernel)
            normalization(f"{prefix}.bn{index}", outputs)
            channels = outputs
        if inputs != outputs and not small:
            convolution(f"{prefix}.convdim", inputs, outputs, 1)
            normalization(f"{prefix}.bndim", outputs)
    bound = 1 / math.sqrt(outputs)
    weights["fc.weight"] = symmetric(f"{key}/fc.weight", (options["classes"], outputs), bound)
    weights["fc.bias"] = symmetric(f"{key}/fc.bias", (options["classes"],), 0.2)
    return weights, statistics


def logits(options, weights, statistics, x, training, dropped=()):
    """The network's output; `statistics` change when it is training."""

    def convolution(x, name, stride=1):
        filters = weights[f"{name}.weight"]
        return F.conv2d(x, filters, stride=stride, padding=filters.shape[-1] // 2)

    def normalization(x, name):
        return F.batch_norm(
            x, statistics[f"{name}.running_mean"], statistics[f"{name}.running_var"],
            weights[f"{name}.weight"], weights[f"{name}.bias"], training, momentum=0.1, eps=1e-5)

    small = options["family"] == "resnet"
    x = normalization(convolution(x, "conv0", 1 if small else 2), "bn0").relu()
    if not small:
        x = F.max_pool2d(x, 3, 2, 1)
    every = list(blocks(options))
    for number, (prefix, inputs, stride, convolutions) in enumerate(every):
        shortcut = x
        if inputs != convolutions[-1][1]:
            if small:
                shortcut = F.pad(
                    x[:, :, ::stride, ::stride], (0, 0, 0, 0, 0, convolutions[-1][1] - inputs))
            else:
                shortcut = normalization(
                    convolution(x, f"{prefix}.convdim", stride), f"{prefix}.bndim")
        if number in dropped:
            x = shortcut.relu()
            continue
        for index, (_, _, stride) in enumerate(convolutions):
            x = normalization(convolution(x, f"{prefix}.conv{index}", stride), f"{prefix}.bn{index}")
            if index < len(convolutions) - 1:
                x = x.relu()
        if not training:
            x = x * (1 - (number + 1) / len(every) * (1 - options.get("survival", 1)))
        x = (x + shortcut).relu()
    return F.linear(x.mean(dim=(2, 3)), weights["fc.weight"], weights["fc.bias"])


def images_and_labels(key, options):
    """Images [S, B, C, H, W] of variance 1 and labels [S, B]."""
    shape = (options["steps"], options["batch"])
    size = (options["channels"], options["size"], options["size"])
    images = symmetric(f"{key}/images", shape + size, math.sqrt(3))
    return images, (numbers(f"{key}/labels", shape) * options["classes"]).long()


def make(folder, key, options):
    weights, statistics = start(key, options)
    images, labels = images_and_labels(key, options)
    weights = {name: tensor.double().requires_grad_() for name, tensor in weights.items()}
    statistics = {name: tensor.double() for name, tensor in statistics.items()}
    velocities, losses = {}, []
    for number, (x, y) in enumerate(zip(images.double(), labels)):
        dropped = options.get("dropped", [()] * options["steps"])[number]
        loss = F.cross_entropy(logits(options, weights, statistics, x, True, dropped), y)
        loss.backward()
        for weight in weights.values():
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
        step(weights, velocities, options["lr"])
        losses.append(loss.item())
    with torch.no_grad():
        outputs = logits(options, weights, statistics, images[0].double(), False)
    folder.mkdir(parents=True, exist_ok=True)
    description = options | dict(
        dropout=0, losses=losses, eval_logits_of_first_batch=outputs.tolist())
    (folder / "trace.json").write_text(json.dumps(description, indent=1) + "\n")
    print(key, losses)


def torchvision_logits(name, weights, statistics, x):
    """What torchvision's network says, with our names turned into its; None without it."""
    try:
        import torchvision
    except ImportError:
        return None
    network = getattr(torchvision.models, name)().double().eval()
    state = {}
    for ours, tensor in (weights | statistics).items():
        parts = ours.split(".")
        if parts[0] in ("conv0", "bn0"):
            theirs = [parts[0][:-1] + "1", parts[1]]
        elif parts[0] == "fc":
            theirs = parts
        elif parts[2] in ("convdim", "bndim"):
            place = "0" if parts[2] == "convdim" else "1"
            theirs = [f"layer{int(parts[0][5:]) + 1}", parts[1][5:], "downsample", place, parts[3]]
        else:
            theirs = [f"layer{int(parts[0][5:]) + 1}", parts[1][5:],
                      parts[2][:-1] + str(int(parts[2][-1]) + 1), parts[3]]
        state[".".join(theirs)] = tensor
    missing, unexpected = network.load_state_dict(state, strict=False)
    assert not unexpected and all(key.endswith("num_batches_tracked") for key in missing)
    return network(x)


def make_logits(path):
    result = {}
    for name, theirs, block, groups, width in LOGITS:
        options = dict(family="imagenet-resnet", block=block, groups=groups, width=width,
                       classes=1000, channels=3, size=64, batch=2, steps=1)
        weights, statistics = ({key: tensor.double() for key, tensor in group.items()}
                               for group in start(name, options))
        images = images_and_labels(name, options)[0][0].double()
        with torch.no_grad():
            outputs = logits(options, weights, statistics, images, False)
            expected = torchvision_logits(theirs, weights, statistics, images)
        if expected is None:
            print(name, "not compared with torchvision, which is not installed")
        else:
            print(name, "differs from torchvision by", (outputs - expected).abs().max().item())
            assert torch.allclose(outputs, expected, rtol=0, atol=1e-9)
        print(name, "logits", outputs.min().item(), outputs.max().item(), outputs.std().item())
        result[name] = [[round(value, 6) for value in row] for row in outputs.tolist()]
    path.write_text(json.dumps(result, separators=(",", ":")).replace("]", "]\n") + "\n")


if __name__ == "__main__":
    target = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
    for name, options in TRACES.items():
        make(target / name, name, options)
    make_logits(target / "logits.json")
