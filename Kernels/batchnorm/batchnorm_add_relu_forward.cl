// batchnorm_add_relu_forward: y = relu(share * ((x - mean) * (gamma * inverseDeviation) + beta) + b)
// over x, b: [rows, channels]. In inference the running mean and variance take the places of mean and
// inverseDeviation.
// Host: Sources/Operators/BatchNorm/BatchNormAddReLUForward.swift

#ifndef INFERENCE
#error "INFERENCE: set by BatchNormAddReLUForward"
#endif

#include "batchnorm/batchnorm_coefficients.clh"

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void batchnorm_add_relu_forward(
    const __global float* restrict x, const __global float* restrict mean,
#if INFERENCE
    const __global float* restrict variance,
#else
    const __global float* restrict inverseDeviation,
#endif
    const __global float* restrict gamma, const __global float* restrict beta,
    const __global float* restrict b, __global float* restrict y, const int rows,
    const int channels, const float share
#if INFERENCE
    , const float epsilon
#endif
) {
  const int channel = (int)get_global_id(0) * ITEM_C;
  if (channel >= channels) return;
  const bool both = share != 0.0f;  // with a share of 0, what is normalised need not be numbers
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
    for (int n = 0; n < ITEM_N; n++) {
      vector sum = *(const __global vector*)(b + place + n * VEC);
      if (both) {
        const vector value = *(const __global vector*)(x + place + n * VEC);
        sum = fma((vector)(share), normalised(value, centre[n], scale[n], offset[n]), sum);
      }
      *(__global vector*)(y + place + n * VEC) = rectified(sum);
    }
  }
}
