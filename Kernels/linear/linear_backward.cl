// linear_backward: dx = dy w; dw = dy^T x; dbias = the sum of dy's rows.
// Host: Sources/Operators/Linear/LinearBackward.swift
//
// dy: [rows, outputs]; x, dx: [rows, inputs]; w, dw: [outputs, inputs]; dbias: [outputs].

#ifndef ITEM_M
#error "ITEM_M: set by LinearConfiguration"
#endif
#ifndef WG_X
#error "WG_X: set by LinearConfiguration"
#endif

// dbias; rows are added in their order. One work-item for each output.
__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void linear_backward_bias(
    const __global float* restrict dy, __global float* restrict dbias, const int rows,
    const int outputs) {
  const int output = (int)get_global_id(0);
  if (output >= outputs) return;
  float sum = 0.0f;
  for (int row = 0; row < rows; row++) sum += dy[row * outputs + output];
  dbias[output] = sum;
}

// ITEM_M rows of c = a b from row `start` on, for CPUs; b: [inner, columns], c: [rows, columns];
// element (row, k) of a is a[row * rowStride + k * innerStride]. Each sum runs over k in order.
inline void linear_product(
    const __global float* restrict a, const __global float* restrict b, __global float* restrict c,
    const int rowStride, const int innerStride, const int start, const int rows, const int inner,
    const int columns) {
  int column = 0;
  for (; column + 16 <= columns; column += 16) {
    float16 sums[ITEM_M];
    for (int m = 0; m < ITEM_M; m++) sums[m] = (float16)(0.0f);
    for (int k = 0; k < inner; k++) {
      const float16 value = vload16(0, b + k * columns + column);
      // Rows behind the last are the last again: no branch in the inner loop.
      for (int m = 0; m < ITEM_M; m++)
        sums[m] += a[min(start + m, rows - 1) * rowStride + k * innerStride] * value;
    }
    for (int m = 0; m < ITEM_M; m++)
      if (start + m < rows) vstore16(sums[m], 0, c + (start + m) * columns + column);
  }
  for (; column < columns; column++) {
    for (int row = start; row < min(start + ITEM_M, rows); row++) {
      float sum = 0.0f;
      for (int k = 0; k < inner; k++)
        sum += a[row * rowStride + k * innerStride] * b[k * columns + column];
      c[row * columns + column] = sum;
    }
  }
}

// Everything in one launch, for CPUs: work-items below `dataItems` make ITEM_M rows of dx, those
// from it on ITEM_M rows of dw with their part of dbias.
__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void linear_backward(
    const __global float* restrict dy, const __global float* restrict x,
    const __global float* restrict w, __global float* restrict dx, __global float* restrict dw,
    __global float* restrict dbias, const int rows, const int inputs, const int outputs,
    const int dataItems) {
  const int item = (int)get_global_id(0);
  if (item < dataItems) {
    linear_product(dy, w, dx, outputs, 1, item * ITEM_M, rows, outputs, inputs);
    return;
  }
  const int start = (item - dataItems) * ITEM_M;
  linear_product(dy, x, dw, 1, outputs, start, outputs, rows, inputs);
  for (int output = start; output < min(start + ITEM_M, outputs); output++) {
    float sum = 0.0f;
    for (int row = 0; row < rows; row++) sum += dy[row * outputs + output];
    dbias[output] = sum;
  }
}
