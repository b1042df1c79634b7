// initialize: y = random numbers, uniform in [LOW, HIGH) or normal with deviation HIGH.
// Host: Sources/Operators/Initialize/Initialize.swift
//
// Elements 4i .. 4i + 3 come from the words of philox((i, STREAM, stream, 0)). A work-item makes four.
#include "common/philox.clh"

#ifndef NORMAL
#error "NORMAL: 1 for a normal distribution, 0 for a uniform one"
#endif
#ifndef COUNT
#error "COUNT: elements"
#endif
#ifndef WG_X
#error "WG_X: work-items per group"
#endif

#define STREAM 0x494e4954u

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void initialize(const uint seedLow, const uint seedHigh, const uint stream, const float low,
                const float high, __global float* restrict y) {
  const int start = 4 * (int)get_global_id(0);
  if (start >= COUNT) return;
  const uint4 words =
      philox((uint4)((uint)get_global_id(0), STREAM, stream, 0u), (uint2)(seedLow, seedHigh));
  float values[4];
#if NORMAL
  // Box and Muller; 1 - u lies in (0, 1], where the logarithm is finite.
  const float r0 = high * sqrt(-2.0f * log(1.0f - philox_uniform(words.x)));
  const float r1 = high * sqrt(-2.0f * log(1.0f - philox_uniform(words.z)));
  const float a0 = 2.0f * philox_uniform(words.y), a1 = 2.0f * philox_uniform(words.w);
  values[0] = low + r0 * cospi(a0);
  values[1] = low + r0 * sinpi(a0);
  values[2] = low + r1 * cospi(a1);
  values[3] = low + r1 * sinpi(a1);
#else
  values[0] = low + (high - low) * philox_uniform(words.x);
  values[1] = low + (high - low) * philox_uniform(words.y);
  values[2] = low + (high - low) * philox_uniform(words.z);
  values[3] = low + (high - low) * philox_uniform(words.w);
#endif
  for (int i = 0; i < 4 && start + i < COUNT; i++) y[start + i] = values[i];
}
