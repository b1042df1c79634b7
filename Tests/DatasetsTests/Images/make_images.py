"""Writes the images of this folder and, beside each, what PIL decodes: python3 make_images.py

Each image gets a file of its name and .rgb with its bytes as PIL's RGB or L. Made with Pillow 9.4 and
numpy 1.24; the 16-bit colour image, which Pillow cannot write, by zlib alone."""
import struct
import zlib

import numpy
from PIL import Image

HEIGHT, WIDTH = 19, 23
rows, columns = numpy.mgrid[0:HEIGHT, 0:WIDTH]
smooth = numpy.stack([rows * 12, columns * 10, 255 - rows * 6 - columns * 5], -1).astype("uint8")
noise = numpy.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 4), dtype="uint8")
color = Image.fromarray(smooth)
grey = Image.fromarray(smooth[..., 1])


def keep(name, pixels):
    with open(name + ".rgb", "wb") as file:
        file.write(numpy.asarray(pixels).tobytes())


def save(name, image, **options):
    image.save(name, **options)
    with Image.open(name) as saved:
        keep(name, saved if saved.mode == "L" else saved.convert("RGB"))


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def png(name, depth, kind, lines, interlaced=0):
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, depth, kind, 0, 0, interlaced)
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                   + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b""))


def adam7(pixels):
    lines = b""
    for top, left, down, right in [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4),
                                   (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]:
        for line in pixels[top::down, left::right]:
            lines += b"\0" + line.tobytes()
    return lines


save("color.jpg", color, quality=90)
save("color-444.jpg", color, quality=95, subsampling=0)
save("color-progressive.jpg", color, quality=85, progressive=True)
save("grey.jpg", grey, quality=90)
save("cmyk.jpg", color.convert("CMYK"), quality=95)
save("color.png", Image.fromarray(noise[..., :3]))
save("grey.png", Image.fromarray(noise[..., 0]))
save("alpha.png", Image.fromarray(noise))
save("palette.png", color.quantize(16))
save("bits.png", Image.fromarray(noise[..., 0] > 127))
keep("bits.png", Image.fromarray(noise[..., 0] > 127).convert("L"))
save("grey-alpha.png", Image.fromarray(noise[..., :2], "LA"))
keep("grey-alpha.png", noise[..., 0])

png("interlaced.png", 8, 2, adam7(noise[..., :3]), interlaced=1)
keep("interlaced.png", Image.open("interlaced.png"))
deep = numpy.random.default_rng(2).integers(0, 65536, (HEIGHT, WIDTH, 3)).astype(">u2")
png("deep.png", 16, 2, b"".join(b"\0" + line.tobytes() for line in deep))
keep("deep.png", numpy.rint(deep / 257).astype("uint8"))
png("deep-grey.png", 16, 0, b"".join(b"\0" + line[:, 0].tobytes() for line in deep))
keep("deep-grey.png", numpy.rint(deep[..., 0] / 257).astype("uint8"))
