// llvm-byte-loop: a loop over bytes that also computes with its counter as an int.
// Shown by pocl 3.1 with LLVM 15 where it compiles for AVX2.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>

enum { BYTES = 28 };
static const char *source =
    "__kernel void copy(const __global uchar *restrict in, __global uchar *restrict out) {\n"
    "  for (int i = 0; i < 28; i++) out[i] = in[max(i, 0)];\n"
    "}\n";

static void check(cl_int status, const char *call) {
  if (status == CL_SUCCESS) return;
  printf("%s: %d\n", call, status);
  exit(2);
}

static cl_device_id first_device(void) {
  cl_platform_id platforms[8];
  cl_uint count = 0;
  cl_device_id device = NULL;
  clGetPlatformIDs(8, platforms, &count);
  for (cl_uint i = 0; i < count && !device; i++)
    clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL);
  check(device ? CL_SUCCESS : CL_DEVICE_NOT_FOUND, "no device");
  return device;
}

int main(void) {
  cl_device_id device = first_device();
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
  check(clBuildProgram(program, 1, &device, "", NULL, NULL), "clBuildProgram");
  cl_kernel kernel = clCreateKernel(program, "copy", NULL);

  unsigned char in[BYTES], out[BYTES];
  for (int i = 0; i < BYTES; i++) in[i] = i;
  cl_mem from = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, BYTES, in, NULL);
  cl_mem to = clCreateBuffer(context, 0, BYTES, NULL, NULL);
  clSetKernelArg(kernel, 0, sizeof from, &from);
  clSetKernelArg(kernel, 1, sizeof to, &to);
  const size_t one = 1;
  check(clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, NULL), "enqueue");
  check(clEnqueueReadBuffer(queue, to, CL_TRUE, 0, BYTES, out, 0, NULL, NULL), "read");

  int wrong = 0;
  for (int i = 0; i < BYTES; i++) {
    if (out[i] == i) continue;
    printf("byte %d: expected %d, found %d\n", i, i, out[i]);
    wrong = 1;
  }
  puts(wrong ? "wrong" : "right");
  return wrong;
}
