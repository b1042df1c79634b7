// padded_shortcut: y is every STRIDE-th row and column of x with zeros as channels behind its own,
// and dx the gradient to x.
// Host: Sources/Operators/Shortcut/PaddedShortcut.swift
//
// x: [BATCH, IN_H, IN_W, IN_C], y: [BATCH, OUT_H, OUT_W, OUT_C], IN_C <= OUT_C.
#include "common/pixels.clh"

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void padded_shortcut_forward(const __global float* restrict x, __global float* restrict y) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= OUT_C) return;
  const int start = (int)get_global_id(1) * ITEM_M;
  const int end = min(start + ITEM_M, BATCH * OUT_H * OUT_W);
  for (int pixel = start; pixel < end; pixel++) {
    const int image = pixel / (OUT_H * OUT_W);
    const int row = pixel / OUT_W % OUT_H * STRIDE, column = pixel % OUT_W * STRIDE;
    const __global float* source =
        x + ((size_t)(image * IN_H + row) * IN_W + column) * IN_C + channel;
    __global float* target = y + (size_t)pixel * OUT_C + channel;
    for (int n = 0; n < ITEM_N; n++) {
      const bool inside = channel + n * VEC < IN_C;
      store_vec(target + n * VEC, inside ? load_vec(source + n * VEC) : (vec_t)(0.0f));
    }
  }
}

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void padded_shortcut_backward(const __global float* restrict dy, __global float* restrict dx) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= IN_C) return;
  const int start = (int)get_global_id(1) * ITEM_M;
  const int end = min(start + ITEM_M, BATCH * IN_H * IN_W);
  for (int pixel = start; pixel < end; pixel++) {
    const int image = pixel / (IN_H * IN_W);
    const int row = pixel / IN_W % IN_H, column = pixel % IN_W;
    const bool taken = row % STRIDE == 0 && column % STRIDE == 0;
    const __global float* source =
        dy + ((size_t)(image * OUT_H + row / STRIDE) * OUT_W + column / STRIDE) * OUT_C + channel;
    __global float* target = dx + (size_t)pixel * IN_C + channel;
    for (int n = 0; n < ITEM_N; n++) {
      store_vec(target + n * VEC, taken ? load_vec(source + n * VEC) : (vec_t)(0.0f));
    }
  }
}
