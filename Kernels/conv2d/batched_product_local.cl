// batched_product_local: c[p] = a[p] · b[p] for each plane p, for GPUs.
// Host: Sources/Operators/Conv2D/WinogradProduct.swift
//
// a: [planes][ROWS][SUM_C], b: [planes][SUM_C][PUT_C], c: [planes][ROWS][PUT_C]; A_PAD and C_PAD
// floats lie between the planes of a and c. VEC divides SUM_C and PUT_C.
#include "conv2d/local_product.clh"

#define A_STRIDE (TILE_K + VEC)  // one more vector: rows lie in other banks, still aligned

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1))) IN_SUB_GROUPS
void batched_product_local(const __global float* restrict a, const __global float* restrict b,
                           __global float* restrict c) {
  __local float left[TILE_M * A_STRIDE] __attribute__((aligned(64)));
  __local float right[TILE_K * TILE_N] __attribute__((aligned(64)));
  const int lx = (int)get_local_id(0), ly = (int)get_local_id(1);
  const int n0 = (int)get_group_id(0) * TILE_N;
  const int m0 = (int)get_group_id(1) * TILE_M;
  const int plane = (int)get_group_id(2);
  a += plane * (ROWS * SUM_C + A_PAD);
  b += plane * SUM_C * PUT_C;
  c += plane * (ROWS * PUT_C + C_PAD);
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);

  // One round after another: see conv2d_local.clh.
#pragma unroll 1
  for (int k = 0; k < SUM_C; k += TILE_K) {
    local_product_load(a, ROWS, SUM_C, m0, k, TILE_M, TILE_K, A_STRIDE, left);
    local_product_load(b, SUM_C, PUT_C, k, n0, TILE_K, TILE_N, TILE_N, right);
    barrier(CLK_LOCAL_MEM_FENCE);
    local_product_accumulate(acc, left, A_STRIDE, 1, right);
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#pragma unroll
  for (int i = 0; i < ITEM_M; i++) {
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) {
      const int m = m0 + ly + i * WG_Y, n = n0 + (lx + j * WG_X) * VEC;
      if (m < ROWS && n < PUT_C) store_vec(c + m * PUT_C + n, acc[i][j]);
    }
  }
}
