// pocl-static-barrier: a static function with a barrier, which the front end does not inline.
// pocl 3.1 crashes while it compiles the kernel, or gives wrong values.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ITEMS = 16 };
static const char *source =
    "__attribute__((noinline)) static void add(float sum[1], __local float *t) {\n"
    "  t[get_local_id(0)] = 1.0f;\n"
    "  barrier(CLK_LOCAL_MEM_FENCE);\n"
    "#pragma unroll\n"
    "  for (int j = 0; j < 16; j++) sum[0] = sum[0] + t[j];\n"
    "}\n"
    "__kernel __attribute__((reqd_work_group_size(16, 1, 1))) void test(__global float *out) {\n"
    "  __local float t[16];\n"
    "  float sum[1];\n"
    "  sum[0] = 0.0f;\n"
    "  add(sum, t);\n"
    "  out[get_global_id(0)] = sum[0];\n"
    "}\n";

static int run(void) {
  cl_platform_id platforms[8];
  cl_uint count = 0;
  cl_device_id device = NULL;
  clGetPlatformIDs(8, platforms, &count);
  for (cl_uint i = 0; i < count && !device; i++)
    clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL);
  if (!device) return puts("no device"), 2;
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
  if (clBuildProgram(program, 1, &device, "", NULL, NULL)) return puts("it does not build"), 2;
  cl_kernel kernel = clCreateKernel(program, "test", NULL);
  float out[ITEMS];
  cl_mem buffer = clCreateBuffer(context, 0, sizeof out, NULL, NULL);
  clSetKernelArg(kernel, 0, sizeof buffer, &buffer);
  const size_t items = ITEMS;
  clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, &items, 0, NULL, NULL);
  if (clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof out, out, 0, NULL, NULL)) return 2;
  for (int i = 0; i < ITEMS; i++)
    if (out[i] != 16) return printf("item %d: expected 16, found %g\n", i, out[i]), 1;
  return puts("expected 16, found 16: right"), 0;
}

int main(void) {
  if (fork() == 0) return run();
  int status;
  wait(&status);
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  printf("expected 16, found signal %d: the process crashed\n", WTERMSIG(status));
  return 1;
}
