// conv2d_transpose_filter: t[tap][OUT_C][IN_C] = w[tap][IN_C][OUT_C], so that backward data sums
// over rows as forward does.
// Host: Sources/Operators/Conv2D/Conv2DBackwardData.swift
//
// A work-item copies ITEM_M × ITEM_N elements of one tap.

#ifndef ITEM_M
#error "ITEM_M: input channels per work-item"
#endif
#ifndef ITEM_N
#error "ITEM_N: output channels per work-item"
#endif

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void conv2d_transpose_filter(const __global float* restrict w, __global float* restrict t) {
  const int c0 = (int)get_global_id(0) * ITEM_M;
  const int o0 = (int)get_global_id(1) * ITEM_N;
  const int tap = (int)get_global_id(2) * IN_C * OUT_C;
  const int c1 = min(c0 + ITEM_M, IN_C), o1 = min(o0 + ITEM_N, OUT_C);
  for (int o = o0; o < o1; o++)
    for (int c = c0; c < c1; c++) t[tap + o * IN_C + c] = w[tap + c * OUT_C + o];
}
