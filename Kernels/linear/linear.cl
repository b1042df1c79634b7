// linear: what a matrix product leaves to do for a linear layer: y = the bias in every row, and
// dbias = the sum of dy's rows.
// Host: Sources/Operators/Linear/LinearForward.swift, LinearBackward.swift

#ifndef ROWS
#error "ROWS: images in the batch"
#endif
#ifndef COLUMNS
#error "COLUMNS: outputs of the layer"
#endif
#ifndef WG_X
#error "WG_X: work-items per group"
#endif

// One work-item for each element.
__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void linear_fill_bias(const __global float* restrict bias, __global float* restrict y) {
  const int i = (int)get_global_id(0);
  if (i < ROWS * COLUMNS) y[i] = bias[i % COLUMNS];
}

// One work-item for each column; rows are added in their order.
__kernel __attribute__((reqd_work_group_size(WG_X, 1, 1)))
void linear_sum_rows(const __global float* restrict dy, __global float* restrict dbias) {
  const int column = (int)get_global_id(0);
  if (column >= COLUMNS) return;
  float sum = 0.0f;
  for (int row = 0; row < ROWS; row++) sum += dy[row * COLUMNS + column];
  dbias[column] = sum;
}
