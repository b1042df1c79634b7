// intel-recording: a kernel on Intel's driver for GPUs in its recording mode, which needs no GPU.
// As a pvc it never ends; the others do.
//     export NEOReadDebugKeys=1 SetCommandStreamReceiver=1 AUBDumpCaptureFileName=/dev/null
//     ProductFamilyOverride=pvc HardwareInfoOverride=8x8x8 ./intel-recording
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { SECONDS = 60 };
static const char *source = "__kernel void set(__global int *out) { *out = 1; }";
static const char *volatile call = "clGetPlatformIDs";

static void late(int signal) {
  (void)signal;
  printf("expected an end, found none after a minute in %s\n", call);
  fflush(stdout);
  _exit(1);
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
  call = "clCreateContext";
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
  call = "clBuildProgram";
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
  if (clBuildProgram(program, 1, &device, "", NULL, NULL)) return puts("it does not build"), 2;
  cl_kernel kernel = clCreateKernel(program, "set", NULL);
  call = "clCreateBuffer";
  cl_mem buffer = clCreateBuffer(context, 0, sizeof(int), NULL, NULL);
  clSetKernelArg(kernel, 0, sizeof buffer, &buffer);
  const size_t one = 1;
  call = "clEnqueueNDRangeKernel";
  clEnqueueNDRangeKernel(queue, kernel, 1, NULL, &one, &one, 0, NULL, NULL);
  call = "clFinish";
  clFinish(queue);
  return puts("it ended, as expected"), 0;
}
