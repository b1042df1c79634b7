"""Writes whitening.json of this folder with numpy: python3 make_whitening.py (numpy 2.4)

Contrast normalisation and ZCA as their definitions have them, on planes [3, 4, 3] as other programs
store images, by an eigenvalue decomposition in float64; then everything is put into the order
[4, 3, 3] of rows, columns and channels. Fewer images than values: the covariance has no inverse of
its own. Image 5 has one colour, image 6 is black."""
import json

import numpy

LENGTH, BIAS = 55.0, 0.1
COUNT, CHANNELS, HEIGHT, WIDTH = 20, 3, 4, 3

random = numpy.random.default_rng(7)
planes = random.integers(0, 256, (COUNT, CHANNELS, HEIGHT, WIDTH), dtype=numpy.uint8)
planes[5] = 77
planes[6] = 0


def normalized(images):
    rows = images.reshape(len(images), -1).astype(numpy.float64)
    rows = rows - rows.mean(axis=1, keepdims=True)
    scale = numpy.sqrt((rows**2).sum(axis=1, keepdims=True)) / LENGTH
    return rows / numpy.where(scale < 1e-8, 1.0, scale)


train, test = normalized(planes[:16]), normalized(planes[16:])
mean = train.mean(axis=0)
covariance = (train - mean).T @ (train - mean) / len(train)
values, vectors = numpy.linalg.eigh(covariance + BIAS * numpy.eye(len(mean)))
matrix = vectors @ numpy.diag(values**-0.5) @ vectors.T

order = numpy.arange(len(mean)).reshape(CHANNELS, HEIGHT, WIDTH).transpose(1, 2, 0).ravel()
result = {
    "images": planes.transpose(0, 2, 3, 1).ravel().tolist(),
    "mean": mean[order],
    "matrix": matrix[numpy.ix_(order, order)].ravel(),
    "train": ((train - mean) @ matrix)[:, order].ravel(),
    "test": ((test - mean) @ matrix)[:, order].ravel(),
}
with open("whitening.json", "w") as file:
    json.dump({name: [round(float(value), 6) for value in row] if name != "images" else row
               for name, row in result.items()}, file)
    file.write("\n")
