// augment: picks a batch's images from the data set, flips, pads, crops and normalises them.
// Host: Sources/Operators/Augment/Augment.swift
//
// images: [total, IN_H, IN_W, IN_C] bytes or floats; order: [total]; x: [batch, IN_H, IN_W, IN_C].
// Slot b takes image order[first + b]; slots from `valid` on are zero and read nothing. The draws of
// a slot are the words of philox((b, STREAM, step, 0)): 0 flip, 1 and 2 the crop's row and column.
// The flip comes before the padding, so the padded image is the flipped one's.
// VEC 16: a work-item writes ITEM_M rows of images; VEC 1: one pixel, and ITEM_M is 1.
#include "common/philox.clh"

#ifndef IN_H
#error "IN_H: set by Augment.Problem"
#endif
#ifndef IN_W
#error "IN_W: set by Augment.Problem"
#endif
#ifndef IN_C
#error "IN_C: set by Augment.Problem"
#endif
#ifndef PAD
#error "PAD: pixels around the image before the crop"
#endif
#ifndef PAD_REFLECT
#error "PAD_REFLECT: 1 mirrors at the edge without repeating it, 0 pads with zeros"
#endif
#ifndef FLIP
#error "FLIP: 1 mirrors half of the images"
#endif
#ifndef FLOAT_IMAGES
#error "FLOAT_IMAGES: 1 where the images are floats, 0 where they are bytes"
#endif
#ifndef VEC
#error "VEC: set by RowConfiguration"
#endif
#ifndef ITEM_M
#error "ITEM_M: set by RowConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by RowConfiguration"
#endif

#define STREAM 0x41554721u
#define OUTSIDE (-1)
#define ROW (IN_W * IN_C)  // values in a row of an image

// Not a typedef: its name would be the type that the host sees.
#if FLOAT_IMAGES
#define PIXEL_VALUE float
#else
#define PIXEL_VALUE uchar
#endif

// What was drawn for a slot.
struct augment_draw {
  int flipped;
  int top;
  int left;
};

inline struct augment_draw augment_draw(const int slot, const uint2 seed, const uint step) {
  const uint4 words = philox((uint4)((uint)slot, STREAM, step, 0u), seed);
  struct augment_draw draw;
  draw.flipped = FLIP && (words.x >> 31);
  draw.top = (int)mul_hi(words.y, 2u * PAD + 1u);
  draw.left = (int)mul_hi(words.z, 2u * PAD + 1u);
  return draw;
}

// The row or column of the image at `padded` in the padded image, or OUTSIDE.
inline int augment_source(const int padded, const int size) {
  const int position = padded - PAD;
#if PAD_REFLECT
  const int mirrored = position < 0 ? -position : position;
  return mirrored >= size ? 2 * size - 2 - mirrored : mirrored;
#else
  return position < 0 || position >= size ? OUTSIDE : position;
#endif
}

inline int augment_column(const int column, const struct augment_draw draw) {
  const int source = augment_source(column + draw.left, IN_W);
  return draw.flipped && source != OUTSIDE ? IN_W - 1 - source : source;
}

inline const __global PIXEL_VALUE* augment_row(const __global PIXEL_VALUE* images,
                                                       const uint image, const int row) {
  return images + ((size_t)image * IN_H + (size_t)row) * ROW;
}

#if VEC == 16
inline void augment_zero(__global float* out, const int count) {
  for (int i = 0; i < count; i++) out[i] = 0.0f;
}

// One row of a slot. Each loop has floats or ints: LLVM 15, in pocl, miscompiles loops over bytes alone
// that compute with their counter (`llvm-byte-loop` in docs/drivers.md).
inline void augment_write(const __global PIXEL_VALUE* in, const struct augment_draw draw,
                          const __global float* mean, const __global float* inverseDeviation,
                          __global float* out) {
  int sources[IN_W];
  for (int column = 0; column < IN_W; column++)
    sources[column] = max(augment_column(column, draw), 0) * IN_C;
  for (int column = 0; column < IN_W; column++)
    for (int c = 0; c < IN_C; c++)
      out[column * IN_C + c] = ((float)in[sources[column] + c] - mean[c]) * inverseDeviation[c];
#if !PAD_REFLECT
  for (int column = 0; column < IN_W; column++)
    if (augment_column(column, draw) == OUTSIDE) augment_zero(out + column * IN_C, IN_C);
#endif
}
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void augment(
    const __global PIXEL_VALUE* restrict images, const __global int* restrict imageLabels,
    const __global uint* restrict order, const __global float* restrict mean,
    const __global float* restrict inverseDeviation, __global float* restrict x,
    __global int* restrict labels, const int batch, const int first, const int valid,
    const uint seedLow, const uint seedHigh, const uint step) {
  const uint2 seed = (uint2)(seedLow, seedHigh);
#if VEC == 16
  const int start = (int)get_global_id(0) * ITEM_M;
  const int end = min(start + ITEM_M, batch * IN_H);
  for (int line = start; line < end; line++) {
    const int slot = line / IN_H, row = line % IN_H;
    __global float* out = x + line * ROW;
    if (slot >= valid) {
      if (row == 0) labels[slot] = 0;
      augment_zero(out, ROW);
      continue;
    }
    const uint image = order[first + slot];
    if (row == 0) labels[slot] = imageLabels[image];
    const struct augment_draw draw = augment_draw(slot, seed, step);
    const int source = augment_source(row + draw.top, IN_H);
    if (source == OUTSIDE)
      augment_zero(out, ROW);
    else
      augment_write(augment_row(images, image, source), draw, mean, inverseDeviation, out);
  }
#else
  const int pixel = (int)get_global_id(0);
  if (pixel >= batch * IN_H * IN_W) return;
  const int column = pixel % IN_W, row = pixel / IN_W % IN_H, slot = pixel / (IN_W * IN_H);
  __global float* out = x + pixel * IN_C;
  uint image = 0;
  if (slot < valid) image = order[first + slot];
  if (row == 0 && column == 0) labels[slot] = slot < valid ? imageLabels[image] : 0;
  const struct augment_draw draw = augment_draw(slot, seed, step);
  const int fromRow = augment_source(row + draw.top, IN_H);
  const int fromColumn = augment_column(column, draw);
  if (slot >= valid || fromRow == OUTSIDE || fromColumn == OUTSIDE) {
    for (int c = 0; c < IN_C; c++) out[c] = 0.0f;
    return;
  }
  const __global PIXEL_VALUE* in = augment_row(images, image, fromRow) + fromColumn * IN_C;
  for (int c = 0; c < IN_C; c++) out[c] = ((float)in[c] - mean[c]) * inverseDeviation[c];
#endif
}
