// oclgrind-restrict: a function with `restrict` arguments that is always inlined.
// Oclgrind 21.10 does not know the marks which that makes, and ends the process.
//     ./oclgrind-restrict
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <string.h>

static const char *source =
    "__attribute__((always_inline)) inline float first(const __global float *restrict x) {\n"
    "  return x[0];\n"
    "}\n"
    "__kernel void test(__global float *x) { x[1] = first(x); }\n";

// Runs the kernel; Oclgrind is the device.
static int run(void) {
  cl_platform_id platform;
  cl_device_id device;
  clGetPlatformIDs(1, &platform, NULL);
  clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL);
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
  clBuildProgram(program, 1, &device, "", NULL, NULL);
  cl_kernel kernel = clCreateKernel(program, "test", NULL);
  float x[2] = {16, 0};
  cl_mem buffer = clCreateBuffer(context, CL_MEM_COPY_HOST_PTR, sizeof x, x, NULL);
  clSetKernelArg(kernel, 0, sizeof buffer, &buffer);
  const size_t one = 1;
  clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, NULL);
  clEnqueueReadBuffer(queue, buffer, CL_TRUE, 0, sizeof x, x, 0, NULL, NULL);
  printf("found %g\n", x[1]);
  return 0;
}

int main(int count, char **arguments) {
  if (count > 1) return run();
  char command[4096], line[512];
  snprintf(command, sizeof command, "oclgrind --build-options -O0 %s run 2>&1", arguments[0]);
  puts("expected: found 16");
  int right = 0;
  FILE *output = popen(command, "r");
  while (fgets(line, sizeof line, output)) {
    fputs(line, stdout);
    right |= strcmp(line, "found 16\n") == 0;
  }
  pclose(output);
  return !right;
}
