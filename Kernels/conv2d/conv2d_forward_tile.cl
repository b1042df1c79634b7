// conv2d_forward_tile: y = conv(x, w) [+ residual], for CPUs.
// Host: Sources/Operators/Conv2D/Conv2DForward.swift     Reference: Conv2D+Reference.swift
//
// x: [BATCH, IN_H, IN_W, IN_C], w: [OUT_C / PANEL][KERNEL][KERNEL][IN_C][PANEL],
// y: [BATCH, OUT_H, OUT_W, OUT_C]. One work-item a group; it computes ITEM_M pixels in a row of the
// flattened output and PANEL = ITEM_N * VEC channels. Neighbouring groups share the filter's panel,
// which stays in cache.
#define SUM_C IN_C
#include "conv2d/conv2d_tile.clh"

#define ROWS (BATCH * OUT_H * OUT_W)

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void conv2d_forward_tile(const __global float* restrict x, const __global float* restrict w,
#if WITH_RESIDUAL
                         const __global float* restrict residual,
#endif
                         __global float* restrict y) {
  const int m0 = (int)get_global_id(0) * ITEM_M;
  const int n0 = (int)get_global_id(1) * PANEL;
  w += n0 * KERNEL * KERNEL * IN_C;
  int image[ITEM_M], top[ITEM_M], left[ITEM_M];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
    const int m = min(m0 + i, ROWS - 1);
    image[i] = m / (OUT_H * OUT_W);
    top[i] = m / OUT_W % OUT_H * STRIDE - PAD;
    left[i] = m % OUT_W * STRIDE - PAD;
  }
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);

  for (int r = 0; r < KERNEL; r++) {
    for (int s = 0; s < KERNEL; s++) {
      int offset[ITEM_M];
      bool anyInside = false;
#pragma unroll
      for (int i = 0; i < ITEM_M; i++) {
        const int row = top[i] + r, column = left[i] + s;
        const bool inside = row >= 0 && row < IN_H && column >= 0 && column < IN_W;
        offset[i] = inside ? ((image[i] * IN_H + row) * IN_W + column) * IN_C : OUTSIDE;
        anyInside |= inside;
      }
      if (anyInside) conv2d_accumulate(acc, x, offset, w + (r * KERNEL + s) * IN_C * PANEL);
    }
  }

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
    if (m0 + i < ROWS) {
      const int at = (m0 + i) * OUT_C + n0;
#pragma unroll
      for (int j = 0; j < ITEM_N; j++) {
#if WITH_RESIDUAL
        acc[i][j] += load_vec(residual + at + j * VEC);
#endif
        store_vec(y + at + j * VEC, acc[i][j]);
      }
    }
  }
}
