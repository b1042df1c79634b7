// clblast-batch: a batch of products in whole tiles of CLBlast's kernel Xgemm, GEMMK 0.
// Exact sums are expected. CLBlast 1.5.3 leaves out the gaps between matrices that it need not
// copy, so that all but the first product are wrong; where KWG is no multiple of VWM it also adds
// what lies behind the matrices.
#define CL_TARGET_OPENCL_VERSION 120
#include <clblast_c.h>
#include <stdio.h>
#include <stdlib.h>

enum { M = 32, N = 16, COUNT = 3 };

static cl_device_id device;
static cl_context context;
static cl_command_queue queue;

static cl_mem buffer(const float *values, size_t count) {
  cl_int status;
  cl_mem made = clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, 4 * count,
                               (void *)values, &status);
  if (status) exit(2);
  return made;
}

static float number(size_t i) { return (float)((i * 7 + 3 + i / 5) % 9) - 4; }

// How many elements are wrong.
static int check(size_t k, size_t gap) {
  const size_t strideA = M * k + gap, strideB = k * N + gap, strideC = M * N + gap;
  float *a = malloc(4 * COUNT * strideA), *b = malloc(4 * COUNT * strideB);
  float *c = calloc(COUNT * strideC, 4);
  if (!a || !b || !c) exit(2);
  for (size_t i = 0; i < COUNT * strideA; i++) a[i] = number(i);
  for (size_t i = 0; i < COUNT * strideB; i++) b[i] = number(i + 4);
  cl_mem bufferC = buffer(c, COUNT * strideC);
  if (CLBlastSgemmStridedBatched(CLBlastLayoutRowMajor, CLBlastTransposeYes, CLBlastTransposeNo, M,
                                 N, k, 1, buffer(a, COUNT * strideA), 0, M, strideA,
                                 buffer(b, COUNT * strideB), 0, N, strideB, 0, bufferC, 0, N,
                                 strideC, COUNT, &queue, NULL) ||
      clEnqueueReadBuffer(queue, bufferC, CL_TRUE, 0, 4 * COUNT * strideC, c, 0, NULL, NULL))
    exit(2);
  int wrong = 0;
  for (size_t p = 0; p < COUNT; p++)
    for (size_t i = 0; i < M; i++)
      for (size_t j = 0; j < N; j++) {
        float sum = 0;  // small integers: exact
        for (size_t l = 0; l < k; l++)
          sum += a[p * strideA + l * M + i] * b[p * strideB + l * N + j];
        wrong += c[p * strideC + i * N + j] != sum;
      }
  printf("k %zu, %zu floats between matrices: expected 0 of %d elements wrong, found %d\n", k, gap,
         COUNT * M * N, wrong);
  return wrong;
}

static void override(const char *kernel, size_t count, const char **names, const size_t *values) {
  if (CLBlastOverrideParameters(device, kernel, CLBlastPrecisionSingle, count, names, values))
    exit(2);
}

int main(void) {
  cl_platform_id platform;
  if (clGetPlatformIDs(1, &platform, NULL) ||
      clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL))
    return 2;
  context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  if (!context) return 2;
  queue = clCreateCommandQueue(context, device, 0, NULL);
  if (!queue) return 2;
  const char *names[] = {"GEMMK", "KREG",  "MWG", "NWG", "KWG",  "KWI",  "MDIMC", "NDIMC",
                         "MDIMA", "NDIMB", "VWM", "VWN", "STRM", "STRN", "SA",    "SB"};
  const size_t values[] = {0, 1, 16, 8, 4, 2, 2, 1, 2, 1, 8, 4, 0, 0, 0, 0};
  override("Xgemm", 16, names, values);
  const char *least = "XGEMM_MIN_INDIRECT_SIZE";  // Xgemm for products of every size
  override("GemmRoutine", 1, &least, (const size_t[]){0});
  int wrong = check(13, 16);  // is copied into whole tiles
  wrong += check(16, 0);
  wrong += check(16, 16);
  wrong += check(12, 0);
  return wrong > 0;
}
