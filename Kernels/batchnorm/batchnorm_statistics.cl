// batchnorm_statistics: mean and 1 / sqrt(variance + epsilon) of each channel of x: [rows, channels],
// and the running mean and variance.
// Host: Sources/Operators/BatchNorm/BatchNormStatistics.swift
//
// A work-item takes ITEM_M rows at a time and passes over them twice, the second time in cache: mean,
// then squared deviations from it. Blocks, work-items and chunks are joined by Chan's formula in a
// fixed order. Everything is relative to the channel's value in row 0, so that a mean much larger
// than the deviation costs no precision.

#ifndef ITEM_M
#error "ITEM_M: set by BatchNormStatistics"
#endif

#include "batchnorm/batchnorm.clh"

// Joins the moments (count, mean, sum of squared deviations) b into a.
inline void join(
    float* countA, vector* meanA, vector* squaresA, const float countB, const vector meanB,
    const vector squaresB) {
  const float count = *countA + countB;
  const float weight = count > 0.0f ? countB / count : 0.0f;
  const vector delta = meanB - *meanA;
  *meanA += delta * weight;
  *squaresA += squaresB + delta * delta * (*countA * weight);
  *countA = count;
}

// The moments of each chunk of TILE_M rows: [chunks, channels].
__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void batchnorm_statistics_chunks(
    const __global float* restrict x, __global float* restrict chunkMeans,
    __global float* restrict chunkSquares, const int rows, const int channels) {
  __local vector localMeans[WG_Y][WG_X * ITEM_N];
  __local vector localSquares[WG_Y][WG_X * ITEM_N];
  __local float localCounts[WG_Y][WG_X];
  const int localX = (int)get_local_id(0), localY = (int)get_local_id(1);
  const int wanted = (int)get_global_id(0) * ITEM_C;
  const int channel = min(wanted, channels - ITEM_C);  // too many items: read, but do not write
  const int start = (int)get_group_id(1) * TILE_M;
  const int end = min(start + TILE_M, rows);

  vector shift[ITEM_N], mean[ITEM_N], squares[ITEM_N];
  for (int n = 0; n < ITEM_N; n++) {
    shift[n] = *(const __global vector*)(x + channel + n * VEC);
    mean[n] = 0.0f;
    squares[n] = 0.0f;
  }
  float count = 0.0f;
  for (int row = start + localY; row < end; row += ITEM_M * WG_Y) {
    const int last = min(row + ITEM_M * WG_Y, end);
    const float blockCount = (float)((last - row + WG_Y - 1) / WG_Y);
    const __global float* block = x + (size_t)row * (size_t)channels + channel;
    const size_t stride = (size_t)channels * WG_Y;
    vector blockMean[ITEM_N], blockSquares[ITEM_N];
    for (int n = 0; n < ITEM_N; n++) blockMean[n] = 0.0f;
    const __global float* source = block;
    for (int r = row; r < last; r += WG_Y, source += stride) {
      for (int n = 0; n < ITEM_N; n++) {
        blockMean[n] += *(const __global vector*)(source + n * VEC) - shift[n];
      }
    }
    for (int n = 0; n < ITEM_N; n++) {
      blockMean[n] *= 1.0f / blockCount;
      blockSquares[n] = 0.0f;
    }
    source = block;
    for (int r = row; r < last; r += WG_Y, source += stride) {
      for (int n = 0; n < ITEM_N; n++) {
        const vector deviation =
            *(const __global vector*)(source + n * VEC) - shift[n] - blockMean[n];
        blockSquares[n] += deviation * deviation;
      }
    }
    float before = count;
    for (int n = 0; n < ITEM_N; n++) {
      count = before;
      join(&count, &mean[n], &squares[n], blockCount, blockMean[n], blockSquares[n]);
    }
  }

  for (int n = 0; n < ITEM_N; n++) {
    localMeans[localY][localX * ITEM_N + n] = mean[n];
    localSquares[localY][localX * ITEM_N + n] = squares[n];
  }
  localCounts[localY][localX] = count;
  for (int distance = WG_Y / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (localY < distance) {
      const float before = count;
      for (int n = 0; n < ITEM_N; n++) {
        count = before;
        join(
            &count, &mean[n], &squares[n], localCounts[localY + distance][localX],
            localMeans[localY + distance][localX * ITEM_N + n],
            localSquares[localY + distance][localX * ITEM_N + n]);
        localMeans[localY][localX * ITEM_N + n] = mean[n];
        localSquares[localY][localX * ITEM_N + n] = squares[n];
      }
      localCounts[localY][localX] = count;
    }
  }
  if (localY == 0 && wanted < channels) {
    const size_t place = get_group_id(1) * (size_t)channels + channel;
    for (int n = 0; n < ITEM_N; n++) {
      *(__global vector*)(chunkMeans + place + n * VEC) = mean[n];
      *(__global vector*)(chunkSquares + place + n * VEC) = squares[n];
    }
  }
}

// Joins the chunks. A work-item takes VEC channels and every WG_Y-th chunk.
__kernel __attribute__((reqd_work_group_size(WG_X, WG_Y, 1)))
void batchnorm_statistics_finish(
    const __global float* restrict x, const __global float* restrict chunkMeans,
    const __global float* restrict chunkSquares, __global float* restrict runningMean,
    __global float* restrict runningVariance, __global float* restrict meanOut,
    __global float* restrict inverseDeviation, const int rows, const int channels,
    const float momentum, const float epsilon) {
  __local vector localMeans[WG_Y][WG_X];
  __local vector localSquares[WG_Y][WG_X];
  __local float localCounts[WG_Y][WG_X];
  const int localX = (int)get_local_id(0), localY = (int)get_local_id(1);
  const int wanted = (int)get_global_id(0) * VEC;
  const int channel = min(wanted, channels - VEC);
  const int chunks = (rows + TILE_M - 1) / TILE_M;

  vector mean = 0.0f, squares = 0.0f;
  float count = 0.0f;
  for (int chunk = localY; chunk < chunks; chunk += WG_Y) {
    const size_t place = (size_t)chunk * (size_t)channels + channel;
    join(
        &count, &mean, &squares, (float)min(TILE_M, rows - chunk * TILE_M),
        *(const __global vector*)(chunkMeans + place),
        *(const __global vector*)(chunkSquares + place));
  }
  localMeans[localY][localX] = mean;
  localSquares[localY][localX] = squares;
  localCounts[localY][localX] = count;
  for (int distance = WG_Y / 2; distance > 0; distance /= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (localY < distance) {
      join(
          &count, &mean, &squares, localCounts[localY + distance][localX],
          localMeans[localY + distance][localX], localSquares[localY + distance][localX]);
      localMeans[localY][localX] = mean;
      localSquares[localY][localX] = squares;
      localCounts[localY][localX] = count;
    }
  }
  if (localY == 0 && wanted < channels) {
    mean += *(const __global vector*)(x + channel);
    const vector variance = squares / (float)rows;
    const vector unbiased = squares / (float)max(rows - 1, 1);  // one row: 0, not a NaN
    __global vector* oldMean = (__global vector*)(runningMean + channel);
    __global vector* oldVariance = (__global vector*)(runningVariance + channel);
    *oldMean += momentum * (mean - *oldMean);
    *oldVariance += momentum * (unbiased - *oldVariance);
    *(__global vector*)(meanOut + channel) = mean;
    *(__global vector*)(inverseDeviation + channel) = 1.0f / sqrt(variance + epsilon);
  }
}
