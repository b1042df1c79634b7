"""Runs the programs of docs/predict.md as they stand there, and compares them with `widecl predict`."""
import json, os, pathlib, re, subprocess, sys

import numpy as np
from PIL import Image

PAGE = pathlib.Path(__file__).resolve().parent.parent / "docs/predict.md"
# The program's mark on the page, and the file that it opens.
SNIPPETS = {"photo": "photo.jpg", "grey": "shirt.png"}
# EXIF's tag; 6 is a camera on its side.
ORIENTATION = 0x0112
# Of a probability.
BOUND = 1e-3
# Sizes of pictures: wide, tall, larger and smaller than the networks'.
SIZES = [(97, 61), (300, 417), (53, 40), (64, 64)]


def picture(random, width, height, strength=60):
    """Patches of colours and noise."""
    rough = Image.fromarray(random.integers(0, 256, (5, 7, 3), np.uint8))
    smooth = np.asarray(rough.resize((width, height), Image.Resampling.BILINEAR), np.float32)
    noisy = smooth + random.normal(0, strength, smooth.shape)
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


def make_photos(folder):
    """A folder of three classes, told apart by their colour."""
    random = np.random.default_rng(1)
    for split, images in (("train", 20), ("val", 6)):
        for label, name in enumerate(("red", "green", "blue")):
            place = folder / "data" / split / name
            place.mkdir(parents=True)
            for index in range(images):
                image = np.array(picture(random, 90 + index, 70))
                image[..., label] |= 96
                Image.fromarray(image).save(place / f"{index}.jpg")


def check(widecl, name, folder):
    """The largest difference of a probability."""
    def run(*arguments):
        return subprocess.run([widecl, *map(str, arguments)], check=True, stdout=subprocess.PIPE).stdout

    if name == "photo":
        make_photos(folder)
        data = ["--data", "folder:64", "--data-path", folder / "data", "--set", "augmentation.pad=0"]
    else:
        data = ["--data", "synthetic:1x28x28:10:200"]
    run("train", "--model", "wrn-10-1", *data, "--recipe", "quick", "--epochs", "2", "--batch", "20",
        "--lr", "0.01", "--no-tune", "--output", folder / "run")
    checkpoint = folder / "run/checkpoint-last.safetensors"
    run("export", checkpoint, "--format", "onnx", "--output", folder / "net.onnx")
    program = re.search(rf"<!-- {name} -->\n```python\n(.*?)```", PAGE.read_text(), re.S)[1]
    random = np.random.default_rng(2)
    worst, sure = 0.0, []
    for number, size in enumerate(SIZES):
        path = folder / SNIPPETS[name]
        exif = Image.Exif()
        exif[ORIENTATION] = 6 if number == 0 else 1
        picture(random, *size).save(path, exif=exif)
        own = json.loads(run("predict", checkpoint, path, "--json", "--top", "1000"))[0]["classes"]
        subprocess.run(
            [sys.executable, "-c", program + "\nnp.save('answer.npy', probabilities)"], cwd=folder,
            check=True, stdout=subprocess.DEVNULL, env={**os.environ, "OMP_NUM_THREADS": "1"})
        answer = np.load(folder / "answer.npy")
        sure.append(answer.max())
        worst = max(worst, *(abs(row["probability"] - answer[row["label"]]) for row in own))
    assert min(sure) < 0.95, "answers so sure that no preparation could change them"
    return float(worst)
