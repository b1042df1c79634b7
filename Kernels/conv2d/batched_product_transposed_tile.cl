// batched_product_transposed_tile: c[p] (+)= aᵀ[p] · b[p] for each plane p, for CPUs.
// Host: Sources/Operators/Conv2D/WinogradProduct.swift
//
// a: [PLANES][IN_C / STRIP][ROWS][STRIP], b: [PLANES][OUT_C / PANEL][ROWS][PANEL], where PANEL is
// ITEM_N * VEC, c: [PLANES][IN_C][OUT_C], with A_PAD, B_PAD and C_PAD floats between planes.
// ACCUMULATE adds to c, after the first chunk of images.
// One work-item a group; it sums ITEM_M × ITEM_N * VEC results over all rows, in their order.
#include "common/vector.clh"

#ifndef ITEM_M
#error "ITEM_M: columns of a per work-item, divides IN_C"
#endif
#ifndef STRIP
#error "STRIP: columns of a that lie together, a multiple of ITEM_M that divides IN_C"
#endif
#ifndef ITEM_N
#error "ITEM_N: column vectors of b per work-item"
#endif

#define PANEL (ITEM_N * VEC)

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void batched_product_transposed_tile(const __global float* restrict a,
                                     const __global float* restrict b, __global float* restrict c) {
  const int n0 = (int)get_global_id(0) * PANEL;
  const int m0 = (int)get_global_id(1) * ITEM_M;
  const int plane = (int)get_global_id(2);
  a += plane * (ROWS * IN_C + A_PAD) + m0 / STRIP * ROWS * STRIP + m0 % STRIP;
  b += plane * (ROWS * OUT_C + B_PAD) + n0 * ROWS;
  c += plane * (IN_C * OUT_C + C_PAD) + m0 * OUT_C + n0;
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++)
#if ACCUMULATE
      acc[i][j] = load_vec(c + i * OUT_C + j * VEC);
#else
      acc[i][j] = (vec_t)(0.0f);
#endif
  for (int row = 0; row < ROWS; row++) {
    vec_t right[ITEM_N];
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) right[j] = load_vec(b + row * PANEL + j * VEC);
#pragma unroll
    for (int i = 0; i < ITEM_M; i++)
#pragma unroll
      for (int j = 0; j < ITEM_N; j++)
        acc[i][j] = fma((vec_t)(a[row * STRIP + i]), right[j], acc[i][j]);
  }
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) store_vec(c + i * OUT_C + j * VEC, acc[i][j]);
}
