// conv2d_backward_data_local: dx = the gradient of conv(x, w) to x [+ residual], for GPUs.
// Host: Sources/Operators/Conv2D/Conv2DBackwardData.swift     Reference: Conv2D+Reference.swift
//
// dy: [BATCH, OUT_H, OUT_W, OUT_C], t: [KERNEL, KERNEL, OUT_C, IN_C], dx: [BATCH, IN_H, IN_W, IN_C].
// With a stride the pixels of dx fall into STRIDE² classes by their row and column modulo STRIDE;
// all pixels of a class see the same taps, so a group keeps to one class and skips the rest.
#define SUM_C OUT_C
#define PUT_C IN_C
#include "conv2d/conv2d_local.clh"

#define CLASS_H ((IN_H + STRIDE - 1) / STRIDE)
#define CLASS_W ((IN_W + STRIDE - 1) / STRIDE)
#define ROWS (BATCH * CLASS_H * CLASS_W)

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1))) IN_SUB_GROUPS
void conv2d_backward_data_local(const __global float* restrict dy, const __global float* restrict t,
#if WITH_RESIDUAL
                                const __global float* restrict residual,
#endif
                                __global float* restrict dx) {
  __local float a[TILE_K * A_STRIDE] __attribute__((aligned(16)));
  __local float b[TILE_K * TILE_N] __attribute__((aligned(64)));  // as the widest vector is
  __local int offset[TILE_M];
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int n0 = (int)get_group_id(0) * TILE_N;
  const int m0 = (int)get_group_id(1) * TILE_M;
  const int classRow = (int)get_group_id(2) / STRIDE, classColumn = (int)get_group_id(2) % STRIDE;
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);

  for (int r = (classRow + PAD) % STRIDE; r < KERNEL; r += STRIDE) {
    for (int s = (classColumn + PAD) % STRIDE; s < KERNEL; s += STRIDE) {
      for (int e = ly * WG_X + lx; e < TILE_M; e += WG_X * WG_Y) {
        const int m = m0 + e;
        // Both sums are multiples of STRIDE, also where they are negative.
        const int row = m / CLASS_W % CLASS_H * STRIDE + classRow + PAD - r;
        const int column = m % CLASS_W * STRIDE + classColumn + PAD - s;
        const int outRow = row / STRIDE, outColumn = column / STRIDE;
        const bool inside =
            m < ROWS && row >= 0 && outRow < OUT_H && column >= 0 && outColumn < OUT_W;
        offset[e] = inside ? ((m / (CLASS_H * CLASS_W) * OUT_H + outRow) * OUT_W + outColumn) * OUT_C
                           : OUTSIDE;
      }
      barrier(CLK_LOCAL_MEM_FENCE);
      conv2d_accumulate_local(acc, dy, offset, t + (r * KERNEL + s) * IN_C * OUT_C, n0, a, b);
    }
  }

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
    const int m = m0 + ly + i * WG_Y;
    const int row = m / CLASS_W % CLASS_H * STRIDE + classRow;
    const int column = m % CLASS_W * STRIDE + classColumn;
    if (m < ROWS && row < IN_H && column < IN_W) {
      const int at = ((m / (CLASS_H * CLASS_W) * IN_H + row) * IN_W + column) * IN_C;
#pragma unroll
      for (int j = 0; j < ITEM_N; j++) {
        const int n = n0 + (lx + j * WG_X) * VEC;
        if (n < IN_C) {
#if WITH_RESIDUAL
          acc[i][j] += load_vec(residual + at + n);
#endif
          store_vec(dx + at + n, acc[i][j]);
        }
      }
    }
  }
}
