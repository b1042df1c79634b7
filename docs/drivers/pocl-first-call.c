// pocl-first-call: two threads ask for devices at once, before anything else did.
// pocl 3.1 tells one of them that there is none, or crashes.
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 100, THREADS = 2 };
static pthread_barrier_t start;

// Returns NULL where there is a device.
static void *ask(void *failure) {
  cl_platform_id platforms[8];
  cl_uint count = 0;
  cl_device_id device = NULL;
  pthread_barrier_wait(&start);
  clGetPlatformIDs(8, platforms, &count);
  for (cl_uint i = 0; i < count && !device; i++)
    clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL);
  return device ? NULL : failure;
}

int main(void) {
  int none = 0, crashed = 0;
  for (int i = 0; i < PROCESSES; i++) {
    if (fork() == 0) {
      pthread_t threads[THREADS];
      void *failures[THREADS];
      pthread_barrier_init(&start, NULL, THREADS);
      for (int j = 0; j < THREADS; j++) pthread_create(&threads[j], NULL, ask, &start);
      for (int j = 0; j < THREADS; j++) pthread_join(threads[j], &failures[j]);
      _exit(failures[0] || failures[1]);
    }
    int status;
    wait(&status);
    none += WIFEXITED(status) && WEXITSTATUS(status);
    crashed += WIFSIGNALED(status);
  }
  printf("%d processes: expected devices in all, found none in %d, %d crashed\n", PROCESSES, none,
         crashed);
  return none || crashed;
}
