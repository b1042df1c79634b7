// loop-barrier: every work-item reaches the two barriers, then goes round the loop as often as its
// number says. pocl 3.1 does not end; rusticl of Mesa 22.3 leaves half of the group out.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { ITEMS = 16, SECONDS = 60 };
static const char *source =
    "__kernel __attribute__((reqd_work_group_size(16, 1, 1))) void test(__global int *out) {\n"
    "  __local int t[16];\n"
    "  const int item = (int)get_local_id(0);\n"
    "  t[item] = item;\n"
    "  int sum = 0;\n"
    "  for (int k = 0; k < item + 2; k++) {\n"
    "    if (k < 2) barrier(CLK_LOCAL_MEM_FENCE);\n"
    "    sum += t[k % 16];\n"
    "  }\n"
    "  out[item] = sum;\n"
    "}\n";

static void late(int signal) {
  (void)signal;
  static const char text[] = "expected an end, found none after a minute\n";
  _exit(write(1, text, sizeof text - 1) > 0);
}

int main(void) {
  signal(SIGALRM, late);
  alarm(SECONDS);
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
  int out[ITEMS] = {0}, sum = 0;
  cl_mem buffer = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof out, out, NULL);
  clSetKernelArg(kernel, 0, sizeof buffer, &buffer);
  const size_t items = ITEMS;
  clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &items, &items, 0, NULL, NULL);
  if (clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof out, out, 0, NULL, NULL)) return 2;
  for (int i = 0; i < ITEMS; i++) {
    sum += (i + 1) % ITEMS;
    if (out[i] != sum) return printf("item %d: expected %d, found %d\n", i, sum, out[i]), 1;
  }
  return puts("right"), 0;
}
