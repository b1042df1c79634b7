// conv2d_backward_data_tile: dx = the gradient of conv(x, w) to x [+ residual], for CPUs.
// Host: Sources/Operators/Conv2D/Conv2DBackwardData.swift     Reference: Conv2D+Reference.swift
//
// dy: [BATCH, OUT_H, OUT_W, OUT_C], t: [IN_C / PANEL][KERNEL][KERNEL][OUT_C][PANEL], where PANEL is
// ITEM_N * VEC, dx: [BATCH, IN_H, IN_W, IN_C].
// With a stride the pixels of dx fall into STRIDE² classes by their row and column modulo STRIDE;
// all pixels of a class see the same taps, so a work-item keeps to one class and skips the rest.
#define SUM_C OUT_C
#include "conv2d/conv2d_tile.clh"

#define CLASS_H ((IN_H + STRIDE - 1) / STRIDE)
#define CLASS_W ((IN_W + STRIDE - 1) / STRIDE)
#define ROWS (BATCH * CLASS_H * CLASS_W)

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void conv2d_backward_data_tile(const __global float* restrict dy, const __global float* restrict t,
#if WITH_RESIDUAL
                               const __global float* restrict residual,
#endif
                               __global float* restrict dx) {
  const int m0 = (int)get_global_id(0) * ITEM_M;
  const int n0 = (int)get_global_id(1) * PANEL;
  const int classRow = (int)get_global_id(2) / STRIDE, classColumn = (int)get_global_id(2) % STRIDE;
  t += n0 * KERNEL * KERNEL * OUT_C;
  int image[ITEM_M], row[ITEM_M], column[ITEM_M];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
    const int m = min(m0 + i, ROWS - 1);
    image[i] = m / (CLASS_H * CLASS_W);
    row[i] = m / CLASS_W % CLASS_H * STRIDE + classRow;
    column[i] = m % CLASS_W * STRIDE + classColumn;
  }
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);

  for (int r = (classRow + PAD) % STRIDE; r < KERNEL; r += STRIDE) {
    for (int s = (classColumn + PAD) % STRIDE; s < KERNEL; s += STRIDE) {
      int offset[ITEM_M];
      bool anyInside = false;
#pragma unroll
      for (int i = 0; i < ITEM_M; i++) {
        // Both differences are multiples of STRIDE, also where they are negative.
        const int outRow = (row[i] + PAD - r) / STRIDE, outColumn = (column[i] + PAD - s) / STRIDE;
        const bool inside = row[i] + PAD >= r && outRow < OUT_H && column[i] + PAD >= s &&
                            outColumn < OUT_W;
        offset[i] = inside ? ((image[i] * OUT_H + outRow) * OUT_W + outColumn) * OUT_C : OUTSIDE;
        anyInside |= inside;
      }
      if (anyInside) conv2d_accumulate(acc, dy, offset, t + (r * KERNEL + s) * OUT_C * PANEL);
    }
  }

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
    if (m0 + i < ROWS && row[i] < IN_H && column[i] < IN_W) {
      const int at = ((image[i] * IN_H + row[i]) * IN_W + column[i]) * IN_C + n0;
#pragma unroll
      for (int j = 0; j < ITEM_N; j++) {
#if WITH_RESIDUAL
        acc[i][j] += load_vec(residual + at + j * VEC);
#endif
        store_vec(dx + at + j * VEC, acc[i][j]);
      }
    }
  }
}
