// softmax_cross_entropy: loss, gradient and running sums of a batch's logits.
// Host: Sources/Operators/Loss/SoftmaxCrossEntropy.swift
//
// logits, dlogits: [ROWS, CLASSES]; labels, losses, wrong: [ROWS].
// metrics: [sum of losses, wrong predictions, images, compensation of the first].

#ifndef ROWS
#error "ROWS: images in the batch"
#endif
#ifndef CLASSES
#error "CLASSES: logits of an image"
#endif
#ifndef WG_X
#error "WG_X: work-items per group"
#endif

// One work-item for each image. Rows from `valid` on are no images: loss and gradient are zero.
__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void softmax_cross_entropy(const __global float* restrict logits, const __global int* restrict labels,
                           const int valid, __global float* restrict losses,
#if WITH_GRADIENT
                           __global float* restrict dlogits,
#endif
                           __global float* restrict wrong) {
  const int row = (int)get_global_id(0);
  if (row >= ROWS) return;
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
    return;
  }
  // The first of the largest logits is the prediction; it also keeps exp in range.
  int best = 0;
  for (int k = 1; k < CLASSES; k++)
    if (z[k] > z[best]) best = k;
  const float largest = z[best];
  float sum = 0.0f;
  for (int k = 0; k < CLASSES; k++) sum += exp(z[k] - largest);
  const int label = labels[row];
  losses[row] = log(sum) - (z[label] - largest);
  wrong[row] = best == label ? 0.0f : 1.0f;
#if WITH_GRADIENT
  for (int k = 0; k < CLASSES; k++)
    dz[k] = (exp(z[k] - largest) / sum - (k == label ? 1.0f : 0.0f)) / (float)valid;
#endif
}

// One work-item adds the batch to the running sums, in the order of the images. The sum of losses
// is compensated (Kahan), so that an epoch of small batches loses nothing.
__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void softmax_cross_entropy_sum(const __global float* restrict losses,
                               const __global float* restrict wrong, const int valid,
                               __global float* restrict metrics) {
  float sum = metrics[0], compensation = metrics[3], errors = metrics[1];
  for (int row = 0; row < valid; row++) {
    const float y = losses[row] - compensation;
    const float t = sum + y;
    compensation = (t - sum) - y;
    sum = t;
    errors += wrong[row];
  }
  metrics[0] = sum;
  metrics[1] = errors;
  metrics[2] += (float)valid;
  metrics[3] = compensation;
}
