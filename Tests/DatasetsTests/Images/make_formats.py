"""Writes the WebP, TIFF and BMP images of this folder and those with a camera's orientation:
python3 make_formats.py

The pixels are those of make_images.py, whose .rgb files the tests compare with; images that are not
among them get one of their own. What Pillow cannot write is put together here. Made with Pillow
13.0 and numpy 2.4."""
import io
import struct

import numpy
from PIL import Image, ImageOps

HEIGHT, WIDTH = 19, 23
rows, columns = numpy.mgrid[0:HEIGHT, 0:WIDTH]
smooth = numpy.stack([rows * 12, columns * 10, 255 - rows * 6 - columns * 5], -1).astype("uint8")
noise = numpy.random.default_rng(1).integers(0, 256, (HEIGHT, WIDTH, 4), dtype="uint8")
color = Image.fromarray(noise[..., :3])
grey = Image.fromarray(noise[..., 0])
bits = Image.fromarray(noise[..., 0] > 127)


def keep(name, pixels):
    with open(name + ".rgb", "wb") as file:
        file.write(numpy.asarray(pixels).tobytes())


# WebP
color.save("color.webp", lossless=True)
Image.fromarray(noise).save("alpha.webp", lossless=True, exact=True)
Image.fromarray(smooth).save("lossy.webp", quality=90)
keep("lossy.webp", Image.open("lossy.webp").convert("RGB"))
grey.convert("RGB").save("animated.webp", save_all=True, append_images=[color], lossless=True)

# TIFF
color.save("color.tif")
color.save("lzw.tif", compression="tiff_lzw")
color.save("deflate.tif", compression="tiff_adobe_deflate")
color.save("packbits.tif", compression="packbits")
grey.save("grey.tif")
bits.save("fax.tif", compression="group4")
Image.fromarray(noise).save("alpha.tif")
Image.fromarray(smooth).quantize(16).save("palette.tif")
Image.fromarray(smooth).save("jpeg.tif", compression="jpeg", quality=90)
keep("jpeg.tif", Image.open("jpeg.tif").convert("RGB"))


def tiff(name, strips, tags, order="<"):
    """A file of tags {number: values} and of strips or tiles, whose places are put in."""
    data = b"".join(strips)
    place, offsets = 8, []
    for strip in strips:
        offsets.append(place)
        place += len(strip)
    tiled = 322 in tags
    tags = {256: [WIDTH], 257: [HEIGHT], 259: [1], **tags}
    tags[324 if tiled else 273] = offsets
    tags[325 if tiled else 279] = [len(strip) for strip in strips]
    extra = data + b"\0" * (-len(data) % 2)
    entries = b""
    for tag, values in sorted(tags.items()):
        kind, code = (4, "I") if max(values) > 65535 or tag in (273, 279, 324, 325) else (3, "H")
        packed = struct.pack(order + code * len(values), *values)
        if len(packed) > 4:
            entries += struct.pack(order + "HHII", tag, kind, len(values), 8 + len(extra))
            extra += packed + b"\0" * (len(packed) % 2)
        else:
            entries += struct.pack(order + "HHI", tag, kind, len(values)) + packed.ljust(4, b"\0")
    with open(name, "wb") as file:
        file.write((b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8 + len(extra))
                   + extra + struct.pack(order + "H", len(tags)) + entries + b"\0\0\0\0")


rgb = noise[..., :3]
tiff("planes.tif", [rgb[..., c].tobytes() for c in range(3)],
     {258: [8, 8, 8], 262: [2], 277: [3], 278: [HEIGHT], 284: [2]}, order=">")
padded = numpy.zeros((32, 32, 3), "uint8")
padded[:HEIGHT, :WIDTH] = rgb
tiff("tiles.tif",
     [padded[y:y + 16, x:x + 16].tobytes() for y in (0, 16) for x in (0, 16)],
     {258: [8, 8, 8], 262: [2], 277: [3], 322: [16], 323: [16]})
deep = numpy.random.default_rng(2).integers(0, 65536, (HEIGHT, WIDTH, 3))
tiff("deep.tif", [deep[y:y + 5].astype("<u2").tobytes() for y in range(0, HEIGHT, 5)],
     {258: [16, 16, 16], 262: [2], 277: [3], 278: [5]})

# BMP
color.save("color.bmp")
grey.save("grey.bmp")
bits.save("bits.bmp")
Image.fromarray(smooth).quantize(16).save("palette.bmp")


def bmp(name, depth, lines, height=HEIGHT, compression=0, before=b"", old=False):
    body = b"".join(line + b"\0" * (-len(line) % 4) for line in lines)
    if old:
        header = struct.pack("<IHHHH", 12, WIDTH, height, 1, depth)
    else:
        header = struct.pack("<IiiHHIIiiII", 40, WIDTH, height, 1, depth, compression, len(body),
                             0, 0, 0, 0)
    start = 14 + len(header) + len(before)
    with open(name, "wb") as file:
        file.write(b"BM" + struct.pack("<IHHI", start + len(body), 0, 0, start) + header + before
                   + body)


bgr = rgb[..., ::-1]
bmp("top-down.bmp", 24, [bgr[y].tobytes() for y in range(HEIGHT)], height=-HEIGHT)
bmp("wide.bmp", 32, [noise[y][:, [2, 1, 0, 3]].tobytes() for y in reversed(range(HEIGHT))])
bmp("old.bmp", 24, [bgr[y].tobytes() for y in reversed(range(HEIGHT))], old=True)
few = Image.fromarray(smooth).quantize(16)
indices = numpy.asarray(few)
table = numpy.array(few.getpalette()[:48], "uint8").reshape(16, 3)
four = numpy.pad(indices, ((0, 0), (0, 1)))
bmp("four-bits.bmp", 4, [(four[y, ::2] << 4 | four[y, 1::2]).astype("uint8").tobytes()
                         for y in reversed(range(HEIGHT))],
    before=b"".join(bytes([b, g, r, 0]) for r, g, b in table))
keep("four-bits.bmp", table[indices])
keep("palette.bmp", Image.open("palette.bmp").convert("RGB"))
keep("palette.tif", Image.open("palette.tif").convert("RGB"))
small = (rgb >> 3).astype("uint16")
fives = small[..., 0] << 10 | small[..., 1] << 5 | small[..., 2]
bmp("fives.bmp", 16, [fives[y].astype("<u2").tobytes() for y in reversed(range(HEIGHT))])
keep("fives.bmp", Image.open("fives.bmp").convert("RGB"))
six = small[..., 0] << 11 | (rgb[..., 1] >> 2).astype("uint16") << 5 | small[..., 2]
bmp("masks.bmp", 16, [six[y].astype("<u2").tobytes() for y in reversed(range(HEIGHT))],
    compression=3, before=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
keep("masks.bmp", Image.open("masks.bmp").convert("RGB"))
bmp("runs.bmp", 8, [b"\x17\1\0\0" * HEIGHT], compression=1, before=bytes(1024))


# Orientations: each .rgb holds the image upright, its width and height in the test.
def turned(name, orientation, **options):
    image = Image.fromarray(smooth[:5, :7])
    exif = Image.Exif()
    exif[0x0112] = orientation
    image.save(name, exif=exif, **options)
    with Image.open(name) as saved:
        keep(name, ImageOps.exif_transpose(saved).convert("RGB"))


for orientation in range(1, 9):
    turned("turned-%d.jpg" % orientation, orientation, quality=95, subsampling=0)
turned("turned-6.png", 6)
turned("turned-8.webp", 8, lossless=True)
turned("turned-5.tif", 5)
