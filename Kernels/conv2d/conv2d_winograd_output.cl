// conv2d_winograd_output: y = Aᵀ m A [+ residual] for each tile of a chunk of images.
// Host: Sources/Operators/Conv2D/Winograd.swift
//
// m: planes as winograd_tiles.clh says, y: [BATCH, IN_H, IN_W, CHANNELS].
// A work-item takes one tile and ITEM_N vectors of channels, one after the other.
#include "conv2d/winograd_tiles.clh"

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void conv2d_winograd_output(const __global float* restrict m,
#if WITH_RESIDUAL
                            const __global float* restrict residual,
#endif
                            const int firstImage, __global float* restrict y) {
  const int t = (int)get_global_id(1);
  const int3 tile = winograd_tile(t, firstImage);
  const int start = ((tile.x * IN_H + tile.y) * IN_W + tile.z) * CHANNELS;
  for (int n = 0; n < ITEM_N; n++) {
    const int c = ((int)get_global_id(0) * ITEM_N + n) * VEC;
    if (c >= CHANNELS) return;
    const __global float* in = m + IN_PLANE(t, c);
    vec_t half_done[TILE_OUT][TILE_IN];
#pragma unroll
    for (int j = 0; j < TILE_IN; j++) {
      vec_t d[TILE_IN], r[TILE_OUT];
#pragma unroll
      for (int i = 0; i < TILE_IN; i++) d[i] = load_vec(in + (i * TILE_IN + j) * PLANE);
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
        if (tile.y + i < IN_H && tile.z + j < IN_W) {
          const int at = start + (i * IN_W + j) * CHANNELS + c;
#if WITH_RESIDUAL
          r[j] += load_vec(residual + at);
#endif
          store_vec(y + at, r[j]);
        }
      }
    }
  }
}
