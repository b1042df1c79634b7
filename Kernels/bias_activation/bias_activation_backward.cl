// bias_activation_backward: the gradients of bias_activation_forward, dx and dbias, the sum of dx over
// the rows. With the identity dx is dy, and only dbias is computed.
// Host: Sources/Operators/BiasActivation/BiasActivationBackward.swift
//
// Groups and work-items share the rows as in batch normalisation. Sums run row by row within a
// work-item, then over work-items and chunks in a fixed order.
#include "bias_activation/activation.clh"

#ifndef ITEM_N
#error "ITEM_N: set by BatchNormTiling"
#endif
#ifndef WG_X
#error "WG_X: set by BatchNormTiling"
#endif
#ifndef WG_Y
#error "WG_Y: set by BatchNormTiling"
#endif
#ifndef TILE_M
#error "TILE_M: set by BatchNormTiling"
#endif

// dx, and its sums over each chunk of TILE_M rows: [chunks, channels].
__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void bias_activation_backward_chunks(
    const __global float* restrict dy,
#if ACTIVATION
    const __global float* restrict y, __global float* restrict dx,
#endif
    __global float* restrict chunkSums, const int rows, const int channels) {
  __local vec_t localSums[WG_Y][WG_X * ITEM_N];
  const int localX = (int)get_local_id(0), localY = (int)get_local_id(1);
  const int wanted = (int)get_global_id(0) * (ITEM_N * VEC);
  // Too many items: read, but do not write.
  const int channel = min(wanted, channels - ITEM_N * VEC);
  vec_t sums[ITEM_N];
  for (int n = 0; n < ITEM_N; n++) sums[n] = 0.0f;
  const int start = (int)get_group_id(1) * TILE_M;
  const int end = min(start + TILE_M, rows);
  for (int row = start + localY; row < end; row += WG_Y) {
    const size_t place = (size_t)row * (size_t)channels + channel;
    for (int n = 0; n < ITEM_N; n++) {
      vec_t gradient = load_vec(dy + place + n * VEC);
#if ACTIVATION
      gradient = activation_gradient(gradient, load_vec(y + place + n * VEC));
      if (wanted < channels) store_vec(dx + place + n * VEC, gradient);
#endif
      sums[n] += gradient;
    }
  }
  for (int n = 0; n < ITEM_N; n++) localSums[localY][localX * ITEM_N + n] = sums[n];
  for (int distance = WG_Y / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (localY < distance) {
      for (int n = 0; n < ITEM_N; n++) {
        sums[n] += localSums[localY + distance][localX * ITEM_N + n];
        localSums[localY][localX * ITEM_N + n] = sums[n];
      }
    }
  }
  if (localY == 0 && wanted < channels) {
    const size_t place = get_group_id(1) * (size_t)channels + channel;
    for (int n = 0; n < ITEM_N; n++) store_vec(chunkSums + place + n * VEC, sums[n]);
  }
}

// Adds the chunks up. A work-item takes VEC channels and every WG_Y-th chunk.
__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void bias_activation_backward_finish(
    const __global float* restrict chunkSums, __global float* restrict dbias, const int rows,
    const int channels) {
  __local vec_t localSums[WG_Y][WG_X];
  const int localX = (int)get_local_id(0), localY = (int)get_local_id(1);
  const int wanted = (int)get_global_id(0) * VEC;
  const int channel = min(wanted, channels - VEC);
  const int chunks = (rows + TILE_M - 1) / TILE_M;
  vec_t sum = 0.0f;
  for (int chunk = localY; chunk < chunks; chunk += WG_Y)
    sum += load_vec(chunkSums + (size_t)chunk * (size_t)channels + channel);
  localSums[localY][localX] = sum;
  for (int distance = WG_Y / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (localY < distance) {
      sum += localSums[localY + distance][localX];
      localSums[localY][localX] = sum;
    }
  }
  if (localY == 0 && wanted < channels) store_vec(dbias + channel, sum);
}
