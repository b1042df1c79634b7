// conv2d_backward_filter_tile: parts of dw = the gradient of conv(x, w) to w, for CPUs.
// Host: Sources/Operators/Conv2D/Conv2DBackwardFilter.swift     Reference: Conv2D+Reference.swift
//
// x: [IN_C / STRIP][BATCH, IN_H, IN_W][STRIP], dy: [OUT_C / PANEL][BATCH, OUT_H, OUT_W][PANEL], where
// PANEL is ITEM_N * VEC;
// parts: [SPLIT_K, KERNEL, KERNEL, IN_C, OUT_C].
// One work-item a group; it sums one tap's ITEM_M input × PANEL output channels over the
// pixels of BATCH / SPLIT_K images, in their order: what those images hold stays in cache while
// the groups go over taps and channels.
#include "common/vector.clh"

#ifndef ITEM_M
#error "ITEM_M: input channels per work-item, divides IN_C"
#endif
#ifndef ITEM_N
#error "ITEM_N: output channel vectors per work-item"
#endif
#ifndef STRIP
#error "STRIP: input channels that lie together, a multiple of ITEM_M that divides IN_C"
#endif
#ifndef SPLIT_K
#error "SPLIT_K: parts that the images are split in"
#endif

#define PANEL (ITEM_N * VEC)
#define IMAGES ((BATCH + SPLIT_K - 1) / SPLIT_K)

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void conv2d_backward_filter_tile(const __global float* restrict x, const __global float* restrict dy,
                                 __global float* restrict parts) {
  const int n0 = (int)get_global_id(0) * PANEL;
  const int tap = (int)get_global_id(1) / (IN_C / ITEM_M);
  const int c0 = (int)get_global_id(1) % (IN_C / ITEM_M) * ITEM_M;
  const int split = (int)get_global_id(2);
  const int r = tap / KERNEL, s = tap % KERNEL;
  // The output rows and columns whose input pixel at this tap lies inside the image.
  const int row0 = max(0, (PAD - r + STRIDE - 1) / STRIDE);
  const int row1 = min(OUT_H, (IN_H + PAD - r + STRIDE - 1) / STRIDE);
  const int column0 = max(0, (PAD - s + STRIDE - 1) / STRIDE);
  const int column1 = min(OUT_W, (IN_W + PAD - s + STRIDE - 1) / STRIDE);

  vec_t acc[ITEM_M][ITEM_N];
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) acc[i][j] = (vec_t)(0.0f);

  x += c0 / STRIP * BATCH * IN_H * IN_W * STRIP + c0 % STRIP;
  dy += n0 * BATCH * OUT_H * OUT_W;
  const int last = min(BATCH, (split + 1) * IMAGES);
  for (int image = split * IMAGES; image < last; image++) {
    for (int row = row0; row < row1; row++) {
      const int inRow = row * STRIDE + r - PAD, inColumn = column0 * STRIDE + s - PAD;
      const __global float* a = x + ((image * IN_H + inRow) * IN_W + inColumn) * STRIP;
      const __global float* g = dy + ((image * OUT_H + row) * OUT_W + column0) * PANEL;
      for (int column = column0; column < column1; column++) {
        vec_t b[ITEM_N];
#pragma unroll
        for (int j = 0; j < ITEM_N; j++) b[j] = load_vec(g + j * VEC);
#pragma unroll
        for (int i = 0; i < ITEM_M; i++)
#pragma unroll
          for (int j = 0; j < ITEM_N; j++) acc[i][j] = fma((vec_t)(a[i]), b[j], acc[i][j]);
        a += STRIDE * STRIP;
        g += PANEL;
      }
    }
  }

  __global float* out = parts + ((split * KERNEL * KERNEL + tap) * IN_C + c0) * OUT_C + n0;
#pragma unroll
  for (int i = 0; i < ITEM_M; i++)
#pragma unroll
    for (int j = 0; j < ITEM_N; j++) store_vec(out + i * OUT_C + j * VEC, acc[i][j]);
}
