// batchnorm_relu_forward: y = dropout(relu((x - mean) * (gamma * inverseDeviation) + beta)) over
// x: [rows, channels]; ReLU and dropout where asked for. In inference the running mean and variance
// take the places of mean and inverseDeviation.
// Host: Sources/Operators/BatchNorm/BatchNormReLUForward.swift

#ifndef WITH_RELU
#error "WITH_RELU: set by BatchNormReLUForward"
#endif
#ifndef WITH_DROPOUT
#error "WITH_DROPOUT: set by BatchNormReLUForward"
#endif
#ifndef INFERENCE
#error "INFERENCE: set by BatchNormReLUForward"
#endif

#include "batchnorm/batchnorm_coefficients.clh"
#include "batchnorm/batchnorm_dropout.clh"

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void batchnorm_relu_forward(
    const __global float* restrict x, const __global float* restrict mean,
#if INFERENCE
    const __global float* restrict variance,
#else
    const __global float* restrict inverseDeviation,
#endif
    const __global float* restrict gamma, const __global float* restrict beta,
    __global float* restrict y, const int rows, const int channels
#if INFERENCE
    , const float epsilon
#endif
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
  vector centre[ITEM_N], scale[ITEM_N], offset[ITEM_N];
#if INFERENCE
  batchnorm_coefficients(mean, variance, gamma, beta, channel, epsilon, centre, scale, offset);
#else
  batchnorm_coefficients(mean, inverseDeviation, gamma, beta, channel, 0.0f, centre, scale, offset);
#endif
  const int start = (int)get_group_id(1) * TILE_M;
  const int end = min(start + TILE_M, rows);
  for (int row = start + (int)get_local_id(1); row < end; row += WG_Y) {
    const size_t place = (size_t)row * (size_t)channels + channel;
    vector values[ITEM_N];
    for (int n = 0; n < ITEM_N; n++) {
      values[n] = normalised(
          *(const __global vector*)(x + place + n * VEC), centre[n], scale[n], offset[n]);
#if WITH_RELU
      values[n] = rectified(values[n]);
#endif
    }
#if WITH_DROPOUT
    drop(values, (uint)place, d);
#endif
    for (int n = 0; n < ITEM_N; n++) *(__global vector*)(y + place + n * VEC) = values[n];
  }
}
