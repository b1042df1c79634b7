// batchnorm_relu_backward: the gradients of batchnorm_relu_forward with the batch's statistics, and
// the shortcut's gradient added.
// Host: Sources/Operators/BatchNorm/BatchNormReLUBackward.swift
//
// With g = dy behind dropout and ReLU, both computed again, and n rows:
//   dbeta = sum of g    dgamma = inverseDeviation * sum of g * (x - mean)
//   dx = gamma * inverseDeviation
//        * (g - dbeta / n - (x - mean) * inverseDeviation * dgamma / n) + addend
// Sums run row by row within a work-item, then over work-items and chunks in a fixed order.

#ifndef WITH_RELU
#error "WITH_RELU: set by BatchNormReLUBackward"
#endif
#ifndef WITH_DROPOUT
#error "WITH_DROPOUT: set by BatchNormReLUBackward"
#endif
#ifndef WITH_ADDEND
#error "WITH_ADDEND: set by BatchNormReLUBackward"
#endif

#include "batchnorm/batchnorm.clh"
#include "batchnorm/batchnorm_dropout.clh"

// The sums of g and g * (x - mean) over each chunk of TILE_M rows: [chunks, channels].
__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void batchnorm_relu_backward_chunks(
    const __global float* restrict dy, const __global float* restrict x,
    const __global float* restrict mean, const __global float* restrict inverseDeviation,
    const __global float* restrict gamma, const __global float* restrict beta,
    __global float* restrict chunkSums, __global float* restrict chunkProducts, const int rows,
    const int channels
#if WITH_DROPOUT
    , const float rate, const float keepScale, const uint seedLow, const uint seedHigh,
    const uint step, const uint layer
#endif
) {
  __local vector localSums[WG_Y][WG_X * ITEM_N];
  __local vector localProducts[WG_Y][WG_X * ITEM_N];
  const int localX = (int)get_local_id(0), localY = (int)get_local_id(1);
  const int wanted = (int)get_global_id(0) * ITEM_C;
  const int channel = min(wanted, channels - ITEM_C);  // too many items: read, but do not write
#if WITH_DROPOUT
  const struct dropout d = dropout_make(rate, keepScale, seedLow, seedHigh, step, layer);
#endif
  vector centre[ITEM_N], scale[ITEM_N], offset[ITEM_N], sums[ITEM_N], products[ITEM_N];
  for (int n = 0; n < ITEM_N; n++) {
    const int c = channel + n * VEC;
    centre[n] = *(const __global vector*)(mean + c);
    scale[n] =
        *(const __global vector*)(gamma + c) * *(const __global vector*)(inverseDeviation + c);
    offset[n] = *(const __global vector*)(beta + c);
    sums[n] = 0.0f;
    products[n] = 0.0f;
  }
  const int start = (int)get_group_id(1) * TILE_M;
  const int end = min(start + TILE_M, rows);
  for (int row = start + localY; row < end; row += WG_Y) {
    const size_t place = (size_t)row * (size_t)channels + channel;
    vector g[ITEM_N];
    for (int n = 0; n < ITEM_N; n++) g[n] = *(const __global vector*)(dy + place + n * VEC);
#if WITH_DROPOUT
    drop(g, (uint)place, d);
#endif
    for (int n = 0; n < ITEM_N; n++) {
      const vector value = *(const __global vector*)(x + place + n * VEC);
#if WITH_RELU
      g[n] = rectified_gradient(g[n], normalised(value, centre[n], scale[n], offset[n]));
#endif
      sums[n] += g[n];
      products[n] += g[n] * (value - centre[n]);
    }
  }
  for (int n = 0; n < ITEM_N; n++) {
    localSums[localY][localX * ITEM_N + n] = sums[n];
    localProducts[localY][localX * ITEM_N + n] = products[n];
  }
  for (int distance = WG_Y / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (localY < distance) {
      for (int n = 0; n < ITEM_N; n++) {
        sums[n] += localSums[localY + distance][localX * ITEM_N + n];
        products[n] += localProducts[localY + distance][localX * ITEM_N + n];
        localSums[localY][localX * ITEM_N + n] = sums[n];
        localProducts[localY][localX * ITEM_N + n] = products[n];
      }
    }
  }
  if (localY == 0 && wanted < channels) {
    const size_t place = get_group_id(1) * (size_t)channels + channel;
    for (int n = 0; n < ITEM_N; n++) {
      *(__global vector*)(chunkSums + place + n * VEC) = sums[n];
      *(__global vector*)(chunkProducts + place + n * VEC) = products[n];
    }
  }
}

// Adds the chunks up. A work-item takes VEC channels and every WG_Y-th chunk. `slope` and `intercept`
// are what batchnorm_relu_backward_apply multiplies and adds.
__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void batchnorm_relu_backward_finish(
    const __global float* restrict chunkSums, const __global float* restrict chunkProducts,
    const __global float* restrict inverseDeviation, const __global float* restrict gamma,
    __global float* restrict dgamma, __global float* restrict dbeta,
    __global float* restrict slope, __global float* restrict intercept, const int rows,
    const int channels) {
  __local vector localSums[WG_Y][WG_X];
  __local vector localProducts[WG_Y][WG_X];
  const int localX = (int)get_local_id(0), localY = (int)get_local_id(1);
  const int wanted = (int)get_global_id(0) * VEC;
  const int channel = min(wanted, channels - VEC);
  const int chunks = (rows + TILE_M - 1) / TILE_M;
  vector sum = 0.0f, product = 0.0f;
  for (int chunk = localY; chunk < chunks; chunk += WG_Y) {
    const size_t place = (size_t)chunk * (size_t)channels + channel;
    sum += *(const __global vector*)(chunkSums + place);
    product += *(const __global vector*)(chunkProducts + place);
  }
  localSums[localY][localX] = sum;
  localProducts[localY][localX] = product;
  for (int distance = WG_Y / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (localY < distance) {
      sum += localSums[localY + distance][localX];
      product += localProducts[localY + distance][localX];
      localSums[localY][localX] = sum;
      localProducts[localY][localX] = product;
    }
  }
  if (localY == 0 && wanted < channels) {
    const vector inverse = *(const __global vector*)(inverseDeviation + channel);
    const vector scale = *(const __global vector*)(gamma + channel) * inverse;
    const vector gammaGradient = product * inverse;
    *(__global vector*)(dgamma + channel) = gammaGradient;
    *(__global vector*)(dbeta + channel) = sum;
    *(__global vector*)(slope + channel) = -(scale * inverse * gammaGradient) / (float)rows;
    *(__global vector*)(intercept + channel) = -(scale * sum) / (float)rows;
  }
}

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void batchnorm_relu_backward_apply(
    const __global float* restrict dy, const __global float* restrict x,
    const __global float* restrict mean, const __global float* restrict inverseDeviation,
    const __global float* restrict gamma, const __global float* restrict beta,
#if WITH_ADDEND
    const __global float* restrict addend,
#endif
    const __global float* restrict slope, const __global float* restrict intercept,
    __global float* restrict dx, const int rows, const int channels
#if WITH_DROPOUT
    , const float rate, const float keepScale, const uint seedLow, const uint seedHigh,
    const uint step, const uint layer
#endif
) {
  const int channel = (int)get_global_id(0) * ITEM_C;
  if (channel >= channels) return;
#if WITH_DROPOUT
  const struct dropout d = dropout_make(rate, keepScale, seedLow, seedHigh, step, layer);
#endif
  vector centre[ITEM_N], scale[ITEM_N], offset[ITEM_N], factor[ITEM_N], summand[ITEM_N];
  for (int n = 0; n < ITEM_N; n++) {
    const int c = channel + n * VEC;
    centre[n] = *(const __global vector*)(mean + c);
    scale[n] =
        *(const __global vector*)(gamma + c) * *(const __global vector*)(inverseDeviation + c);
    offset[n] = *(const __global vector*)(beta + c);
    factor[n] = *(const __global vector*)(slope + c);
    summand[n] = *(const __global vector*)(intercept + c);
  }
  const int start = (int)get_group_id(1) * TILE_M;
  const int end = min(start + TILE_M, rows);
  for (int row = start + (int)get_local_id(1); row < end; row += WG_Y) {
    const size_t place = (size_t)row * (size_t)channels + channel;
    vector g[ITEM_N];
    for (int n = 0; n < ITEM_N; n++) g[n] = *(const __global vector*)(dy + place + n * VEC);
#if WITH_DROPOUT
    drop(g, (uint)place, d);
#endif
    for (int n = 0; n < ITEM_N; n++) {
      const vector value = *(const __global vector*)(x + place + n * VEC);
#if WITH_RELU
      g[n] = rectified_gradient(g[n], normalised(value, centre[n], scale[n], offset[n]));
#endif
      vector result = fma(value - centre[n], factor[n], fma(g[n], scale[n], summand[n]));
#if WITH_ADDEND
      result += *(const __global vector*)(addend + place + n * VEC);
#endif
      *(__global vector*)(dx + place + n * VEC) = result;
    }
  }
}
