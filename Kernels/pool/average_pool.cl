// average_pool: y: [BATCH, OUT_H, OUT_W, C] is the mean over the pixels of x: [BATCH, IN_H, IN_W, C] in
// each window of KERNEL x KERNEL, of those inside the image only; dx is the gradient. C is IN_C.
// Host: Sources/Operators/Pool/AveragePool.swift
#include "common/pixels.clh"
#include "pool/windows.clh"

// Rows or columns inside an image of `size` of a window that begins at `start`.
inline int covered(const int start, const int size) {
  return min(start + KERNEL, size) - max(start, 0);
}

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void average_pool_forward(const __global float* restrict x, __global float* restrict y) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= IN_C) return;
  const int start = (int)get_global_id(1) * ITEM_M;
  const int end = min(start + ITEM_M, BATCH * OUT_H * OUT_W);
  for (int pixel = start; pixel < end; pixel++) {
    const int image = pixel / (OUT_H * OUT_W);
    const int top = pixel / OUT_W % OUT_H * STRIDE - PAD, left = pixel % OUT_W * STRIDE - PAD;
    const int lastRow = min(top + KERNEL, IN_H), lastColumn = min(left + KERNEL, IN_W);
    const float count = (float)(covered(top, IN_H) * covered(left, IN_W));
    for (int n = 0; n < ITEM_N; n++) {
      vec_t sum = 0.0f;
      for (int row = max(top, 0); row < lastRow; row++) {
        for (int column = max(left, 0); column < lastColumn; column++)
          sum += load_vec(
              x + ((size_t)(image * IN_H + row) * IN_W + column) * IN_C + channel + n * VEC);
      }
      store_vec(y + (size_t)pixel * IN_C + channel + n * VEC, sum / count);
    }
  }
}

// A work-item adds up its pixel's share in each window, in their order.
__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void average_pool_backward(const __global float* restrict dy, __global float* restrict dx) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= IN_C) return;
  const int start = (int)get_global_id(1) * ITEM_M;
  const int end = min(start + ITEM_M, BATCH * IN_H * IN_W);
  for (int pixel = start; pixel < end; pixel++) {
    const int image = pixel / (IN_H * IN_W);
    const int row = pixel / IN_W % IN_H + PAD, column = pixel % IN_W + PAD;
    const int firstRow = first_window(row), lastRow = last_window(row, OUT_H);
    const int firstColumn = first_window(column), lastColumn = last_window(column, OUT_W);
    for (int n = 0; n < ITEM_N; n++) {
      vec_t sum = 0.0f;
      for (int i = firstRow; i <= lastRow; i++) {
        for (int j = firstColumn; j <= lastColumn; j++) {
          const int count = covered(i * STRIDE - PAD, IN_H) * covered(j * STRIDE - PAD, IN_W);
          const size_t place =
              ((size_t)(image * OUT_H + i) * OUT_W + j) * IN_C + channel + n * VEC;
          sum += load_vec(dy + place) / (float)count;
        }
      }
      store_vec(dx + (size_t)pixel * IN_C + channel + n * VEC, sum);
    }
  }
}
