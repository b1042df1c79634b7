// Stands before libOpenCL's function of the same name for every library of a program that is linked
// with it: buffers that CLBlast makes for itself are counted, too.

#define _GNU_SOURCE
#define CL_TARGET_OPENCL_VERSION 120
#include "created_buffers.h"

#include <CL/cl.h>
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdlib.h>

static atomic_long count;

long created_buffers(void) { return atomic_load(&count); }

CL_API_ENTRY cl_mem CL_API_CALL clCreateBuffer(cl_context context, cl_mem_flags flags, size_t size,
                                               void *host, cl_int *status) {
  static cl_mem (*_Atomic next)(cl_context, cl_mem_flags, size_t, void *, cl_int *);
  if (!next) next = (cl_mem(*)(cl_context, cl_mem_flags, size_t, void *, cl_int *))dlsym(
      RTLD_NEXT, "clCreateBuffer");
  if (!next) abort();
  atomic_fetch_add(&count, 1);
  return next(context, flags, size, host, status);
}
