// dropout: y = x / (1 - rate) where the mask keeps an element, else 0. Forward and, on gradients,
// backward.
// Host: Sources/Operators/Dropout/Dropout.swift
//
// Each work-item takes ITEM_N runs of VEC elements in a row. The last one may be cut: its rest goes
// element by element.

#ifndef VEC
#error "VEC: set by Dropout.Configuration"
#endif
#ifndef ITEM_N
#error "ITEM_N: set by Dropout.Configuration"
#endif
#ifndef WG_X
#error "WG_X: set by Dropout.Configuration"
#endif

#include "dropout/dropout_mask.clh"

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void dropout(
    const __global float* restrict x, __global float* restrict y, const int count,
    const float rate, const float scale, const uint seedLow, const uint seedHigh, const uint step,
    const uint layer) {
  const struct dropout d = dropout_make(rate, scale, seedLow, seedHigh, step, layer);
  const int start = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(start + VEC * ITEM_N, count);
  int i = start;
  for (; i + VEC <= end; i += VEC) {
#if VEC == 32
    uint16 first, second;
    dropout_words32((uint)i, d, &first, &second);
    *(__global float16*)(y + i) = dropout16(*(const __global float16*)(x + i), first, d);
    *(__global float16*)(y + i + 16) =
        dropout16(*(const __global float16*)(x + i + 16), second, d);
#elif VEC == 4
    *(__global float4*)(y + i) = dropout4(*(const __global float4*)(x + i), (uint)i, d);
#else
    y[i] = dropout1(x[i], (uint)i, d);
#endif
  }
  for (; i < end; i++) y[i] = dropout1(x[i], (uint)i, d);
}
