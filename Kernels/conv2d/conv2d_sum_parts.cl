// conv2d_sum_parts: dw = the sum of SPLIT_K parts, in their order.
// Host: Sources/Operators/Conv2D/Conv2DBackwardFilter.swift

#ifndef SPLIT_K
#error "SPLIT_K: parts to sum"
#endif
#ifndef COUNT
#error "COUNT: elements of dw"
#endif
#ifndef UNROLL
#error "UNROLL: elements per work-item"
#endif
#ifndef WG_X
#error "WG_X: work-items per group"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void conv2d_sum_parts(const __global float* restrict parts, __global float* restrict dw) {
  const int first = (int)get_global_id(0) * UNROLL;
  const int last = min(first + UNROLL, COUNT);
  for (int i = first; i < last; i++) dw[i] = parts[i];
  for (int part = 1; part < SPLIT_K; part++)
    for (int i = first; i < last; i++) dw[i] += parts[part * COUNT + i];
}
