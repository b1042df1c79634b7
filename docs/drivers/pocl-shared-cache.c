// pocl-shared-cache: processes that compile at once and share POCL_CACHE_DIR.
// Under pocl 3.1 some of them fail or crash.
//     POCL_CACHE_DIR=$(mktemp -d) ./pocl-shared-cache
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 24, PROGRAMS = 12 };

static int run(void) {
  cl_platform_id platforms[8];
  cl_uint count = 0;
  cl_device_id device = NULL;
  clGetPlatformIDs(8, platforms, &count);
  for (cl_uint i = 0; i < count && !device; i++)
    clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL);
  if (!device) return 2;
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
  cl_mem buffer = clCreateBuffer(context, 0, sizeof(int), NULL, NULL);
  for (int i = 0; i < PROGRAMS; i++) {
    char text[100];
    const char *source = text;
    snprintf(text, sizeof text, "__kernel void set(__global int *out) { *out = %d; }", i);
    cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
    if (clBuildProgram(program, 1, &device, "", NULL, NULL)) return 1;
    cl_kernel kernel = clCreateKernel(program, "set", NULL);
    clSetKernelArg(kernel, 0, sizeof buffer, &buffer);
    const size_t one = 1;
    int out = -1;
    clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, NULL);
    clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof out, &out, 0, NULL, NULL);
    if (out != i) return 1;
  }
  return 0;
}

int main(void) {
  if (!getenv("POCL_CACHE_DIR")) return puts("set POCL_CACHE_DIR to an empty folder"), 2;
  int failed = 0, crashed = 0;
  for (int i = 0; i < PROCESSES; i++)
    if (fork() == 0) _exit(run());
  for (int status; wait(&status) > 0;) {
    failed += WIFEXITED(status) && WEXITSTATUS(status);
    crashed += WIFSIGNALED(status);
  }
  printf("%d processes: expected 0 to fail, found %d; %d crashed\n", PROCESSES, failed, crashed);
  return failed || crashed;
}
