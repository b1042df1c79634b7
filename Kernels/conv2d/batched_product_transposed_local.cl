// batched_product_transposed_local: c[p] (+)= aᵀ[p] · b[p] for each plane p, for GPUs.
// Host: Sources/Operators/Conv2D/WinogradProduct.swift
//
// a: [planes][ROWS][IN_C], b: [planes][ROWS][OUT_C], c: [planes][IN_C][OUT_C], with A_PAD, B_PAD and
// C_PAD floats between planes. ACCUMULATE adds to c, after the first chunk of images.
// VEC divides IN_C and OUT_C; a group sums its results over all rows, in their order.
#include "conv2d/local_product.clh"

#define A_STRIDE ((TILE_M + VEC - 1) / VEC * VEC)  // whole vectors

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1))) IN_SUB_GROUPS
void batched_product_transposed_local(const __global float* restrict a,
                                      const __global float* restrict b, __global float* restrict c) {
  __local float left[TILE_K * A_STRIDE] __attribute__((aligned(64)));
  __local float right[TILE_K * TILE_N] __attribute__((aligned(64)));
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int n0 = (int)get_group_id(0) * TILE_N;
  const int m0 = (int)get_group_id(1) * TILE_M;
  const int plane = (int)get_group_id(2);
  a += plane * (ROWS * IN_C + A_PAD);
  b += plane * (ROWS * OUT_C + B_PAD);
  c += plane * (IN_C * OUT_C + C_PAD);
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);

  for (int row = 0; row < ROWS; row += TILE_K) {
    local_product_load(a, ROWS, IN_C, row, m0, TILE_K, A_STRIDE, A_STRIDE, left);
    local_product_load(b, ROWS, OUT_C, row, n0, TILE_K, TILE_N, TILE_N, right);
    barrier(CLK_LOCAL_MEM_FENCE);
    local_product_accumulate(acc, left, 1, A_STRIDE, right);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) {
      const int m = m0 + ly + i * WG_Y, n = n0 + (lx + j * WG_X) * VEC;
      if (m < IN_C && n < OUT_C) {
        __global float* to = c + m * OUT_C + n;
#if ACCUMULATE
        store_vec(to, load_vec(to) + acc[i][j]);
#else
        store_vec(to, acc[i][j]);
#endif
      }
    }
  }
}
