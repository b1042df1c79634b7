// conv2d_winograd_filter: u = G w Gᵀ for each pair of channels, in panels for the product.
// Host: Sources/Operators/Conv2D/Winograd.swift
//
// w: [3][3][IN_C][OUT_C]; u: [PUT_C / PANEL][POINTS][SUM_C][PANEL]. Forward sums over IN_C and puts
// OUT_C. BACKWARD sums over OUT_C, puts IN_C, and turns the filter by 180 degrees.
// A work-item takes VEC channels put and ITEM_M channels summed.
#include "conv2d/conv2d_direction.clh"
#include "conv2d/winograd.clh"

#ifndef PANEL
#error "PANEL: channels put in a panel, a multiple of VEC"
#endif
#ifndef ITEM_M
#error "ITEM_M: channels summed per work-item"
#endif
#ifndef WG_X
#error "WG_X: work-items per group, along the channels put"
#endif

// The filter's values at tap (r, s) from channel `k` to the VEC channels from `n` on.
inline vec_t winograd_filter_tap(const __global float* restrict w, int r, int s, int k,
                                 int n) {
#if BACKWARD
  const __global float* from = w + (((2 - r) * 3 + 2 - s) * IN_C + n) * OUT_C + k;
  float lanes[VEC] __attribute__((aligned(64)));
#pragma unroll
  for (int i = 0; i < VEC; i++) lanes[i] = from[i * OUT_C];
  return *(vec_t*)lanes;
#else
  return load_vec(w + ((r * 3 + s) * IN_C + k) * OUT_C + n);
#endif
}

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void conv2d_winograd_filter(const __global float* restrict w, __global float* restrict u) {
  const int n = (int)get_global_id(0) * VEC;
  if (n >= PUT_C) return;
  const int end = min(((int)get_global_id(1) + 1) * ITEM_M, SUM_C);
  for (int k = (int)get_global_id(1) * ITEM_M; k < end; k++) {
    vec_t half_done[TILE_IN][3];
#pragma unroll
    for (int s = 0; s < 3; s++) {
      vec_t g[3], t[TILE_IN];
#pragma unroll
      for (int r = 0; r < 3; r++) g[r] = winograd_filter_tap(w, r, s, k, n);
      winograd_filter(g, t);
#pragma unroll
      for (int i = 0; i < TILE_IN; i++) half_done[i][s] = t[i];
    }
    __global float* out = u + (n / PANEL * POINTS * SUM_C + k) * PANEL + n % PANEL;
#pragma unroll
    for (int i = 0; i < TILE_IN; i++) {
      vec_t t[TILE_IN];
      winograd_filter(half_done[i], t);
#pragma unroll
      for (int j = 0; j < TILE_IN; j++)
        store_vec(out + (i * TILE_IN + j) * SUM_C * PANEL, t[j]);
    }
  }
}
