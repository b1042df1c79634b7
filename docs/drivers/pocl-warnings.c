// pocl-warnings: what a build writes to standard error. For processors without AVX-512, pocl 3.1
// writes there how many functions take a float16, from whatever program, unless the options say -w.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdio.h>
#include <unistd.h>

static const char *source =
    "float16 twice(float16 x) { return x + x; }\n"
    "__kernel void test(__global float16 *x) { x[0] = twice(x[0]); }\n";

// What the build of `source` with `options` writes to standard error, in bytes.
static long written(cl_device_id device, const char *options) {
  FILE *file = tmpfile();
  const int error = dup(2);
  dup2(fileno(file), 2);
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
  clBuildProgram(program, 1, &device, options, NULL, NULL);
  dup2(error, 2);
  fseek(file, 0, SEEK_END);
  const long size = ftell(file);
  rewind(file);
  for (int c; (c = getc(file)) != EOF;) putchar(c);
  return size;
}

int main(void) {
  cl_platform_id platforms[8];
  cl_uint count = 0;
  cl_device_id device = NULL;
  clGetPlatformIDs(8, platforms, &count);
  for (cl_uint i = 0; i < count && !device; i++)
    clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL);
  if (!device) return puts("no device"), 2;
  const long loud = written(device, ""), quiet = written(device, "-w");
  printf("expected 0 bytes on standard error, found %ld, and %ld with -w\n", loud, quiet);
  return loud > 0;
}
