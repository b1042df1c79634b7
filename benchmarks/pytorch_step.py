"""Times a training step of a Wide ResNet in PyTorch, in one mode, in this process.

    python pytorch_step.py wrn-16-4 --batch 32 --steps 10 --mode channels-last

Modes: nchw, channels-last, compile (channels last and torch.compile). `--inference` times the
forward pass in evaluation mode instead. Prints one JSON line. Needs torch.
"""

import argparse
import json
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

MODES = ("nchw", "channels-last", "compile")


class PreactivationBlock(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.first = nn.BatchNorm2d(inputs)
        self.second = nn.BatchNorm2d(outputs)
        self.narrow = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.wide = nn.Conv2d(outputs, outputs, 3, padding=1, bias=False)
        self.project = None
        if inputs != outputs:
            self.project = nn.Conv2d(inputs, outputs, 1, stride, bias=False)

    def forward(self, x):
        activated = F.relu(self.first(x), inplace=True) if self.project else F.relu(self.first(x))
        branch = self.wide(F.relu(self.second(self.narrow(activated)), inplace=True))
        return branch + (self.project(activated) if self.project else x)


def network(depth, width, classes=10, channels=3):
    count, rest = divmod(depth - 4, 6)
    if rest:
        raise SystemExit(f"depth {depth} is not 6n + 4")
    layers, inputs = [nn.Conv2d(channels, 16, 3, padding=1, bias=False)], 16
    for group, outputs in enumerate((16 * width, 32 * width, 64 * width)):
        for block in range(count):
            stride = 2 if group and not block else 1
            layers.append(PreactivationBlock(inputs, outputs, stride))
            inputs = outputs
    layers += [nn.BatchNorm2d(inputs), nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
               nn.Linear(inputs, classes)]
    return nn.Sequential(*layers)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="wrn-DEPTH-WIDTH")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--mode", choices=MODES, default="nchw")
    parser.add_argument("--inference", action="store_true")
    options = parser.parse_args()
    _, depth, width = options.model.split("-")

    torch.manual_seed(1)
    model = network(int(depth), int(width))
    images = torch.randn(options.batch, 3, 32, 32)
    labels = torch.randint(0, 10, (options.batch,))
    if options.mode != "nchw":
        model = model.to(memory_format=torch.channels_last)
        images = images.to(memory_format=torch.channels_last)
    optimizer = torch.optim.SGD(
        model.parameters(), lr=1e-4, momentum=0.9, nesterov=True, weight_decay=5e-4)
    model.train(not options.inference)
    call = torch.compile(model) if options.mode == "compile" else model

    def step():
        if options.inference:
            with torch.no_grad():
                call(images)
            return
        optimizer.zero_grad(set_to_none=True)
        F.cross_entropy(call(images), labels).backward()
        optimizer.step()

    seconds = []
    for number in range(2 + options.steps):
        begin = time.perf_counter()
        step()
        if number >= 2:
            seconds.append(time.perf_counter() - begin)
    print(json.dumps({
        "model": options.model, "batch": options.batch, "mode": options.mode,
        "inference": options.inference, "median_s": statistics.median(seconds),
        "min_s": min(seconds), "threads": torch.get_num_threads(), "torch": torch.__version__,
        "peak_process_bytes": 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
    }))


if __name__ == "__main__":
    main()
