// gradient_sum: adds one part's gradient to the sum over the parts of a batch.
// Host: Sources/Operators/SGD/GradientSum.swift
//
// sum = firstPart ? weight g : sum + weight g.
// A work-item takes ITEM_N runs of VEC parameters in a row; the last one's rest goes one by one.
#include "common/vector.clh"

#ifndef ITEM_N
#error "ITEM_N: set by RunConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by RunConfiguration"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void gradient_sum(const __global float* restrict g, __global float* restrict sum, const int count,
                  const float weight, const int firstPart) {
  int i = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(i + VEC * ITEM_N, count);
  for (; i + VEC <= end; i += VEC) {
    vec_t value = weight * load_vec(g + i);
    if (!firstPart) value += load_vec(sum + i);  // the first part reads no sum, which may be anything
    store_vec(sum + i, value);
  }
  for (; i < end; i++) sum[i] = firstPart ? weight * g[i] : sum[i] + weight * g[i];
}
