// gate: y = t * h + (1 - t) * x, the layer of a Highway network, and its gradients.
// Host: Sources/Operators/Gate/Gate.swift
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
void gate_forward(
    const __global float* restrict h, const __global float* restrict t,
    const __global float* restrict x, __global float* restrict y, const int count) {
  int i = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(i + VEC * ITEM_N, count);
  for (; i + VEC <= end; i += VEC) {
    const vec_t gate = load_vec(t + i);
    store_vec(y + i, fma(gate, load_vec(h + i), (1.0f - gate) * load_vec(x + i)));
  }
  for (; i < end; i++) y[i] = fma(t[i], h[i], (1.0f - t[i]) * x[i]);
}

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void gate_backward(
    const __global float* restrict dy, const __global float* restrict h,
    const __global float* restrict t, const __global float* restrict x,
    __global float* restrict dh, __global float* restrict dt, __global float* restrict dx,
    const int count) {
  int i = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(i + VEC * ITEM_N, count);
  for (; i + VEC <= end; i += VEC) {
    const vec_t gradient = load_vec(dy + i), gate = load_vec(t + i);
    store_vec(dh + i, gradient * gate);
    store_vec(dt + i, gradient * (load_vec(h + i) - load_vec(x + i)));
    store_vec(dx + i, gradient * (1.0f - gate));
  }
  for (; i < end; i++) {
    dh[i] = dy[i] * t[i];
    dt[i] = dy[i] * (h[i] - x[i]);
    dx[i] = dy[i] * (1.0f - t[i]);
  }
}
