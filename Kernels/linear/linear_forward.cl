// linear_forward: y = x w^T + bias.
// Host: Sources/Operators/Linear/LinearForward.swift
//
// x: [rows, inputs]; w: [outputs, inputs]; bias: [outputs]; y: [rows, outputs].

#ifndef ITEM_M
#error "ITEM_M: set by LinearConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by LinearConfiguration"
#endif

// What a matrix product is added to: the bias in every row of y. One work-item for each element.
__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void linear_forward_bias(
    const __global float* restrict bias, __global float* restrict y, const int rows,
    const int outputs) {
  const int i = (int)get_global_id(0);
  if (i < rows * outputs) y[i] = bias[i % outputs];
}

inline float linear_sum(const float16 v) {
  const float8 a = v.lo + v.hi;
  const float4 b = a.lo + a.hi;
  const float2 c = b.lo + b.hi;
  return c.x + c.y;
}

// The whole layer without a matrix product, for CPUs. A work-item takes ITEM_M rows of x. A sum over
// the inputs: each of 16 lanes in order, the lanes by halving, what is left over, the bias.
__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void linear_forward(
    const __global float* restrict x, const __global float* restrict w,
    const __global float* restrict bias, __global float* restrict y, const int rows,
    const int inputs, const int outputs) {
  const int start = (int)get_global_id(0) * ITEM_M;
  if (start >= rows) return;
  const int vectors = inputs / 16 * 16;
  for (int output = 0; output < outputs; output++) {
    const __global float* weights = w + output * inputs;
    float16 sums[ITEM_M];
    for (int m = 0; m < ITEM_M; m++) sums[m] = (float16)(0.0f);
    for (int i = 0; i < vectors; i += 16) {
      const float16 weight = vload16(0, weights + i);
      // Rows behind the last are the last again: no branch in the inner loop.
      for (int m = 0; m < ITEM_M; m++)
        sums[m] += vload16(0, x + min(start + m, rows - 1) * inputs + i) * weight;
    }
    for (int m = 0; m < ITEM_M && start + m < rows; m++) {
      const int row = start + m;
      float sum = linear_sum(sums[m]);
      for (int i = vectors; i < inputs; i++) sum += x[row * inputs + i] * weights[i];
      y[row * outputs + output] = sum + bias[output];
    }
  }
}
