// conv2d_winograd_fused_filter: parts of dw = Gᵀ (sum of v ⊙ d over tiles) G, x normalised on the
// way, for CPUs.
// Host: Sources/Operators/Conv2D/WinogradFusedFilter.swift
//
// x: [BATCH, IN_H, IN_W, IN_C], dy: [BATCH, IN_H, IN_W, OUT_C], parts: [SPLIT_K][3][3][IN_C][OUT_C].
// One work-item a group; it takes a part of the tiles, BLOCK at a time, and OUT_BLOCK output
// channels, so that what lies between stays in its core's cache:
//   v[POINTS][BLOCK][IN_C]                        the input's transformed tiles
//   d[POINTS][OUT_BLOCK / PANEL][BLOCK][PANEL]    those of dy, where PANEL is ITEM_N * VEC
//   sums[POINTS][IN_C][OUT_BLOCK]                 of their products
#include "conv2d/conv2d_activation.clh"

#ifndef SPLIT_K
#error "SPLIT_K: parts that the tiles are split in"
#endif
#ifndef BLOCK
#error "BLOCK: tiles that are transformed at a time"
#endif
#ifndef OUT_BLOCK
#error "OUT_BLOCK: output channels per work-item, a multiple of ITEM_N * VEC that divides OUT_C"
#endif
#ifndef ITEM_M
#error "ITEM_M: input channels of a product in registers, divides IN_C"
#endif
#ifndef ITEM_N
#error "ITEM_N: output channel vectors of a product in registers"
#endif

#define X_C IN_C
#define PANEL (ITEM_N * VEC)
#define V_PLANE (BLOCK * IN_C + PLANE_PAD)
#define D_PLANE (BLOCK * OUT_BLOCK + PLANE_PAD)
#define SUM_PLANE (IN_C * OUT_BLOCK + PLANE_PAD)
#include "conv2d/winograd_block.clh"

// Tiles of a part, whole blocks.
#define PART_TILES ((TILES + SPLIT_K * BLOCK - 1) / (SPLIT_K * BLOCK) * BLOCK)

// d of one tile and VEC channels of dy.
inline void winograd_fused_filter_gradient(const __global float* restrict dy, const int row,
                                           const int column, __local float* d) {
  vec_t half_done[TILE_IN][TILE_OUT];
#pragma unroll
  for (int j = 0; j < TILE_OUT; j++) {
    vec_t g[TILE_OUT], r[TILE_IN];
#pragma unroll
    for (int i = 0; i < TILE_OUT; i++)
      g[i] = row + i < IN_H && column + j < IN_W
                 ? load_vec(dy + ((row + i) * IN_W + column + j) * OUT_C)
                 : (vec_t)(0.0f);
    winograd_gradient(g, r);
#pragma unroll
    for (int i = 0; i < TILE_IN; i++) half_done[i][j] = r[i];
  }
#pragma unroll
  for (int i = 0; i < TILE_IN; i++) {
    vec_t r[TILE_IN];
    winograd_gradient(half_done[i], r);
#pragma unroll
    for (int j = 0; j < TILE_IN; j++) store_local(d + (i * TILE_IN + j) * D_PLANE, r[j]);
  }
}

// sums += vᵀ · d of one point: ITEM_M input channels and a panel of output channels, BLOCK tiles.
inline void winograd_fused_filter_product(const __local float* v, const __local float* d,
                                          __local float* sums) {
  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = load_local(sums + i * OUT_BLOCK + j * VEC);
#pragma unroll 2
  for (int t = 0; t < BLOCK; t++) {
    vec_t right[ITEM_N];
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) right[j] = load_local(d + t * PANEL + j * VEC);
#pragma unroll
    for (int i = 0; i < ITEM_M; i++)
#pragma unroll
      for (int j = 0; j < ITEM_N; j++)
        acc[i][j] = fma((vec_t)(v[t * IN_C + i]), right[j], acc[i][j]);
  }
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) store_local(sums + i * OUT_BLOCK + j * VEC, acc[i][j]);
}

// Gᵀ sums G of one input channel and VEC output channels, `at` its place in `part`.
inline void winograd_fused_filter_output(const __local float* sums, __global float* restrict part) {
  vec_t half_done[3][TILE_IN];
#pragma unroll
  for (int j = 0; j < TILE_IN; j++) {
    vec_t u[TILE_IN], g[3];
#pragma unroll
    for (int i = 0; i < TILE_IN; i++) u[i] = load_local(sums + (i * TILE_IN + j) * SUM_PLANE);
    winograd_filter_gradient(u, g);
#pragma unroll
    for (int i = 0; i < 3; i++) half_done[i][j] = g[i];
  }
#pragma unroll
  for (int r = 0; r < 3; r++) {
    vec_t g[3];
    winograd_filter_gradient(half_done[r], g);
#pragma unroll
    for (int s = 0; s < 3; s++) store_vec(part + (r * 3 + s) * IN_C * OUT_C, g[s]);
  }
}

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void conv2d_winograd_fused_filter(const __global float* restrict x, ACTIVATION_PARAMETERS
                                  const __global float* restrict dy,
                                  __global float* restrict parts) {
  __local float v[POINTS * V_PLANE] __attribute__((aligned(64)));
  __local float d[POINTS * D_PLANE] __attribute__((aligned(64)));
  __local float sums[POINTS * SUM_PLANE] __attribute__((aligned(64)));
  const int n0 = (int)get_global_id(0) * OUT_BLOCK;
  const int part = (int)get_global_id(1);
  const int end = min((part + 1) * PART_TILES, TILES);

  for (int p = 0; p < POINTS; p++)
    for (int i = 0; i < IN_C * OUT_BLOCK; i += VEC)
      store_local(sums + p * SUM_PLANE + i, (vec_t)(0.0f));

  for (int first = part * PART_TILES; first < end; first += BLOCK) {
    const int count = min(BLOCK, end - first);
    for (int t = 0; t < count; t++) {
      const int tile = first + t;
      const int image = tile / (TILES_H * TILES_W) * IN_H * IN_W;
      const int row = tile / TILES_W % TILES_H * TILE_OUT, column = tile % TILES_W * TILE_OUT;
      const bool inside =
          row >= 1 && row - 1 + TILE_IN <= IN_H && column >= 1 && column - 1 + TILE_IN <= IN_W;
      for (int c = 0; c < IN_C; c += VEC) {
        const struct activation a = ACTIVATION_AT(c);
        const __global float* from = x + image * IN_C + c;
        if (inside)
          winograd_block_input(from, row - 1, column - 1, true, a, v + t * IN_C + c);
        else
          winograd_block_input(from, row - 1, column - 1, false, a, v + t * IN_C + c);
      }
      for (int c = 0; c < OUT_BLOCK; c += VEC)
        winograd_fused_filter_gradient(dy + image * OUT_C + n0 + c, row, column,
                                       d + (c / PANEL * BLOCK + t) * PANEL + c % PANEL);
    }
    // The last block's missing tiles: what lies there was never written.
    for (int t = count; t < BLOCK; t++) {
      for (int p = 0; p < POINTS; p++) {
        for (int c = 0; c < IN_C; c += VEC)
          store_local(v + p * V_PLANE + t * IN_C + c, (vec_t)(0.0f));
        for (int c = 0; c < OUT_BLOCK; c += VEC)
          store_local(d + p * D_PLANE + (c / PANEL * BLOCK + t) * PANEL + c % PANEL, (vec_t)(0.0f));
      }
    }
    for (int p = 0; p < POINTS; p++)
      for (int n = 0; n < OUT_BLOCK; n += PANEL)
        for (int m = 0; m < IN_C; m += ITEM_M)
          winograd_fused_filter_product(v + p * V_PLANE + m, d + p * D_PLANE + n * BLOCK,
                                        sums + p * SUM_PLANE + m * OUT_BLOCK + n);
  }

  parts += part * 9 * IN_C * OUT_C + n0;
  for (int m = 0; m < IN_C; m++)
    for (int n = 0; n < OUT_BLOCK; n += VEC)
      winograd_fused_filter_output(sums + m * OUT_BLOCK + n, parts + m * OUT_C + n);
}
