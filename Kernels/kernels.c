#pragma clang diagnostic ignored "-Wc23-extensions"
// Every kernel source as bytes inside the binary. Adding a kernel: one line in the table below.
#include "include/kernels.h"

#include <stddef.h>

static const unsigned char common_numeric[] = {
#embed "common/numeric.clh"
};

static const struct widecl_kernel_source table[] = {
    {"common/numeric.clh", common_numeric, sizeof common_numeric},
};

const struct widecl_kernel_source *widecl_kernel_sources(void) { return table; }

size_t widecl_kernel_source_count(void) { return sizeof table / sizeof table[0]; }
