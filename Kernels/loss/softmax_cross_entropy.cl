// softmax_cross_entropy: loss, gradient and running sums of a batch's logits.
// Host: Sources/Operators/Loss/SoftmaxCrossEntropy.swift
//
// logits, dlogits: [rows, CLASSES]; labels, losses, wrong: [rows].
// metrics: [sum of losses, wrong predictions, images, compensation of the first].
// A work-item takes ITEM_M images, VEC of one's classes at a time. Sums over classes: first each lane
// of the vectors in order, then the lanes by halving.
#include "common/vector.clh"

#ifndef CLASSES
#error "CLASSES: logits of an image"
#endif
#ifndef WITH_GRADIENT
#error "WITH_GRADIENT: 1 writes dlogits, 0 has no such argument"
#endif
#ifndef ITEM_M
#error "ITEM_M: set by RowConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by RowConfiguration"
#endif

// Rows of logits need not be aligned, and the last vector of a row may be cut: lanes behind the row
// read as minus infinity, which no maximum takes and whose exponential is 0.
inline vec_t softmax_load(const __global float* row, const int k) {
#if VEC == 16
  if (k + VEC <= CLASSES) return vload16(0, row + k);
  float lanes[VEC];
  for (int j = 0; j < VEC; j++) lanes[j] = k + j < CLASSES ? row[k + j] : -INFINITY;
  return vload16(0, lanes);
#else
  return row[k];
#endif
}

inline void softmax_store(__global float* row, const int k, const vec_t value) {
#if VEC == 16
  if (k + VEC <= CLASSES) {
    vstore16(value, 0, row + k);
  } else {
    float lanes[VEC];
    vstore16(value, 0, lanes);
    for (int j = 0; k + j < CLASSES; j++) row[k + j] = lanes[j];
  }
#else
  row[k] = value;
#endif
}

inline float softmax_sum(const vec_t v) {
#if VEC == 16
  const float8 a = v.lo + v.hi;
  const float4 b = a.lo + a.hi;
  const float2 c = b.lo + b.hi;
  return c.x + c.y;
#else
  return v;
#endif
}

inline float softmax_max(const vec_t v) {
#if VEC == 16
  const float8 a = fmax(v.lo, v.hi);
  const float4 b = fmax(a.lo, a.hi);
  const float2 c = fmax(b.lo, b.hi);
  return fmax(c.x, c.y);
#else
  return v;
#endif
}

// Rows from `valid` on are no images: their losses and gradients are zero.
__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void softmax_cross_entropy(
    const __global float* restrict logits, const __global int* restrict labels,
    __global float* restrict losses, __global float* restrict wrong,
#if WITH_GRADIENT
    __global float* restrict dlogits,
#endif
    const int rows, const int valid
#if WITH_GRADIENT
    , const float weight
#endif
) {
  const int start = (int)get_global_id(0) * ITEM_M;
  const int end = min(start + ITEM_M, rows);
  for (int row = start; row < end; row++) {
    const __global float* z = logits + row * CLASSES;
#if WITH_GRADIENT
    __global float* dz = dlogits + row * CLASSES;
#endif
    if (row >= valid) {
      losses[row] = 0.0f;
      wrong[row] = 0.0f;
#if WITH_GRADIENT
      for (int k = 0; k < CLASSES; k++) dz[k] = 0.0f;
#endif
      continue;
    }
    // The first of the largest logits is the prediction; the maximum also keeps exp in range.
    vec_t maxima = softmax_load(z, 0);
    for (int k = VEC; k < CLASSES; k += VEC) maxima = fmax(maxima, softmax_load(z, k));
    const float largest = softmax_max(maxima);
    int best = 0;
    while (best < CLASSES - 1 && z[best] != largest) best++;
    vec_t sums = (vec_t)(0.0f);
    for (int k = 0; k < CLASSES; k += VEC) sums += exp(softmax_load(z, k) - largest);
    const float sum = softmax_sum(sums);
    const int label = labels[row];
    losses[row] = log(sum) - (z[label] - largest);
    wrong[row] = best == label ? 0.0f : 1.0f;
#if WITH_GRADIENT
    const float images = (float)valid / weight;
    for (int k = 0; k < CLASSES; k += VEC)
      softmax_store(dz, k, exp(softmax_load(z, k) - largest) / sum / images);
    dz[label] = (exp(z[label] - largest) / sum - 1.0f) / images;
#endif
  }
}

// One work-item adds the batch to the running sums, in the order of the images. The sum of losses
// is compensated (Kahan), so that an epoch of small batches loses nothing.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void softmax_cross_entropy_sum(
    const __global float* restrict losses, const __global float* restrict wrong,
    __global float* restrict metrics, const int valid) {
  float sum = metrics[0], errors = metrics[1], compensation = metrics[3];
  for (int row = 0; row < valid; row++) {
    const float term = losses[row] - compensation;
    const float next = sum + term;
    compensation = (next - sum) - term;
    sum = next;
    errors += wrong[row];
  }
  metrics[0] = sum;
  metrics[1] = errors;
  metrics[2] += (float)valid;
  metrics[3] = compensation;
}
