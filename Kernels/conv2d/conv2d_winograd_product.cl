// conv2d_winograd_product: m[p] = v[p] · u[p] for each point p of a tile, where u = G w Gᵀ is made on
// the way, for CPUs.
// Host: Sources/Operators/Conv2D/WinogradProduct.swift
//
// v: [POINTS][SUM_C / TILE_K][ROWS][TILE_K], w: [3][3][IN_C][OUT_C], m: [POINTS][PUT_C / PANEL][ROWS]
// [PANEL], with PLANE_PAD between planes. Forward sums over IN_C and puts OUT_C. BACKWARD sums over
// OUT_C, puts IN_C, and turns the filter by 180 degrees.
// One work-item a group; it makes the products of ROW_BLOCK rows, a panel of PANEL = ITEM_N * VEC
// channels and the points of POINT_ROWS rows of a tile. TILE_K channels of the filter at a time are
// transformed into its core's cache, so that u, which is four times w, is never in memory, and no
// chain of additions is longer.
#include "conv2d/conv2d_direction.clh"
#include "conv2d/winograd.clh"

#ifndef ITEM_M
#error "ITEM_M: rows of a product in registers, divides ROW_BLOCK"
#endif
#ifndef ITEM_N
#error "ITEM_N: channel vectors of a product in registers"
#endif
#ifndef TILE_K
#error "TILE_K: channels summed at a time, a multiple of VEC that divides SUM_C"
#endif
#ifndef POINT_ROWS
#error "POINT_ROWS: rows of a tile's points per work-item, divides TILE_IN"
#endif
#ifndef ROW_BLOCK
#error "ROW_BLOCK: rows of the products per work-item"
#endif

#define PANEL (ITEM_N * VEC)
#define U_PLANE (TILE_K * PANEL + PLANE_PAD)
#define V_PLANE (ROWS * SUM_C + PLANE_PAD)
#define M_PLANE (ROWS * PUT_C + PLANE_PAD)

// u at the points of rows from `row0` on, of one channel summed and VEC channels put, from its taps.
inline void winograd_product_points(const vec_t taps[3][3], const int row0, __local float* u) {
  vec_t half_done[TILE_IN][3];
#pragma unroll
  for (int s = 0; s < 3; s++) {
    const vec_t g[3] = {taps[0][s], taps[1][s], taps[2][s]};
    vec_t t[TILE_IN];
    winograd_filter(g, t);
#pragma unroll
    for (int i = 0; i < TILE_IN; i++) half_done[i][s] = t[i];
  }
  for (int i = 0; i < POINT_ROWS; i++) {
    vec_t t[TILE_IN];
    winograd_filter(half_done[row0 + i], t);
#pragma unroll
    for (int q = 0; q < TILE_IN; q++) store_local(u + (i * TILE_IN + q) * U_PLANE, t[q]);
  }
}

// u of TILE_K channels from `k0` on and the panel from `n0` on, at the points of rows from `row0` on.
// The filter is read along its rows.
inline void winograd_product_filter(const __global float* restrict w, const int k0, const int n0,
                                    const int row0, __local float* restrict u) {
#if BACKWARD
  for (int j = 0; j < PANEL; j += VEC) {
    for (int k = 0; k < TILE_K; k += VEC) {
      vec_t turned[3][3][VEC];
      for (int r = 0; r < 3; r++) {
        for (int s = 0; s < 3; s++) {
          const __global float* from = w + (((2 - r) * 3 + 2 - s) * IN_C + n0 + j) * OUT_C + k0 + k;
#pragma unroll
          for (int i = 0; i < VEC; i++) turned[r][s][i] = load_vec(from + i * OUT_C);
          transpose_vecs(turned[r][s]);
        }
      }
      for (int l = 0; l < VEC; l++) {
        vec_t taps[3][3];
#pragma unroll
        for (int r = 0; r < 3; r++)
#pragma unroll
          for (int s = 0; s < 3; s++) taps[r][s] = turned[r][s][l];
        winograd_product_points(taps, row0, u + (k + l) * PANEL + j);
      }
    }
  }
#else
  for (int k = 0; k < TILE_K; k++) {
    for (int j = 0; j < PANEL; j += VEC) {
      vec_t taps[3][3];
#pragma unroll
      for (int r = 0; r < 3; r++)
#pragma unroll
        for (int s = 0; s < 3; s++)
          taps[r][s] = load_vec(w + ((r * 3 + s) * IN_C + k0 + k) * OUT_C + n0 + j);
      winograd_product_points(taps, row0, u + k * PANEL + j);
    }
  }
#endif
}

// m (+)= v · u of one point: COUNT rows, TILE_K channels summed and the panel.
#define WINOGRAD_PRODUCT_ROWS(NAME, COUNT)                                                   \
  inline void NAME(const __global float* restrict v, const __local float* restrict u,        \
                   const bool first, __global float* restrict m) {                           \
    vec_t acc[COUNT][ITEM_N];                                                                \
    _Pragma("unroll") for (int i = 0; i < COUNT; i++)                                        \
        _Pragma("unroll") for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);        \
    _Pragma("unroll 2") for (int k = 0; k < TILE_K; k++) {                                   \
      vec_t right[ITEM_N];                                                                   \
      _Pragma("unroll") for (int j = 0; j < ITEM_N; j++) right[j] =                          \
          load_local(u + k * PANEL + j * VEC);                                               \
      _Pragma("unroll") for (int i = 0; i < COUNT; i++)                                      \
          _Pragma("unroll") for (int j = 0; j < ITEM_N; j++) acc[i][j] =                     \
              fma((vec_t)(v[i * TILE_K + k]), right[j], acc[i][j]);                           \
    }                                                                                        \
    _Pragma("unroll") for (int i = 0; i < COUNT; i++)                                        \
        _Pragma("unroll") for (int j = 0; j < ITEM_N; j++) {                                 \
      __global float* to = m + i * PANEL + j * VEC;                                          \
      store_vec(to, first ? acc[i][j] : load_vec(to) + acc[i][j]);                           \
    }                                                                                        \
  }

WINOGRAD_PRODUCT_ROWS(winograd_product_rows, ITEM_M)
#define LAST_ROWS (ROWS % ITEM_M)
#if LAST_ROWS
WINOGRAD_PRODUCT_ROWS(winograd_product_last_rows, LAST_ROWS)
#endif

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void conv2d_winograd_product(const __global float* restrict v, const __global float* restrict w,
                             __global float* restrict m) {
  __local float u[POINT_ROWS * TILE_IN * U_PLANE] __attribute__((aligned(64)));
  const int n0 = (int)get_global_id(0) * PANEL;
  const int row0 = (int)get_global_id(1) * POINT_ROWS;
  const int m0 = (int)get_global_id(2) * ROW_BLOCK;
  const int end = min(m0 + ROW_BLOCK, ROWS);
  v += row0 * TILE_IN * V_PLANE;
  m += row0 * TILE_IN * M_PLANE + n0 * ROWS;
  for (int k = 0; k < SUM_C; k += TILE_K) {
    winograd_product_filter(w, k, n0, row0, u);
    for (int p = 0; p < POINT_ROWS * TILE_IN; p++) {
      const __global float* left = v + p * V_PLANE + k * ROWS;
      __global float* to = m + p * M_PLANE;
      int row = m0;
      for (; row + ITEM_M <= end; row += ITEM_M)
        winograd_product_rows(left + row * TILE_K, u + p * U_PLANE, k == 0, to + row * PANEL);
#if LAST_ROWS
      if (row < end)
        winograd_product_last_rows(left + row * TILE_K, u + p * U_PLANE, k == 0, to + row * PANEL);
#endif
    }
  }
}
