// conv2d_im2col: columns[pixel][tap][channel] = x at the pixel's tap, zero in the padding.
// Host: Sources/Operators/Conv2D/Im2col.swift
//
// x: [BATCH, IN_H, IN_W, IN_C], columns: [BATCH * OUT_H * OUT_W, KERNEL², IN_C]. A work-item copies
// the channels of one pixel's tap, ITEM_N vectors of VEC.
#include "common/vector.clh"

#ifndef ITEM_N
#error "ITEM_N: channel vectors per work-item"
#endif
#ifndef WG_X
#error "WG_X: work-items per group, along channels"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void conv2d_im2col(const __global float* restrict x, __global float* restrict columns) {
  const int pixel = (int)get_global_id(1), tap = (int)get_global_id(2);
  const int row = pixel / OUT_W % OUT_H * STRIDE - PAD + tap / KERNEL;
  const int column = pixel % OUT_W * STRIDE - PAD + tap % KERNEL;
  const bool inside = row >= 0 && row < IN_H && column >= 0 && column < IN_W;
  const int from = ((pixel / (OUT_H * OUT_W) * IN_H + row) * IN_W + column) * IN_C;
  const int to = (pixel * KERNEL * KERNEL + tap) * IN_C;
  for (int n = 0; n < ITEM_N; n++) {
    const int c = ((int)get_global_id(0) * ITEM_N + n) * VEC;
    if (c >= IN_C) return;
    store_vec(columns + to + c, inside ? load_vec(x + from + c) : (vec_t)(0.0f));
  }
}
