// conv2d_backward_filter_local: parts of dw = the gradient of conv(x, w) to w, for GPUs.
// Host: Sources/Operators/Conv2D/Conv2DBackwardFilter.swift     Reference: Conv2D+Reference.swift
//
// x: [BATCH, IN_H, IN_W, IN_C], dy: [BATCH, OUT_H, OUT_W, OUT_C],
// parts: [SPLIT_K, KERNEL, KERNEL, IN_C, OUT_C].
// A product of KERNEL² * IN_C rows by OUT_C columns, summed over the pixels of BATCH / SPLIT_K
// images. A group owns TILE_M rows × TILE_N columns and takes TILE_K pixels a round. VEC divides OUT_C.
#include "conv2d/local_product.clh"

#ifndef SPLIT_K
#error "SPLIT_K: parts that the images are split in"
#endif

#define ROWS (KERNEL * KERNEL * IN_C)
#define IMAGES ((BATCH + SPLIT_K - 1) / SPLIT_K)

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1))) IN_SUB_GROUPS
void conv2d_backward_filter_local(const __global float* restrict x,
                                  const __global float* restrict dy,
                                  __global float* restrict parts) {
  __local float a[TILE_K * TILE_M] __attribute__((aligned(16)));
  __local float b[TILE_K * TILE_N] __attribute__((aligned(64)));  // as the widest vector is
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int item = ly * WG_X + lx;
  const int n0 = (int)get_group_id(0) * TILE_N;
  const int m0 = (int)get_group_id(1) * TILE_M;
  const int split = (int)get_group_id(2);
  const int first = min(BATCH, split * IMAGES) * OUT_H * OUT_W;
  const int last = min(BATCH, (split + 1) * IMAGES) * OUT_H * OUT_W;
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);

  for (int p = first; p < last; p += TILE_K) {
    for (int e = item; e < TILE_K * TILE_M; e += WG_X * WG_Y) {
      const int m = m0 + e % TILE_M, pixel = p + e / TILE_M;
      const int tap = m / IN_C, c = m % IN_C;
      const int row = pixel / OUT_W % OUT_H * STRIDE - PAD + tap / KERNEL;
      const int column = pixel % OUT_W * STRIDE - PAD + tap % KERNEL;
      const bool inside = m < ROWS && pixel < last && row >= 0 && row < IN_H && column >= 0 &&
                          column < IN_W;
      a[e] = inside ? x[((pixel / (OUT_H * OUT_W) * IN_H + row) * IN_W + column) * IN_C + c] : 0.0f;
    }
    local_product_load(dy, last, OUT_C, p, n0, TILE_K, TILE_N, TILE_N, b);
    barrier(CLK_LOCAL_MEM_FENCE);
    local_product_accumulate(acc, a, 1, TILE_M, b);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) {
      const int m = m0 + ly + i * WG_Y, n = n0 + (lx + j * WG_X) * VEC;
      if (m < ROWS && n < OUT_C) store_vec(parts + (split * ROWS + m) * OUT_C + n, acc[i][j]);
    }
  }
}
