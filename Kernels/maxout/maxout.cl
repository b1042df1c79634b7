// maxout: y: [rows, channels] is the maximum over the pieces of x: [rows, pieces, channels], and dx its
// gradient.
// Host: Sources/Operators/Maxout/Maxout.swift
//
// `winners`, as bytes, says which piece each maximum is: of equals the first, and a NaN before all
// numbers.
#include "common/pixels.clh"
#include "common/winners.clh"

#ifndef WITH_WINNERS
#error "WITH_WINNERS: 1 where the backward pass needs to know them"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void maxout_forward(
    const __global float* restrict x, __global float* restrict y,
#if WITH_WINNERS
    __global uchar* restrict winners,
#endif
    const int rows, const int pieces, const int channels) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= channels) return;
  const int start = (int)get_global_id(1) * ITEM_M;
  const int end = min(start + ITEM_M, rows);
  for (int row = start; row < end; row++) {
    for (int n = 0; n < ITEM_N; n++) {
      const int place = channel + n * VEC;
      const __global float* candidates = x + (size_t)row * pieces * channels + place;
      vec_t best = load_vec(candidates);
      int_t winner = 0;
      for (int piece = 1; piece < pieces; piece++)
        compete(&best, &winner, load_vec(candidates + piece * channels), piece);
      store_vec(y + (size_t)row * channels + place, best);
#if WITH_WINNERS
      store_winners(winners + (size_t)row * channels + place, winner);
#endif
    }
  }
}

#if WITH_WINNERS
__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void maxout_backward(
    const __global float* restrict dy, const __global uchar* restrict winners,
    __global float* restrict dx, const int rows, const int pieces, const int channels) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= channels) return;
  const int start = (int)get_global_id(1) * ITEM_M;
  const int end = min(start + ITEM_M, rows);
  for (int row = start; row < end; row++) {
    for (int n = 0; n < ITEM_N; n++) {
      const int place = channel + n * VEC;
      const vec_t gradient = load_vec(dy + (size_t)row * channels + place);
      const int_t winner = load_winners(winners + (size_t)row * channels + place);
      __global float* candidates = dx + (size_t)row * pieces * channels + place;
      for (int piece = 0; piece < pieces; piece++)
        store_vec(
            candidates + piece * channels, select((vec_t)(0.0f), gradient, winner == piece));
    }
  }
}
#endif
