// bias_activation_forward: y = f(x + bias), the bias one number a channel; x, y: [rows, channels].
// Host: Sources/Operators/BiasActivation/BiasActivationForward.swift
#include "bias_activation/activation.clh"
#include "common/pixels.clh"

__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void bias_activation_forward(
    const __global float* restrict x, const __global float* restrict bias,
    __global float* restrict y, const int rows, const int channels) {
  const int channel = (int)get_global_id(0) * (ITEM_N * VEC);
  if (channel >= channels) return;
  vec_t offset[ITEM_N];
  for (int n = 0; n < ITEM_N; n++) offset[n] = load_vec(bias + channel + n * VEC);
  const int start = (int)get_global_id(1) * ITEM_M;
  const int end = min(start + ITEM_M, rows);
  for (int row = start; row < end; row++) {
    const size_t place = (size_t)row * (size_t)channels + channel;
    for (int n = 0; n < ITEM_N; n++)
      store_vec(y + place + n * VEC, activated(load_vec(x + place + n * VEC) + offset[n]));
  }
}
