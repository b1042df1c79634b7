"""Compares `widecl evaluate` with PyTorch's evaluation of the same weights on the same images.

Fashion-MNIST is Debian's; CIFAR-10 and SVHN stand for themselves as small files in their formats.
Each data set trains a small network for some steps, so that it is neither right nor wrong everywhere.
"""
import gzip, json, pathlib, subprocess

import numpy as np, scipy.io, torch

from exported import load_network

FASHION_MNIST = pathlib.Path("/usr/share/datasets/fashion-mnist")
# The recipe and the number of training images; by `svhn` pixels are divided by 255.
DATA = {"fashion-mnist": ("quick", 2000), "cifar10": ("quick", 2000), "svhn": ("svhn", 2000)}
TEST_IMAGES = 400
# The default, and one that leaves a part of a batch.
BATCHES = (128, 37)
# Rounding decides an image or two of 10,000, whose best classes nearly tie.
ERROR_POINTS, LOSS_RATIO = 0.02, 1e-3


def read_idx(path):
    data = gzip.decompress(path.read_bytes())
    sizes = np.frombuffer(data, ">i4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * len(sizes)).reshape(sizes)


def learnable(images, seed):
    """Pixels [images, 32, 32, 3] and labels: a pattern for each class, and noise."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, 10, images)
    patterns = np.random.default_rng(0).normal(0, 30, (10, 2, 2, 3)).repeat(16, 1).repeat(16, 2)
    pixels = 128 + patterns[labels] + random.normal(0, 40, (images, 32, 32, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8), labels.astype(np.uint8)


def write_cifar10(folder, train, test):
    parts = [(f"data_batch_{i + 1}", [array[i::5] for array in train]) for i in range(5)]
    for name, (pixels, labels) in [*parts, ("test_batch", test)]:
        planes = pixels.transpose(0, 3, 1, 2).reshape(len(pixels), -1)
        (folder / f"{name}.bin").write_bytes(np.hstack([labels[:, None], planes]).tobytes())
    (folder / "batches.meta.txt").write_text("".join(f"class {i}\n" for i in range(10)))


def write_svhn(folder, train, test):
    """The digit 0 has the label 10; half of the training images are the extra ones."""
    half = len(train[0]) // 2
    splits = {"train": [array[:half] for array in train],
              "extra": [array[half:] for array in train], "test": test}
    for name, (pixels, labels) in splits.items():
        scipy.io.savemat(
            folder / f"{name}_32x32.mat",
            {"X": pixels.transpose(1, 2, 3, 0), "y": np.where(labels == 0, 10, labels)[:, None]},
            do_compression=True)


def prepare(name, folder):
    """The data set's folder and its test images and labels, read or made without widecl."""
    if name == "fashion-mnist":
        kinds = ("images-idx3", "labels-idx1")
        return FASHION_MNIST, [read_idx(FASHION_MNIST / f"t10k-{kind}-ubyte.gz") for kind in kinds]
    test = learnable(TEST_IMAGES, 2)
    {"cifar10": write_cifar10, "svhn": write_svhn}[name](
        folder, learnable(DATA[name][1], 1), test)
    return folder, test


def evaluate(stem, pixels, labels):
    """Error in per cent and mean loss by PyTorch."""
    module, network = load_network(stem)
    parts = torch.tensor(pixels).reshape(*pixels.shape[:3], -1).split(500)
    with torch.no_grad():
        logits = torch.cat([network(module.prepare(part)) for part in parts])
    target = torch.tensor(labels).long()
    loss = torch.nn.functional.cross_entropy(logits.double(), target).item()
    return 100 * (logits.argmax(1) != target).double().mean().item(), loss


def check(widecl, name, folder):
    """Prints both evaluations; whether they agree."""
    def run(*arguments):
        return subprocess.run([widecl, *map(str, arguments)], check=True, stdout=subprocess.PIPE).stdout

    folder = pathlib.Path(folder)
    path, (pixels, labels) = prepare(name, folder)
    data = ("--data", name, "--data-path", path)
    recipe, limit = DATA[name]
    run("train", "--model", "wrn-10-1", *data, "--recipe", recipe, "--epochs", "1", "--limit", limit,
        "--batch", "32", "--lr", "0.02", "--no-tune", "--output", folder / "run")
    checkpoint = folder / "run" / "checkpoint-last.safetensors"
    run("export", checkpoint, "--format", "torch", "--output", folder / "net.safetensors",
        "--module", folder / "net.py")
    error, loss = evaluate(folder / "net", pixels, labels)
    agrees = True
    for batch in BATCHES:
        own = json.loads(run("evaluate", checkpoint, *data, "--batch", batch, "--json"))
        same = (own["images"] == len(labels) and abs(own["error"] - error) <= ERROR_POINTS
                and abs(own["loss"] - loss) <= LOSS_RATIO * loss)
        agrees = agrees and same
        print(f"{name}, {own['images']} images in batches of {batch}: "
              f"error {own['error']:.2f} %, PyTorch {error:.2f} %; "
              f"loss {own['loss']:.6f}, PyTorch {loss:.6f}{'' if same else ': DIFFERENT'}", flush=True)
    return agrees
