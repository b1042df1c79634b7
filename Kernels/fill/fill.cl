// fill: y = value.
// Host: Sources/Operators/Fill/Fill.swift
//
// Each work-item writes VEC elements in a row; the last one fewer.

#ifndef VEC
#error "VEC: set by Fill.Configuration"
#endif
#ifndef WG_X
#error "WG_X: set by Fill.Configuration"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void fill(const float value, const int count, __global float* restrict y) {
  const int start = (int)get_global_id(0) * VEC;
  const int end = min(start + VEC, count);
  for (int i = start; i < end; i++) y[i] = value;
}
