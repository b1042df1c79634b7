// add_relu: y = relu(share * a + b), and its gradient dx = dy where y is above 0.
// Host: Sources/Operators/Add/AddReLU.swift
//
// Each work-item takes ITEM_N runs of VEC elements in a row; the last one's rest goes one by one.
#include "common/vector.clh"

#ifndef ITEM_N
#error "ITEM_N: set by RunConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by RunConfiguration"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void add_relu_forward(
    const __global float* restrict a, const __global float* restrict b, __global float* restrict y,
    const int count, const float share) {
  int i = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(i + VEC * ITEM_N, count);
  const bool both = share != 0.0f;  // with a share of 0, a need not hold numbers
  for (; i + VEC <= end; i += VEC) {
    vec_t sum = load_vec(b + i);
    if (both) sum = fma((vec_t)(share), load_vec(a + i), sum);
    store_vec(y + i, sum < 0.0f ? (vec_t)(0.0f) : sum);  // keeps a NaN
  }
  for (; i < end; i++) {
    const float sum = both ? fma(share, a[i], b[i]) : b[i];
    y[i] = sum < 0.0f ? 0.0f : sum;
  }
}

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void add_relu_backward(
    const __global float* restrict dy, const __global float* restrict y, __global float* restrict dx,
    const int count) {
  int i = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(i + VEC * ITEM_N, count);
  for (; i + VEC <= end; i += VEC) {
    store_vec(dx + i, load_vec(y + i) <= 0.0f ? (vec_t)(0.0f) : load_vec(dy + i));
  }
  for (; i < end; i++) dx[i] = y[i] <= 0.0f ? 0.0f : dy[i];
}
