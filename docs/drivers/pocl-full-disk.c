// pocl-full-disk: a file of the compiler can not be written. An error of clBuildProgram is
// expected; pocl 3.1 ends the process with "LLVM ERROR: IO failure on output stream".
//     POCL_CACHE_DIR=$(mktemp -d) ./pocl-full-disk
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *source = "__kernel void set(__global int *out) { *out = 1; }";

static int run(void) {
  cl_platform_id platforms[8];
  cl_uint count = 0;
  cl_device_id device = NULL;
  clGetPlatformIDs(8, platforms, &count);
  for (cl_uint i = 0; i < count && !device; i++)
    clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL);
  if (!device) return puts("no device"), 2;
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  // No file may grow over a kilobyte: a write fails then, as on a full disk.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGXFSZ);
  sigprocmask(SIG_BLOCK, &signals, NULL);
  setrlimit(RLIMIT_FSIZE, &(struct rlimit){1024, 1024});
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, NULL);
  const cl_int status = clBuildProgram(program, 1, &device, "", NULL, NULL);
  printf("expected an end of clBuildProgram, found its status %d\n", status);
  fflush(stdout);
  return 0;
}

int main(void) {
  if (fork() == 0) _exit(run());
  int status;
  wait(&status);
  if (WIFEXITED(status) && WEXITSTATUS(status) != 1) return WEXITSTATUS(status);
  puts("expected an end of clBuildProgram, found the end of the process");
  return 1;
}
