#pragma clang diagnostic ignored "-Wc23-extensions"
// Every kernel source as bytes inside the binary. Adding a kernel: an array and a line in the table.
#include "include/kernels.h"

#include <stddef.h>

static const unsigned char common_philox[] = {
#embed "common/philox.clh"
};
static const unsigned char fill_fill[] = {
#embed "fill/fill.cl"
};

static const struct widecl_kernel_source table[] = {
    {"common/philox.clh", common_philox, sizeof common_philox},
    {"fill/fill.cl", fill_fill, sizeof fill_fill},
};

const struct widecl_kernel_source *widecl_kernel_sources(void) { return table; }

size_t widecl_kernel_source_count(void) { return sizeof table / sizeof table[0]; }
