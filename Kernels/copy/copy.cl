// copy: y = x.
// Host: Sources/Operators/Copy/Copy.swift
//
// x, y: [count]. Each work-item copies ITEM_N runs of VEC elements in a row; the last one's rest
// goes one by one.
#include "common/vector.clh"

#ifndef ITEM_N
#error "ITEM_N: set by RunConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by RunConfiguration"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void copy(const __global float* restrict x, __global float* restrict y, const int count) {
  int i = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(i + VEC * ITEM_N, count);
  for (; i + VEC <= end; i += VEC) store_vec(y + i, load_vec(x + i));
  for (; i < end; i++) y[i] = x[i];
}
