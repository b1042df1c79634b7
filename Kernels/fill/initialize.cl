// initialize: y = random numbers, uniform in [low, high) or normal around low with deviation high.
// Host: Sources/Operators/Initialize/Initialize.swift
//
// Elements 4i .. 4i + 3 come from the words of philox((i, STREAM, stream, 0)). VEC is 64, sixteen
// counters side by side, or 4. A work-item makes ITEM_N runs of VEC elements in a row.
#include "common/philox.clh"

#ifndef NORMAL
#error "NORMAL: 1 for a normal distribution, 0 for a uniform one"
#endif
#ifndef VEC
#error "VEC: set by RunConfiguration"
#endif
#ifndef ITEM_N
#error "ITEM_N: set by RunConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by RunConfiguration"
#endif

#define STREAM 0x494e4954u

#define LANES (VEC / 4)  // counters side by side

#if VEC == 64
typedef float16 lanes_t;
typedef uint16 words_t;
#define LANE_NUMBERS (uint16)(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
#else
typedef float lanes_t;
typedef uint words_t;
#define LANE_NUMBERS 0u
#endif

inline lanes_t initialize_uniform(words_t words) {
#if VEC == 64
  return convert_float16(words >> 8) * 0x1p-24f;
#else
  return philox_uniform(words);
#endif
}

// The four words of philox for a counter in each lane; `philox` of philox.clh takes one.
inline void initialize_words(words_t* words, words_t x, const uint stream,
                             const uint2 seed) {
  words_t y = (words_t)(STREAM), z = (words_t)(stream), w = (words_t)(0u);
  uint2 key = seed;
  for (int round = 0; round < 10; round++) {
    const words_t high0 = mul_hi((words_t)(0xd2511f53u), x), low0 = 0xd2511f53u * x;
    const words_t high1 = mul_hi((words_t)(0xcd9e8d57u), z), low1 = 0xcd9e8d57u * z;
    x = high1 ^ y ^ key.x;
    y = low1;
    z = high0 ^ w ^ key.y;
    w = low0;
    key += (uint2)(0x9e3779b9u, 0xbb67ae85u);
  }
  words[0] = x;
  words[1] = y;
  words[2] = z;
  words[3] = w;
}

inline void initialize_keep(float* values, const lanes_t lanes) {
#if VEC == 64
  vstore16(lanes, 0, values);
#else
  *values = lanes;
#endif
}

// The numbers of LANES counters from `counter`: values[j] has word j of each.
inline void initialize_values(float values[4][LANES], const uint counter, const uint stream,
                              const uint2 seed, const float low, const float high) {
  words_t words[4];
  initialize_words(words, counter + LANE_NUMBERS, stream, seed);
#if NORMAL
  for (int j = 0; j < 4; j += 2) {
    // Box and Muller; 1 - u lies in (0, 1], where the logarithm is finite.
    const lanes_t radius = high * sqrt(-2.0f * log(1.0f - initialize_uniform(words[j])));
    const lanes_t halfTurns = 2.0f * initialize_uniform(words[j + 1]);
    initialize_keep(values[j], low + radius * cospi(halfTurns));
    initialize_keep(values[j + 1], low + radius * sinpi(halfTurns));
  }
#else
  for (int j = 0; j < 4; j++)
    initialize_keep(values[j], low + (high - low) * initialize_uniform(words[j]));
#endif
}

__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void initialize(__global float* restrict y, const int count, const float low, const float high,
                const uint seedLow, const uint seedHigh, const uint stream) {
  const int start = (int)get_global_id(0) * (VEC * ITEM_N);
  const int end = min(start + VEC * ITEM_N, count);
  for (int i = start; i < end; i += VEC) {
    float values[4][LANES];
    initialize_values(values, (uint)i / 4, stream, (uint2)(seedLow, seedHigh), low, high);
    const int some = min(VEC, end - i);
    for (int j = 0; j < some; j++) y[i + j] = values[j % 4][j / 4];
  }
}
