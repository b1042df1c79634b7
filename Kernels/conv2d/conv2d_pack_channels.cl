// conv2d_pack_channels: a tensor in strips of channels, which a register tile of backward filter
// reads from end to end.
// Host: Sources/Operators/Conv2D/PackedOperand.swift
//
// x: [ROWS][CHANNELS], packed: [CHANNELS / STRIP][ROWS][STRIP]. A work-item copies ROW_BLOCK rows.
#include "common/vector.clh"

#ifndef STRIP
#error "STRIP: channels that lie together, a multiple of VEC that divides CHANNELS"
#endif
#ifndef ROW_BLOCK
#error "ROW_BLOCK: rows per work-item"
#endif

__kernel __attribute__((reqd_work_group_size(1, 1, 1)))
void conv2d_pack_channels(const __global float* restrict x, __global float* restrict packed) {
  const int row0 = (int)get_global_id(0) * ROW_BLOCK, row1 = min(row0 + ROW_BLOCK, ROWS);
  for (int c = 0; c < CHANNELS; c += STRIP)
    for (int row = row0; row < row1; row++)
      for (int i = 0; i < STRIP; i += VEC)
        store_vec(packed + (c / STRIP * ROWS + row) * STRIP + i, load_vec(x + row * CHANNELS + c + i));
}
