// conv2d_forward_local: y = conv(x, w) [+ residual], for GPUs.
// Host: Sources/Operators/Conv2D/Conv2DForward.swift     Reference: Conv2D+Reference.swift
//
// x: [BATCH, IN_H, IN_W, IN_C], w: [KERNEL, KERNEL, IN_C, OUT_C], y: [BATCH, OUT_H, OUT_W, OUT_C].
#define SUM_C IN_C
#define PUT_C OUT_C
#include "conv2d/conv2d_local.clh"

#define ROWS (BATCH * OUT_H * OUT_W)

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1))) IN_SUB_GROUPS
void conv2d_forward_local(const __global float* restrict x, const __global float* restrict w,
#if WITH_RESIDUAL
                          const __global float* restrict residual,
#endif
                          __global float* restrict y) {
  __local float a[TILE_K * A_STRIDE] __attribute__((aligned(16)));
  __local float b[TILE_K * TILE_N] __attribute__((aligned(64)));  // as the widest vector is
  __local int offset[TILE_M];
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int n0 = (int)get_group_id(0) * TILE_N;
  const int m0 = (int)get_group_id(1) * TILE_M;
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);

  for (int tap = 0; tap < KERNEL * KERNEL; tap++) {
    for (int e = ly * WG_X + lx; e < TILE_M; e += WG_X * WG_Y) {
      const int m = m0 + e;
      const int row = m / OUT_W % OUT_H * STRIDE - PAD + tap / KERNEL;
      const int column = m % OUT_W * STRIDE - PAD + tap % KERNEL;
      const bool inside = m < ROWS && row >= 0 && row < IN_H && column >= 0 && column < IN_W;
      offset[e] =
          inside ? ((m / (OUT_H * OUT_W) * IN_H + row) * IN_W + column) * IN_C : OUTSIDE;
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    conv2d_accumulate_local(acc, x, offset, w + tap * IN_C * OUT_C, n0, a, b);
  }

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) {
      const int m = m0 + ly + i * WG_Y, n = n0 + (lx + j * WG_X) * VEC;
      if (m < ROWS && n < OUT_C) {
#if WITH_RESIDUAL
        acc[i][j] += load_vec(residual + m * OUT_C + n);
#endif
        store_vec(y + m * OUT_C + n, acc[i][j]);
      }
    }
  }
}
