// rusticl-fma: fma() of vectors. A tile of float16 takes the compiler of rusticl of Mesa 22.3
// seconds, with mad() an instant. A whole convolution seems to hang.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char *source =
    "__kernel void tile(__global float *x, __global float16 *w, __global float16 *y) {\n"
    "  float16 sum[8];\n"
    "  for (int i = 0; i < 8; i++) sum[i] = 0.0f;\n"
    "  for (int k = 0; k < 16; k++)\n"
    "    for (int i = 0; i < 8; i++)\n"
    "      sum[i] = MULTIPLY_ADD((float16)(x[i * 16 + k]), w[k], sum[i]);\n"
    "  for (int i = 0; i < 8; i++) y[i] = sum[i];\n"
    "}\n";

// Seconds from the source to the first result.
static double seconds(cl_device_id device, const char *options) {
  struct timespec start, end;
  clock_gettime(CLOCK_MONOTONIC, &start);
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
  clBuildProgram(program, 1, &device, options, NULL, NULL);
  cl_kernel kernel = clCreateKernel(program, "tile", NULL);
  for (cl_uint i = 0; i < 3; i++) {
    cl_mem buffer = clCreateBuffer(context, 0, 1024, NULL, NULL);
    clSetKernelArg(kernel, i, sizeof buffer, &buffer);
  }
  const size_t one = 1;
  cl_int status = clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, NULL);
  if (status || clFinish(queue)) printf("%s: error %d\n", options, status);
  clock_gettime(CLOCK_MONOTONIC, &end);
  return end.tv_sec - start.tv_sec + 1e-9 * (end.tv_nsec - start.tv_nsec);
}

int main(void) {
  cl_platform_id platforms[8];
  cl_uint count = 0;
  cl_device_id device = NULL;
  clGetPlatformIDs(8, platforms, &count);
  for (cl_uint i = 0; i < count && !device; i++)
    clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL);
  if (!device) return puts("no device"), 2;
  alarm(600);
  seconds(device, "-DMULTIPLY_ADD=mad");  // the driver's own start
  const double mad = seconds(device, "-DMULTIPLY_ADD=mad -DAGAIN");
  const double fma = seconds(device, "-DMULTIPLY_ADD=fma");
  printf("mad: %.1f s, fma: expected as long, found %.1f s\n", mad, fma);
  return fma > 1 && fma > 4 * mad;
}
