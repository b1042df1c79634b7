// conv2d_winograd_gradient: d = A dy Aᵀ for each tile of a chunk of images.
// Host: Sources/Operators/Conv2D/Winograd.swift
//
// dy: [BATCH, IN_H, IN_W, CHANNELS], d: planes as winograd_tiles.clh says.
// A work-item takes one tile and ITEM_N vectors of channels, one after the other.
#include "conv2d/winograd_tiles.clh"

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void conv2d_winograd_gradient(const __global float* restrict dy, const int firstImage,
                              __global float* restrict d) {
  const int t = (int)get_global_id(1);
  const int3 tile = winograd_tile(t, firstImage);
  const __global float* in = dy + ((tile.x * IN_H + tile.y) * IN_W + tile.z) * CHANNELS;
  for (int n = 0; n < ITEM_N; n++) {
    const int c = ((int)get_global_id(0) * ITEM_N + n) * VEC;
    if (c >= CHANNELS) return;
    vec_t half_done[TILE_IN][TILE_OUT];
#pragma unroll
    for (int j = 0; j < TILE_OUT; j++) {
      vec_t g[TILE_OUT], r[TILE_IN];
#pragma unroll
      for (int i = 0; i < TILE_OUT; i++)
        g[i] = tile.y + i < IN_H && tile.z + j < IN_W
                   ? load_vec(in + (i * IN_W + j) * CHANNELS + c)
                   : (vec_t)(0.0f);
      winograd_gradient(g, r);
#pragma unroll
      for (int i = 0; i < TILE_IN; i++) half_done[i][j] = r[i];
    }
    __global float* out = d + IN_PLANE(t, c);
#pragma unroll
    for (int i = 0; i < TILE_IN; i++) {
      vec_t r[TILE_IN];
      winograd_gradient(half_done[i], r);
#pragma unroll
      for (int j = 0; j < TILE_IN; j++) store_vec(out + (i * TILE_IN + j) * PLANE, r[j]);
    }
  }
}
