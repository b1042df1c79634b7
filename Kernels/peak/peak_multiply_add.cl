// peak_multiply_add: y = x after `iterations` times x = scale * x + offset.
// Host: Sources/Operators/Peak/PeakMultiplyAdd.swift
//
// x, y: [count]. A work-item keeps UNROLL vectors in registers, each a chain that waits for none
// of the others. Where `count` ends within a work-item, its rest goes one by one. The product and
// the sum become one instruction where the device has it; fma() would be slow where not.
#include "common/vector.clh"

#ifndef UNROLL
#error "UNROLL: vectors of a work-item"
#endif
#ifndef WG_X
#error "WG_X: work-items per group"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void peak_multiply_add(
    const __global float* restrict x, __global float* restrict y, const int count,
    const int iterations, const float scale, const float offset) {
  const int start = (int)get_global_id(0) * (UNROLL * VEC);
  if (start + UNROLL * VEC <= count) {
    vec_t chains[UNROLL];
    #pragma unroll
    for (int c = 0; c < UNROLL; c++) chains[c] = load_vec(x + start + c * VEC);
    for (int i = 0; i < iterations; i++) {
      #pragma unroll
      for (int c = 0; c < UNROLL; c++) chains[c] = scale * chains[c] + offset;
    }
    #pragma unroll
    for (int c = 0; c < UNROLL; c++) store_vec(y + start + c * VEC, chains[c]);
  } else {
    for (int j = start; j < count; j++) {
      float chain = x[j];
      for (int i = 0; i < iterations; i++) chain = scale * chain + offset;
      y[j] = chain;
    }
  }
}
