// global_average_pool: y: [images, channels] is the mean over the pixels of x: [images, pixels,
// channels]; backward, dx = dy / pixels.
// Host: Sources/Operators/Pool/GlobalAveragePool.swift
//
// A work-item takes ITEM_N vectors of channels in TILE_M images. It adds the pixels in their order.

#ifndef VEC
#error "VEC: set by GlobalAveragePoolConfiguration"
#endif
#ifndef ITEM_N
#error "ITEM_N: set by GlobalAveragePoolConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by GlobalAveragePoolConfiguration"
#endif
#ifndef TILE_M
#error "TILE_M: set by GlobalAveragePoolConfiguration"
#endif

#if VEC == 16
typedef float16 vector;
#elif VEC == 4
typedef float4 vector;
#else
typedef float vector;
#endif

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void global_average_pool_forward(
    const __global float* restrict x, __global float* restrict y, const int images,
    const int pixels, const int channels) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= channels) return;
  const int start = (int)get_group_id(1) * TILE_M;
  const int end = min(start + TILE_M, images);
  for (int image = start; image < end; image++) {
    const __global float* source = x + (size_t)image * (size_t)pixels * (size_t)channels + channel;
    vector sum[ITEM_N];
    for (int n = 0; n < ITEM_N; n++) sum[n] = 0.0f;
    for (int pixel = 0; pixel < pixels; pixel++, source += channels) {
      for (int n = 0; n < ITEM_N; n++) sum[n] += *(const __global vector*)(source + n * VEC);
    }
    __global float* target = y + (size_t)image * (size_t)channels + channel;
    for (int n = 0; n < ITEM_N; n++) *(__global vector*)(target + n * VEC) = sum[n] / (float)pixels;
  }
}

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void global_average_pool_backward(
    const __global float* restrict dy, __global float* restrict dx, const int images,
    const int pixels, const int channels) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= channels) return;
  const int start = (int)get_group_id(1) * TILE_M;
  const int end = min(start + TILE_M, images);
  for (int image = start; image < end; image++) {
    const __global float* source = dy + (size_t)image * (size_t)channels + channel;
    vector value[ITEM_N];
    for (int n = 0; n < ITEM_N; n++) {
      value[n] = *(const __global vector*)(source + n * VEC) / (float)pixels;
    }
    __global float* target = dx + (size_t)image * (size_t)pixels * (size_t)channels + channel;
    for (int pixel = 0; pixel < pixels; pixel++, target += channels) {
      for (int n = 0; n < ITEM_N; n++) *(__global vector*)(target + n * VEC) = value[n];
    }
  }
}
