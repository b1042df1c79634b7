// peak_cache_read: y = the sum of a region of x, read `iterations` times.
// Host: Sources/Operators/Peak/PeakCacheRead.swift
//
// x: [regions][count], y: [groups]. A group reads region group % regions; UNROLL vectors of a
// work-item are added up apart, so that none waits for another. Where `count` ends within a group's
// vectors, its rest goes one by one.
#include "common/vector.clh"

#ifndef UNROLL
#error "UNROLL: vectors of a work-item that are added up apart"
#endif
#ifndef WG_X
#error "WG_X: work-items per group"
#endif

#define STEP (WG_X * UNROLL * VEC)

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void peak_cache_read(
    const __global float* restrict x, __global float* restrict y, const int regions,
    const int count, const int iterations) {
  __local float sums[WG_X];
  const int item = (int)get_local_id(0), group = (int)get_group_id(0);
  x += group % regions * count;
  const int whole = count / STEP * STEP;
  vec_t vectors[UNROLL];
  float sum = 0.0f;
  #pragma unroll
  for (int u = 0; u < UNROLL; u++) vectors[u] = (vec_t)(0.0f);
  for (int i = 0; i < iterations; i++) {
    for (int j = item * VEC; j < whole; j += STEP) {
      #pragma unroll
      for (int u = 0; u < UNROLL; u++) vectors[u] += load_vec(x + j + u * (WG_X * VEC));
    }
    for (int j = whole + item; j < count; j += WG_X) sum += x[j];
  }
  #pragma unroll
  for (int u = 0; u < UNROLL; u++) {
    float lanes[VEC] __attribute__((aligned(64)));
    *(vec_t*)lanes = vectors[u];
    #pragma unroll
    for (int k = 0; k < VEC; k++) sum += lanes[k];
  }
  sums[item] = sum;
  barrier(CLK_LOCAL_MEM_FENCE);
  if (item == 0) {
    sum = 0.0f;
    for (int k = 0; k < WG_X; k++) sum += sums[k];
    y[group] = sum;
  }
}
