// add: y = a + b.
// Host: Sources/Operators/Add/Add.swift
//
// Each work-item takes ITEM_N runs of VEC elements in a row. The last one may be cut: its rest goes
// element by element.

#ifndef VEC
#error "VEC: set by RunConfiguration"
#endif
#ifndef ITEM_N
#error "ITEM_N: set by RunConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by RunConfiguration"
#endif

#if VEC == 16
typedef float16 vector;
#elif VEC == 4
typedef float4 vector;
#else
typedef float vector;
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void add(
    const __global float* restrict a, const __global float* restrict b, __global float* restrict y,
    const int count) {
  const int start = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(start + VEC * ITEM_N, count);
  int i = start;
  for (; i + VEC <= end; i += VEC) {
    *(__global vector*)(y + i) = *(const __global vector*)(a + i) + *(const __global vector*)(b + i);
  }
  for (; i < end; i++) y[i] = a[i] + b[i];
}
