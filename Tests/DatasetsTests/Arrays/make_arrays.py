"""Writes the .npz files of this folder: python3 make_arrays.py. Made with numpy 2.4.

Byte k of image i is (37 k + 11 i) % 251, label i is i % 3."""
import numpy


def images(count, *shape):
    size = int(numpy.prod(shape))
    flat = (37 * numpy.arange(size) + 11 * numpy.arange(count)[:, None]) % 251
    return flat.reshape(count, *shape).astype("u1")


def labels(count, kind="u1"):
    return (numpy.arange(count) % 3).astype(kind)


keras = {"x_train": images(7, 4, 5), "y_train": labels(7), "x_test": images(4, 4, 5),
         "y_test": labels(4)}
numpy.savez("keras.npz", **keras)
numpy.savez_compressed("medmnist.npz", train_images=images(7, 4, 5, 3),
                       train_labels=labels(7)[:, None], val_images=images(2, 4, 5, 3),
                       val_labels=labels(2)[:, None], test_images=images(4, 4, 5, 3),
                       test_labels=labels(4)[:, None])
numpy.savez_compressed("orders.npz", x_train=numpy.asfortranarray(images(7, 4, 5, 3)),
                       y_train=labels(7, ">i8"), x_test=images(4, 4, 5, 3), y_test=labels(4, "<i2"))
numpy.savez("floats.npz", **{**keras, "x_train": keras["x_train"] / 255})
numpy.savez("planes.npz", **{**keras, "x_train": images(7, 3, 4, 5)})
numpy.savez("one-hot.npz", **{**keras, "y_train": numpy.eye(3, dtype="u1")[labels(7)]})
numpy.savez("negative.npz", **{**keras, "y_test": labels(4, "i1") - 1})
numpy.savez("objects.npz", **{**keras, "y_train": labels(7).astype(object)})
numpy.savez("other-size.npz", **{**keras, "x_test": images(4, 5, 4)})
numpy.savez("no-labels.npz", **{name: keras[name] for name in ("x_train", "y_train", "x_test")})
numpy.savez("others.npz", a=labels(3))
