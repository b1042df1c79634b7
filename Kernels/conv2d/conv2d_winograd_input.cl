// conv2d_winograd_input: v = Bᵀ x B for each tile of a chunk of images, x normalised on the way.
// Host: Sources/Operators/Conv2D/Winograd.swift
//
// x: [BATCH, IN_H, IN_W, CHANNELS], v: planes as winograd_tiles.clh says.
// A work-item takes one tile and ITEM_N vectors of channels, one after the other.
#include "conv2d/conv2d_activation.clh"
#include "conv2d/winograd_tiles.clh"

// The tile's vectors; `inside` promises that it lies in the image with its border.
inline void winograd_input_tile(const __global float* restrict x, const int row,
                                const int column, const bool inside,
                                const struct activation a, __global float* restrict v) {
  vec_t half_done[TILE_IN][TILE_IN];
#pragma unroll
  for (int j = 0; j < TILE_IN; j++) {
    vec_t d[TILE_IN], t[TILE_IN];
#pragma unroll
    for (int i = 0; i < TILE_IN; i++) {
      const int r = row + i, s = column + j;
      d[i] = inside || (r >= 0 && r < IN_H && s >= 0 && s < IN_W)
                 ? activate(load_vec(x + (r * IN_W + s) * CHANNELS), a)
                 : (vec_t)(0.0f);
    }
    winograd_input(d, t);
#pragma unroll
    for (int i = 0; i < TILE_IN; i++) half_done[i][j] = t[i];
  }
#pragma unroll
  for (int i = 0; i < TILE_IN; i++) {
    vec_t t[TILE_IN];
    winograd_input(half_done[i], t);
#pragma unroll
    for (int j = 0; j < TILE_IN; j++) store_vec(v + (i * TILE_IN + j) * PLANE, t[j]);
  }
}

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void conv2d_winograd_input(const __global float* restrict x, ACTIVATION_PARAMETERS
                           const int firstImage, __global float* restrict v) {
  const int t = (int)get_global_id(1);
  const int3 tile = winograd_tile(t, firstImage);
  const int row = tile.y - 1, column = tile.z - 1;
  const bool inside =
      row >= 0 && row + TILE_IN <= IN_H && column >= 0 && column + TILE_IN <= IN_W;
  const __global float* image = x + tile.x * IN_H * IN_W * CHANNELS;
  for (int n = 0; n < ITEM_N; n++) {
    const int c = ((int)get_global_id(0) * ITEM_N + n) * VEC;
    if (c >= CHANNELS) return;
    const struct activation a = ACTIVATION_AT(c);
    if (inside)
      winograd_input_tile(image + c, row, column, true, a, v + IN_PLANE(t, c));
    else
      winograd_input_tile(image + c, row, column, false, a, v + IN_PLANE(t, c));
  }
}
