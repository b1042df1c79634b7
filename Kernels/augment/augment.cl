// augment: picks a batch's images from the data set, flips, pads, crops and normalises them.
// Host: Sources/Operators/Augment/Augment.swift
//
// images: [TOTAL, IN_H, IN_W, IN_C] bytes; order: [TOTAL]; x: [BATCH, IN_H, IN_W, IN_C].
// Slot b takes image order[first + b]; slots from `valid` on are zero. The draws of a slot are the
// words of philox((b, STREAM, step, 0)): 0 flip, 1 and 2 the crop's row and column.
// A work-item writes one row of one image.
#include "common/philox.clh"

#ifndef PAD
#error "PAD: pixels around the image before the crop"
#endif
#ifndef PAD_REFLECT
#error "PAD_REFLECT: 1 mirrors at the edge without repeating it, 0 pads with zeros"
#endif
#ifndef FLIP
#error "FLIP: 1 mirrors half of the images"
#endif
#ifndef WG_X
#error "WG_X: work-items per group"
#endif

#define STREAM 0x41554721u
#define OUTSIDE (-1)

// The source row or column of padded position `at` - PAD, or OUTSIDE.
inline int augment_source(int at, int size) {
  const int position = at - PAD;
#if PAD_REFLECT
  const int mirrored = position < 0 ? -position : position;
  return mirrored >= size ? 2 * size - 2 - mirrored : mirrored;
#else
  return position < 0 || position >= size ? OUTSIDE : position;
#endif
}

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void augment(const __global uchar* restrict images, const __global int* restrict imageLabels,
             const __global uint* restrict order, const __global float* restrict mean,
             const __global float* restrict inverseDeviation, const int first, const int valid,
             const uint seedLow, const uint seedHigh, const uint step, __global float* restrict x,
             __global int* restrict labels) {
  const int slot = (int)get_global_id(0) / IN_H, row = (int)get_global_id(0) % IN_H;
  if (slot >= BATCH) return;
  __global float* out = x + (slot * IN_H + row) * IN_W * IN_C;
  if (slot >= valid) {
    if (row == 0) labels[slot] = 0;
    for (int i = 0; i < IN_W * IN_C; i++) out[i] = 0.0f;
    return;
  }
  const uint image = order[first + slot];
  if (row == 0) labels[slot] = imageLabels[image];
  const uint4 draws = philox((uint4)((uint)slot, STREAM, step, 0u), (uint2)(seedLow, seedHigh));
  const bool flipped = FLIP && (draws.x >> 31);
  const int top = (int)mul_hi(draws.y, 2u * PAD + 1u), left = (int)mul_hi(draws.z, 2u * PAD + 1u);
  const int fromRow = augment_source(row + top, IN_H);
  const __global uchar* in = images + ((size_t)image * IN_H + (size_t)max(fromRow, 0)) * IN_W * IN_C;
  for (int column = 0; column < IN_W; column++) {
    // The flip comes before the padding, so the padded image is the flipped one's.
    const int padded = augment_source(column + left, IN_W);
    const bool inside = fromRow != OUTSIDE && padded != OUTSIDE;
    const int fromColumn = flipped ? IN_W - 1 - padded : padded;
    for (int c = 0; c < IN_C; c++)
      out[column * IN_C + c] =
          inside ? ((float)in[fromColumn * IN_C + c] - mean[c]) * inverseDeviation[c] : 0.0f;
  }
}
