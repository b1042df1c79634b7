// conv2d_winograd_fused: y = conv(x, w) [+ residual], x normalised on the way, by F(TILE_OUT x TILE_OUT, 3 x 3), for CPUs.
// Host: Sources/Operators/Conv2D/WinogradFused.swift
//
// x: [BATCH, IN_H, IN_W, SUM_C], u: [PUT_C / PANEL][POINTS][SUM_C][PANEL], y: [BATCH, IN_H, IN_W,
// PUT_C]. One work-item a group; it takes BLOCK tiles from transform to transform, so that what
// lies between stays in its core's cache:
//   v[POINTS][BLOCK][SUM_C]   the transformed tiles
//   m[POINTS][BLOCK][PANEL]   their products with one panel of u, then transformed back
#include "conv2d/conv2d_activation.clh"

#ifndef BLOCK
#error "BLOCK: tiles per work-item, a multiple of ITEM_M"
#endif
#ifndef ITEM_M
#error "ITEM_M: tiles of a product in registers"
#endif
#ifndef ITEM_N
#error "ITEM_N: channel vectors of a product in registers"
#endif

#define PANEL (ITEM_N * VEC)
#define V_PLANE (BLOCK * SUM_C + PLANE_PAD)
#define M_PLANE (BLOCK * PANEL + PLANE_PAD)
#define X_C SUM_C
#include "conv2d/winograd_block.clh"

// m = v · u of one point and one panel, ITEM_M tiles.
inline void winograd_fused_product(const __local float* v, const __global float* restrict u,
                                   __local float* m) {
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);
  for (int k = 0; k < SUM_C; k++) {
    vec_t right[ITEM_N];
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) right[j] = load_vec(u + k * PANEL + j * VEC);
#pragma unroll
    for (int i = 0; i < ITEM_M; i++)
#pragma unroll
      for (int j = 0; j < ITEM_N; j++)
        acc[i][j] = fma((vec_t)(v[i * SUM_C + k]), right[j], acc[i][j]);
  }
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) store_local(m + i * PANEL + j * VEC, acc[i][j]);
}

// y of one tile and VEC channels, `at` its place in y.
inline void winograd_fused_output(const __local float* m, const int row, const int column,
#if WITH_RESIDUAL
                                  const __global float* restrict residual,
#endif
                                  __global float* restrict y, const int at) {
  vec_t half_done[TILE_OUT][TILE_IN];
#pragma unroll
  for (int j = 0; j < TILE_IN; j++) {
    vec_t d[TILE_IN], r[TILE_OUT];
#pragma unroll
    for (int i = 0; i < TILE_IN; i++) d[i] = load_local(m + (i * TILE_IN + j) * M_PLANE);
    winograd_output(d, r);
#pragma unroll
    for (int i = 0; i < TILE_OUT; i++) half_done[i][j] = r[i];
  }
#pragma unroll
  for (int i = 0; i < TILE_OUT; i++) {
    vec_t r[TILE_OUT];
    winograd_output(half_done[i], r);
#pragma unroll
    for (int j = 0; j < TILE_OUT; j++) {
      if (row + i < IN_H && column + j < IN_W) {
        const int to = at + (i * IN_W + j) * PUT_C;
#if WITH_RESIDUAL
        r[j] += load_vec(residual + to);
#endif
        store_vec(y + to, r[j]);
      }
    }
  }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void conv2d_winograd_fused(const __global float* restrict x, ACTIVATION_PARAMETERS
                           const __global float* restrict u,
#if WITH_RESIDUAL
                           const __global float* restrict residual,
#endif
                           __global float* restrict y) {
  __local float v[POINTS * V_PLANE] __attribute__((aligned(64)));
  __local float m[POINTS * M_PLANE] __attribute__((aligned(64)));
  const int first = (int)get_global_id(0) * BLOCK;
  const int count = min(BLOCK, TILES - first);

  for (int t = 0; t < count; t++) {
    const int tile = first + t;
    const int image = tile / (TILES_H * TILES_W);
    const int row = tile / TILES_W % TILES_H * TILE_OUT - 1;
    const int column = tile % TILES_W * TILE_OUT - 1;
    const bool inside =
        row >= 0 && row + TILE_IN <= IN_H && column >= 0 && column + TILE_IN <= IN_W;
    const __global float* from = x + image * IN_H * IN_W * SUM_C;
    for (int c = 0; c < SUM_C; c += VEC) {
      const struct activation a = ACTIVATION_AT(c);
      if (inside)
        winograd_block_input(from + c, row, column, true, a, v + t * SUM_C + c);
      else
        winograd_block_input(from + c, row, column, false, a, v + t * SUM_C + c);
    }
  }
  // The last block's missing tiles: products of whatever lies there would be thrown away, but what
  // lies there was never written.
  for (int t = count; t < BLOCK; t++)
    for (int p = 0; p < POINTS; p++)
      for (int c = 0; c < SUM_C; c += VEC)
        store_local(v + p * V_PLANE + t * SUM_C + c, (vec_t)(0.0f));

  for (int panel = 0; panel < PUT_C / PANEL; panel++) {
    for (int p = 0; p < POINTS; p++) {
      const __global float* right = u + (panel * POINTS + p) * SUM_C * PANEL;
      for (int t = 0; t < BLOCK; t += ITEM_M)
        winograd_fused_product(v + p * V_PLANE + t * SUM_C, right, m + p * M_PLANE + t * PANEL);
    }
    for (int t = 0; t < count; t++) {
      const int tile = first + t;
      const int image = tile / (TILES_H * TILES_W);
      const int row = tile / TILES_W % TILES_H * TILE_OUT, column = tile % TILES_W * TILE_OUT;
      const int at = ((image * IN_H + row) * IN_W + column) * PUT_C + panel * PANEL;
      for (int j = 0; j < PANEL; j += VEC)
        winograd_fused_output(m + t * PANEL + j, row, column,
#if WITH_RESIDUAL
                              residual,
#endif
                              y, at + j);
    }
  }
}
