// batched_product_tile: c[p] = a[p] · b[p] for each plane p, for CPUs.
// Host: Sources/Operators/Conv2D/WinogradProduct.swift
//
// a: [PLANES][ROWS][SUM_C], b: [PUT_C / PANEL][PLANES][SUM_C][PANEL], c: [PLANES][ROWS][PUT_C];
// A_PAD and C_PAD floats lie between the planes of a and c.
// One work-item a group; it computes ITEM_M rows of one panel of PANEL = ITEM_N * VEC columns.
// Neighbouring groups share the panel, which stays in cache.
#include "common/vector.clh"

#ifndef ITEM_M
#error "ITEM_M: rows per work-item"
#endif
#ifndef ITEM_N
#error "ITEM_N: column vectors per work-item"
#endif

#ifndef PLANES
#error "PLANES: products"
#endif

#define PANEL (ITEM_N * VEC)

// One panel's columns of ITEM_M rows.
inline void batched_product_rows(const __global float* restrict a,
                                 const __global float* restrict b,
                                 __global float* restrict c) {
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);
  for (int k = 0; k < SUM_C; k++) {
    vec_t right[ITEM_N];
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) right[j] = load_vec(b + k * PANEL + j * VEC);
#pragma unroll
    for (int i = 0; i < ITEM_M; i++)
#pragma unroll
      for (int j = 0; j < ITEM_N; j++)
        acc[i][j] = fma((vec_t)(a[i * SUM_C + k]), right[j], acc[i][j]);
  }
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) store_vec(c + i * PUT_C + j * VEC, acc[i][j]);
}

// One panel's columns of one row, in the same order of additions.
inline void batched_product_row(const __global float* restrict a,
                                const __global float* restrict b,
                                __global float* restrict c) {
  vec_t acc[ITEM_N];
#pragma unroll
  for (int j = 0; j < ITEM_N; j++) acc[j] = (vec_t)(0.0f);
  for (int k = 0; k < SUM_C; k++) {
#pragma unroll
    for (int j = 0; j < ITEM_N; j++)
      acc[j] = fma((vec_t)(a[k]), load_vec(b + k * PANEL + j * VEC), acc[j]);
  }
#pragma unroll
  for (int j = 0; j < ITEM_N; j++) store_vec(c + j * VEC, acc[j]);
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void batched_product_tile(const __global float* restrict a, const __global float* restrict b,
                          __global float* restrict c) {
  const int m0 = (int)get_global_id(0) * ITEM_M;
  const int panel = (int)get_global_id(1), plane = (int)get_global_id(2);
  a += plane * (ROWS * SUM_C + A_PAD) + m0 * SUM_C;
  b += (panel * PLANES + plane) * SUM_C * PANEL;
  c += plane * (ROWS * PUT_C + C_PAD) + m0 * PUT_C + panel * PANEL;
  if (m0 + ITEM_M <= ROWS) {
    batched_product_rows(a, b, c);
  } else {
    for (int i = 0; i < ROWS - m0; i++) batched_product_row(a + i * SUM_C, b, c + i * PUT_C);
  }
}
