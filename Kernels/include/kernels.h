#ifndef WIDECL_KERNELS_H
#define WIDECL_KERNELS_H

#include <stddef.h>

/// One file of the folder Kernels/, as bytes.
struct widecl_kernel_source {
  const char *path;            ///< relative to Kernels/, e.g. "conv2d/conv2d_forward.cl"
  const unsigned char *bytes;  ///< not terminated
  size_t count;
};

const struct widecl_kernel_source *widecl_kernel_sources(void);
size_t widecl_kernel_source_count(void);

#endif
