// conv2d_winograd_filter_gradient: dw = Gᵀ du G for each pair of channels.
// Host: Sources/Operators/Conv2D/Winograd.swift
//
// du: [POINTS][IN_C][OUT_C] with PLANE_PAD between planes, dw: [3][3][IN_C][OUT_C]. A work-item takes
// VEC output channels of ITEM_M input channels.
#include "conv2d/winograd.clh"

#ifndef ITEM_M
#error "ITEM_M: input channels per work-item"
#endif
#ifndef WG_X
#error "WG_X: work-items per group, along output channels"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void conv2d_winograd_filter_gradient(const __global float* restrict du, __global float* restrict dw) {
  const int n = (int)get_global_id(0) * VEC;
  if (n >= OUT_C) return;
  const int end = min(((int)get_global_id(1) + 1) * ITEM_M, IN_C);
  for (int c = (int)get_global_id(1) * ITEM_M; c < end; c++) {
    const int at = c * OUT_C + n;
    vec_t half_done[3][TILE_IN];
#pragma unroll
    for (int j = 0; j < TILE_IN; j++) {
      vec_t d[TILE_IN], g[3];
#pragma unroll
      for (int i = 0; i < TILE_IN; i++)
        d[i] = load_vec(du + (i * TILE_IN + j) * (IN_C * OUT_C + PLANE_PAD) + at);
      winograd_filter_gradient(d, g);
#pragma unroll
      for (int i = 0; i < 3; i++) half_done[i][j] = g[i];
    }
#pragma unroll
    for (int r = 0; r < 3; r++) {
      vec_t g[3];
      winograd_filter_gradient(half_done[r], g);
#pragma unroll
      for (int s = 0; s < 3; s++) store_vec(dw + (r * 3 + s) * IN_C * OUT_C + at, g[s]);
    }
  }
}
