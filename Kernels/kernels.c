#pragma clang diagnostic ignored "-Wc23-extensions"
// Every kernel source as bytes inside the binary. Adding a kernel: an array and a line in the table.
#include "include/kernels.h"

#include <stddef.h>

static const unsigned char common_philox_header[] = {
#embed "common/philox.clh"
};
static const unsigned char common_vector_header[] = {
#embed "common/vector.clh"
};
static const unsigned char conv2d_conv2d_backward_data_local[] = {
#embed "conv2d/conv2d_backward_data_local.cl"
};
static const unsigned char conv2d_conv2d_backward_data_tile[] = {
#embed "conv2d/conv2d_backward_data_tile.cl"
};
static const unsigned char conv2d_conv2d_backward_filter_local[] = {
#embed "conv2d/conv2d_backward_filter_local.cl"
};
static const unsigned char conv2d_conv2d_backward_filter_tile[] = {
#embed "conv2d/conv2d_backward_filter_tile.cl"
};
static const unsigned char conv2d_conv2d_forward_local[] = {
#embed "conv2d/conv2d_forward_local.cl"
};
static const unsigned char conv2d_conv2d_forward_tile[] = {
#embed "conv2d/conv2d_forward_tile.cl"
};
static const unsigned char conv2d_conv2d_local_header[] = {
#embed "conv2d/conv2d_local.clh"
};
static const unsigned char conv2d_conv2d_sum_parts[] = {
#embed "conv2d/conv2d_sum_parts.cl"
};
static const unsigned char conv2d_conv2d_tile_header[] = {
#embed "conv2d/conv2d_tile.clh"
};
static const unsigned char conv2d_conv2d_transpose_filter[] = {
#embed "conv2d/conv2d_transpose_filter.cl"
};
static const unsigned char fill_fill[] = {
#embed "fill/fill.cl"
};

static const struct widecl_kernel_source table[] = {
    {"common/philox.clh", common_philox_header, sizeof common_philox_header},
    {"common/vector.clh", common_vector_header, sizeof common_vector_header},
    {"conv2d/conv2d_backward_data_local.cl", conv2d_conv2d_backward_data_local, sizeof conv2d_conv2d_backward_data_local},
    {"conv2d/conv2d_backward_data_tile.cl", conv2d_conv2d_backward_data_tile, sizeof conv2d_conv2d_backward_data_tile},
    {"conv2d/conv2d_backward_filter_local.cl", conv2d_conv2d_backward_filter_local, sizeof conv2d_conv2d_backward_filter_local},
    {"conv2d/conv2d_backward_filter_tile.cl", conv2d_conv2d_backward_filter_tile, sizeof conv2d_conv2d_backward_filter_tile},
    {"conv2d/conv2d_forward_local.cl", conv2d_conv2d_forward_local, sizeof conv2d_conv2d_forward_local},
    {"conv2d/conv2d_forward_tile.cl", conv2d_conv2d_forward_tile, sizeof conv2d_conv2d_forward_tile},
    {"conv2d/conv2d_local.clh", conv2d_conv2d_local_header, sizeof conv2d_conv2d_local_header},
    {"conv2d/conv2d_sum_parts.cl", conv2d_conv2d_sum_parts, sizeof conv2d_conv2d_sum_parts},
    {"conv2d/conv2d_tile.clh", conv2d_conv2d_tile_header, sizeof conv2d_conv2d_tile_header},
    {"conv2d/conv2d_transpose_filter.cl", conv2d_conv2d_transpose_filter, sizeof conv2d_conv2d_transpose_filter},
    {"fill/fill.cl", fill_fill, sizeof fill_fill},
};

const struct widecl_kernel_source *widecl_kernel_sources(void) { return table; }

size_t widecl_kernel_source_count(void) { return sizeof table / sizeof table[0]; }
