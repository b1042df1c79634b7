// conv2d_col2im: dx = the sum of the columns that were taken from each pixel [+ residual].
// Host: Sources/Operators/Conv2D/Im2col.swift
//
// columns: [BATCH * OUT_H * OUT_W, KERNEL², IN_C], dx: [BATCH, IN_H, IN_W, IN_C]. A work-item sums
// the taps of one pixel in their order, for ITEM_N vectors of VEC channels.
#include "common/vector.clh"

#ifndef ITEM_N
#error "ITEM_N: channel vectors per work-item"
#endif
#ifndef WG_X
#error "WG_X: work-items per group, along channels"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void conv2d_col2im(const __global float* restrict columns,
#if WITH_RESIDUAL
                   const __global float* restrict residual,
#endif
                   __global float* restrict dx) {
  const int pixel = (int)get_global_id(1);
  const int image = pixel / (IN_H * IN_W), row = pixel / IN_W % IN_H, column = pixel % IN_W;
  for (int n = 0; n < ITEM_N; n++) {
    const int c = ((int)get_global_id(0) * ITEM_N + n) * VEC;
    if (c >= IN_C) return;
#if WITH_RESIDUAL
    vec_t sum = load_vec(residual + pixel * IN_C + c);
#else
    vec_t sum = (vec_t)(0.0f);
#endif
    for (int r = 0; r < KERNEL; r++) {
      for (int s = 0; s < KERNEL; s++) {
        const int down = row + PAD - r, right = column + PAD - s;
        if (down < 0 || down % STRIDE != 0 || down / STRIDE >= OUT_H) continue;
        if (right < 0 || right % STRIDE != 0 || right / STRIDE >= OUT_W) continue;
        const int from = (image * OUT_H + down / STRIDE) * OUT_W + right / STRIDE;
        sum += load_vec(columns + ((from * KERNEL + r) * KERNEL + s) * IN_C + c);
      }
    }
    store_vec(dx + pixel * IN_C + c, sum);
  }
}
