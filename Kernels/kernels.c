#pragma clang diagnostic ignored "-Wc23-extensions"
// Every kernel source as bytes inside the binary. Adding a kernel: an array and a line in the table.
#include "include/kernels.h"

#include <stddef.h>

static const unsigned char add_add[] = {
#embed "add/add.cl"
};
static const unsigned char add_add_relu[] = {
#embed "add/add_relu.cl"
};
static const unsigned char augment_augment[] = {
#embed "augment/augment.cl"
};
static const unsigned char batchnorm_batchnorm_header[] = {
#embed "batchnorm/batchnorm.clh"
};
static const unsigned char batchnorm_batchnorm_add_relu_forward[] = {
#embed "batchnorm/batchnorm_add_relu_forward.cl"
};
static const unsigned char batchnorm_batchnorm_coefficients_header[] = {
#embed "batchnorm/batchnorm_coefficients.clh"
};
static const unsigned char batchnorm_batchnorm_dropout_header[] = {
#embed "batchnorm/batchnorm_dropout.clh"
};
static const unsigned char batchnorm_batchnorm_relu_backward[] = {
#embed "batchnorm/batchnorm_relu_backward.cl"
};
static const unsigned char batchnorm_batchnorm_relu_forward[] = {
#embed "batchnorm/batchnorm_relu_forward.cl"
};
static const unsigned char batchnorm_batchnorm_statistics[] = {
#embed "batchnorm/batchnorm_statistics.cl"
};
static const unsigned char bias_activation_activation_header[] = {
#embed "bias_activation/activation.clh"
};
static const unsigned char bias_activation_bias_activation_backward[] = {
#embed "bias_activation/bias_activation_backward.cl"
};
static const unsigned char bias_activation_bias_activation_forward[] = {
#embed "bias_activation/bias_activation_forward.cl"
};
static const unsigned char common_philox_header[] = {
#embed "common/philox.clh"
};
static const unsigned char common_pixels_header[] = {
#embed "common/pixels.clh"
};
static const unsigned char common_vector_header[] = {
#embed "common/vector.clh"
};
static const unsigned char common_winners_header[] = {
#embed "common/winners.clh"
};
static const unsigned char conv2d_batched_product_local[] = {
#embed "conv2d/batched_product_local.cl"
};
static const unsigned char conv2d_batched_product_transposed_local[] = {
#embed "conv2d/batched_product_transposed_local.cl"
};
static const unsigned char conv2d_batched_product_transposed_tile[] = {
#embed "conv2d/batched_product_transposed_tile.cl"
};
static const unsigned char conv2d_conv2d_activation_header[] = {
#embed "conv2d/conv2d_activation.clh"
};
static const unsigned char conv2d_conv2d_direction_header[] = {
#embed "conv2d/conv2d_direction.clh"
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
static const unsigned char conv2d_conv2d_col2im[] = {
#embed "conv2d/conv2d_col2im.cl"
};
static const unsigned char conv2d_conv2d_forward_local[] = {
#embed "conv2d/conv2d_forward_local.cl"
};
static const unsigned char conv2d_conv2d_forward_tile[] = {
#embed "conv2d/conv2d_forward_tile.cl"
};
static const unsigned char conv2d_conv2d_im2col[] = {
#embed "conv2d/conv2d_im2col.cl"
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
static const unsigned char conv2d_conv2d_pack_channels[] = {
#embed "conv2d/conv2d_pack_channels.cl"
};
static const unsigned char conv2d_conv2d_pack_filter[] = {
#embed "conv2d/conv2d_pack_filter.cl"
};
static const unsigned char conv2d_conv2d_winograd_filter[] = {
#embed "conv2d/conv2d_winograd_filter.cl"
};
static const unsigned char conv2d_conv2d_winograd_filter_gradient[] = {
#embed "conv2d/conv2d_winograd_filter_gradient.cl"
};
static const unsigned char conv2d_conv2d_winograd_fused[] = {
#embed "conv2d/conv2d_winograd_fused.cl"
};
static const unsigned char conv2d_conv2d_winograd_fused_filter[] = {
#embed "conv2d/conv2d_winograd_fused_filter.cl"
};
static const unsigned char conv2d_conv2d_winograd_gradient[] = {
#embed "conv2d/conv2d_winograd_gradient.cl"
};
static const unsigned char conv2d_conv2d_winograd_input[] = {
#embed "conv2d/conv2d_winograd_input.cl"
};
static const unsigned char conv2d_conv2d_winograd_output[] = {
#embed "conv2d/conv2d_winograd_output.cl"
};
static const unsigned char conv2d_conv2d_winograd_product[] = {
#embed "conv2d/conv2d_winograd_product.cl"
};
static const unsigned char conv2d_local_product_header[] = {
#embed "conv2d/local_product.clh"
};
static const unsigned char conv2d_winograd_header[] = {
#embed "conv2d/winograd.clh"
};
static const unsigned char conv2d_winograd_block_header[] = {
#embed "conv2d/winograd_block.clh"
};
static const unsigned char conv2d_winograd_tiles_header[] = {
#embed "conv2d/winograd_tiles.clh"
};
static const unsigned char copy_copy[] = {
#embed "copy/copy.cl"
};
static const unsigned char dropout_dropout[] = {
#embed "dropout/dropout.cl"
};
static const unsigned char dropout_dropout_mask_header[] = {
#embed "dropout/dropout_mask.clh"
};
static const unsigned char fill_fill[] = {
#embed "fill/fill.cl"
};
static const unsigned char fill_initialize[] = {
#embed "fill/initialize.cl"
};
static const unsigned char gate_gate[] = {
#embed "gate/gate.cl"
};
static const unsigned char linear_linear_backward[] = {
#embed "linear/linear_backward.cl"
};
static const unsigned char linear_linear_forward[] = {
#embed "linear/linear_forward.cl"
};
static const unsigned char loss_softmax_cross_entropy[] = {
#embed "loss/softmax_cross_entropy.cl"
};
static const unsigned char maxout_maxout[] = {
#embed "maxout/maxout.cl"
};
static const unsigned char peak_peak_cache_read[] = {
#embed "peak/peak_cache_read.cl"
};
static const unsigned char peak_peak_multiply_add[] = {
#embed "peak/peak_multiply_add.cl"
};
static const unsigned char pool_average_pool[] = {
#embed "pool/average_pool.cl"
};
static const unsigned char pool_global_average_pool[] = {
#embed "pool/global_average_pool.cl"
};
static const unsigned char pool_max_pool[] = {
#embed "pool/max_pool.cl"
};
static const unsigned char pool_windows_header[] = {
#embed "pool/windows.clh"
};
static const unsigned char sgd_gradient_sum[] = {
#embed "sgd/gradient_sum.cl"
};
static const unsigned char sgd_sgd[] = {
#embed "sgd/sgd.cl"
};
static const unsigned char shortcut_padded_shortcut[] = {
#embed "shortcut/padded_shortcut.cl"
};
static const unsigned char tuned_pocl_avx2[] = {
#embed "tuned/pocl-avx2.json"
};
static const unsigned char tuned_pocl_avx512[] = {
#embed "tuned/pocl-avx512.json"
};

#define SOURCE(path, bytes) {path, bytes, sizeof bytes}

static const struct widecl_kernel_source table[] = {
    SOURCE("add/add.cl", add_add),
    SOURCE("add/add_relu.cl", add_add_relu),
    SOURCE("augment/augment.cl", augment_augment),
    SOURCE("batchnorm/batchnorm.clh", batchnorm_batchnorm_header),
    SOURCE("batchnorm/batchnorm_add_relu_forward.cl", batchnorm_batchnorm_add_relu_forward),
    SOURCE("batchnorm/batchnorm_coefficients.clh", batchnorm_batchnorm_coefficients_header),
    SOURCE("batchnorm/batchnorm_dropout.clh", batchnorm_batchnorm_dropout_header),
    SOURCE("batchnorm/batchnorm_relu_backward.cl", batchnorm_batchnorm_relu_backward),
    SOURCE("batchnorm/batchnorm_relu_forward.cl", batchnorm_batchnorm_relu_forward),
    SOURCE("batchnorm/batchnorm_statistics.cl", batchnorm_batchnorm_statistics),
    SOURCE("bias_activation/activation.clh", bias_activation_activation_header),
    SOURCE("bias_activation/bias_activation_backward.cl", bias_activation_bias_activation_backward),
    SOURCE("bias_activation/bias_activation_forward.cl", bias_activation_bias_activation_forward),
    SOURCE("common/philox.clh", common_philox_header),
    SOURCE("common/pixels.clh", common_pixels_header),
    SOURCE("common/vector.clh", common_vector_header),
    SOURCE("common/winners.clh", common_winners_header),
    SOURCE("conv2d/batched_product_local.cl", conv2d_batched_product_local),
    SOURCE("conv2d/batched_product_transposed_local.cl", conv2d_batched_product_transposed_local),
    SOURCE("conv2d/batched_product_transposed_tile.cl", conv2d_batched_product_transposed_tile),
    SOURCE("conv2d/conv2d_activation.clh", conv2d_conv2d_activation_header),
    SOURCE("conv2d/conv2d_direction.clh", conv2d_conv2d_direction_header),
    SOURCE("conv2d/conv2d_backward_data_local.cl", conv2d_conv2d_backward_data_local),
    SOURCE("conv2d/conv2d_backward_data_tile.cl", conv2d_conv2d_backward_data_tile),
    SOURCE("conv2d/conv2d_backward_filter_local.cl", conv2d_conv2d_backward_filter_local),
    SOURCE("conv2d/conv2d_backward_filter_tile.cl", conv2d_conv2d_backward_filter_tile),
    SOURCE("conv2d/conv2d_col2im.cl", conv2d_conv2d_col2im),
    SOURCE("conv2d/conv2d_forward_local.cl", conv2d_conv2d_forward_local),
    SOURCE("conv2d/conv2d_forward_tile.cl", conv2d_conv2d_forward_tile),
    SOURCE("conv2d/conv2d_im2col.cl", conv2d_conv2d_im2col),
    SOURCE("conv2d/conv2d_local.clh", conv2d_conv2d_local_header),
    SOURCE("conv2d/conv2d_sum_parts.cl", conv2d_conv2d_sum_parts),
    SOURCE("conv2d/conv2d_tile.clh", conv2d_conv2d_tile_header),
    SOURCE("conv2d/conv2d_pack_channels.cl", conv2d_conv2d_pack_channels),
    SOURCE("conv2d/conv2d_pack_filter.cl", conv2d_conv2d_pack_filter),
    SOURCE("conv2d/conv2d_winograd_filter.cl", conv2d_conv2d_winograd_filter),
    SOURCE("conv2d/conv2d_winograd_filter_gradient.cl", conv2d_conv2d_winograd_filter_gradient),
    SOURCE("conv2d/conv2d_winograd_fused.cl", conv2d_conv2d_winograd_fused),
    SOURCE("conv2d/conv2d_winograd_fused_filter.cl", conv2d_conv2d_winograd_fused_filter),
    SOURCE("conv2d/conv2d_winograd_gradient.cl", conv2d_conv2d_winograd_gradient),
    SOURCE("conv2d/conv2d_winograd_input.cl", conv2d_conv2d_winograd_input),
    SOURCE("conv2d/conv2d_winograd_output.cl", conv2d_conv2d_winograd_output),
    SOURCE("conv2d/conv2d_winograd_product.cl", conv2d_conv2d_winograd_product),
    SOURCE("conv2d/local_product.clh", conv2d_local_product_header),
    SOURCE("conv2d/winograd.clh", conv2d_winograd_header),
    SOURCE("conv2d/winograd_block.clh", conv2d_winograd_block_header),
    SOURCE("conv2d/winograd_tiles.clh", conv2d_winograd_tiles_header),
    SOURCE("copy/copy.cl", copy_copy),
    SOURCE("dropout/dropout.cl", dropout_dropout),
    SOURCE("dropout/dropout_mask.clh", dropout_dropout_mask_header),
    SOURCE("fill/fill.cl", fill_fill),
    SOURCE("fill/initialize.cl", fill_initialize),
    SOURCE("gate/gate.cl", gate_gate),
    SOURCE("linear/linear_backward.cl", linear_linear_backward),
    SOURCE("linear/linear_forward.cl", linear_linear_forward),
    SOURCE("loss/softmax_cross_entropy.cl", loss_softmax_cross_entropy),
    SOURCE("maxout/maxout.cl", maxout_maxout),
    SOURCE("peak/peak_cache_read.cl", peak_peak_cache_read),
    SOURCE("peak/peak_multiply_add.cl", peak_peak_multiply_add),
    SOURCE("pool/average_pool.cl", pool_average_pool),
    SOURCE("pool/global_average_pool.cl", pool_global_average_pool),
    SOURCE("pool/max_pool.cl", pool_max_pool),
    SOURCE("pool/windows.clh", pool_windows_header),
    SOURCE("sgd/gradient_sum.cl", sgd_gradient_sum),
    SOURCE("sgd/sgd.cl", sgd_sgd),
    SOURCE("shortcut/padded_shortcut.cl", shortcut_padded_shortcut),
    SOURCE("tuned/pocl-avx2.json", tuned_pocl_avx2),
    SOURCE("tuned/pocl-avx512.json", tuned_pocl_avx512),
};

const struct widecl_kernel_source *widecl_kernel_sources(void) { return table; }

size_t widecl_kernel_source_count(void) { return sizeof table / sizeof table[0]; }
