// max_pool: y: [BATCH, OUT_H, OUT_W, C] is the maximum over the pixels of x: [BATCH, IN_H, IN_W, C] in
// each window of KERNEL x KERNEL; what lies in the padding is no candidate. dx is the gradient.
// Host: Sources/Operators/Pool/MaxPool.swift
//
// `winners`, as bytes, says which of its window's pixels each maximum is: of equals the first, and
// a NaN before all numbers, of several the last. That is PyTorch's rule. C is IN_C.
#include "common/pixels.clh"
#include "common/winners.clh"
#include "pool/windows.clh"

#ifndef WITH_WINNERS
#error "WITH_WINNERS: 1 where the backward pass needs to know them"
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void max_pool_forward(
    const __global float* restrict x, __global float* restrict y
#if WITH_WINNERS
    , __global uchar* restrict winners
#endif
) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= IN_C) return;
  const int start = (int)get_global_id(1) * ITEM_M;
  const int end = min(start + ITEM_M, BATCH * OUT_H * OUT_W);
  for (int pixel = start; pixel < end; pixel++) {
    const int image = pixel / (OUT_H * OUT_W);
    const int top = pixel / OUT_W % OUT_H * STRIDE - PAD, left = pixel % OUT_W * STRIDE - PAD;
    const int firstRow = max(0, -top), lastRow = min(KERNEL, IN_H - top);
    const int firstColumn = max(0, -left), lastColumn = min(KERNEL, IN_W - left);
    for (int n = 0; n < ITEM_N; n++) {
      vec_t best = -INFINITY;
      int_t winner = firstRow * KERNEL + firstColumn;
      for (int r = firstRow; r < lastRow; r++) {
        const __global float* row =
            x + ((size_t)(image * IN_H + top + r) * IN_W + left) * IN_C + channel + n * VEC;
        for (int s = firstColumn; s < lastColumn; s++) {
          compete(&best, &winner, load_vec(row + s * IN_C), r * KERNEL + s);
        }
      }
      const size_t place = (size_t)pixel * IN_C + channel + n * VEC;
      store_vec(y + place, best);
#if WITH_WINNERS
      store_winners(winners + place, winner);
#endif
    }
  }
}

#if WITH_WINNERS
// A work-item adds up what its pixel won, window by window in their order.
__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void max_pool_backward(
    const __global float* restrict dy, const __global uchar* restrict winners,
    __global float* restrict dx) {
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
          const size_t place =
              ((size_t)(image * OUT_H + i) * OUT_W + j) * IN_C + channel + n * VEC;
          const int_t winner = load_winners(winners + place);
          const int tap = (row - i * STRIDE) * KERNEL + column - j * STRIDE;
          sum += select((vec_t)(0.0f), load_vec(dy + place), winner == tap);
        }
      }
      store_vec(dx + (size_t)pixel * IN_C + channel + n * VEC, sum);
    }
  }
}
#endif
