"""Writes the MATLAB files of this folder with SciPy: python3 make_matrices.py (SciPy 1.10, numpy 1.24)

Pixel (row, column, channel) of image n is (3 row + 5 column + 7 channel + 11 n) % 251; image n has
label n + 1, so that image 9 is the digit 0."""
import numpy
from scipy.io import savemat

row, column, channel, number = numpy.ogrid[0:32, 0:32, 0:3, 0:10]
images = ((3 * row + 5 * column + 7 * channel + 11 * number) % 251).astype("uint8")
labels = numpy.arange(1, 11, dtype="uint8")[:, None]

savemat("digits.mat", {"X": images, "y": labels}, do_compression=True)
savemat("double.mat", {"X": images[..., :1], "y": labels[:1].astype("float64")}, do_compression=True)
savemat("few-labels.mat", {"X": images, "y": labels[:9]}, do_compression=True)
savemat("label-11.mat", {"X": images, "y": labels + 1}, do_compression=True)
savemat("label-0.mat", {"X": images, "y": labels - 1}, do_compression=True)
savemat("half-label.mat", {"X": images[..., :1], "y": labels[:1] + 0.5}, do_compression=True)
savemat("other-size.mat", {"X": images[1:], "y": labels}, do_compression=True)
savemat("no-labels.mat", {"X": images}, do_compression=True)
savemat("floats.mat", {"X": images[..., :2].astype("float32"), "y": labels[:2]}, do_compression=True)
savemat("level-4.mat", {"y": labels.astype("float64")}, format="4")
