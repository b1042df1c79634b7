// conv2d_pack_filter: the filter in panels of the channels put, which a register tile reads from end
// to end.
// Host: Sources/Operators/Conv2D/PackedOperand.swift
//
// w: [KERNEL * KERNEL][IN_C][OUT_C], packed: [PUT_C / PANEL][KERNEL * KERNEL][SUM_C][PANEL]. Forward
// sums over IN_C and puts OUT_C; BACKWARD sums over OUT_C and puts IN_C.
// A work-item copies VEC channels put and ITEM_K channels summed of one tap.
#include "common/vector.clh"
#include "conv2d/conv2d_direction.clh"

#ifndef PANEL
#error "PANEL: channels put in a panel, a multiple of VEC"
#endif
#ifndef ITEM_K
#error "ITEM_K: channels summed per work-item, a multiple of VEC"
#endif

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void conv2d_pack_filter(const __global float* restrict w, __global float* restrict packed) {
  const int n = (int)get_global_id(0) * VEC;
  const int k0 = (int)get_global_id(1) * ITEM_K, k1 = min(k0 + ITEM_K, SUM_C);
  const int tap = (int)get_global_id(2);
  packed += (n / PANEL * KERNEL * KERNEL + tap) * SUM_C * PANEL + n % PANEL;
#if !BACKWARD
  w += tap * IN_C * OUT_C + n;
  for (int k = k0; k < k1; k++) store_vec(packed + k * PANEL, load_vec(w + k * OUT_C));
#else
  w += (tap * IN_C + n) * OUT_C;
#if VEC > 1
  if (SUM_C % VEC == 0) {
    for (int k = k0; k < k1; k += VEC) {
      vec_t turned[VEC];
#pragma unroll
      for (int i = 0; i < VEC; i++) turned[i] = load_vec(w + i * OUT_C + k);
      transpose_vecs(turned);
#pragma unroll
      for (int i = 0; i < VEC; i++) store_vec(packed + (k + i) * PANEL, turned[i]);
    }
    return;
  }
#endif
  for (int k = k0; k < k1; k++)
    for (int i = 0; i < VEC; i++) packed[k * PANEL + i] = w[i * OUT_C + k];
#endif
}
