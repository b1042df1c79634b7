// clblast-first-call: two threads make the first calls of CLBlast 1.5.3 at once. Its table of
// devices is filled without a lock: the process crashes now and then.
#define CL_TARGET_OPENCL_VERSION 120
#include <clblast_c.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 200, THREADS = 4 };
static cl_command_queue queue;
static pthread_barrier_t start;

// Asks how much memory a product needs, which looks up the device's parameters.
static void *call(void *unused) {
  size_t bytes;
  pthread_barrier_wait(&start);
  CLBlastSGemmTempBufferSize(CLBlastLayoutRowMajor, CLBlastTransposeNo, CLBlastTransposeNo, 512,
                             512, 512, 0, 512, 0, 512, 0, 512, &queue, &bytes);
  return unused;
}

static int run(void) {
  cl_platform_id platforms[8];
  cl_uint count = 0;
  cl_device_id device = NULL;
  clGetPlatformIDs(8, platforms, &count);
  for (cl_uint i = 0; i < count && !device; i++)
    clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, &device, NULL);
  if (!device) return puts("no device"), 2;
  cl_context context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  queue = clCreateCommandQueue(context, device, 0, NULL);
  pthread_t threads[THREADS];
  pthread_barrier_init(&start, NULL, THREADS);
  for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, call, NULL);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  return 0;
}

int main(void) {
  int crashed = 0;
  for (int i = 0; i < PROCESSES; i++) {
    if (fork() == 0) _exit(run());
    int status;
    wait(&status);
    if (WIFEXITED(status) && WEXITSTATUS(status)) return WEXITSTATUS(status);
    crashed += WIFSIGNALED(status);
  }
  printf("of %d processes: expected 0 to crash, found %d\n", PROCESSES, crashed);
  return crashed > 0;
}
