// clblast-batch: three products in whole tiles of CLBlast's kernel Xgemm, GEMMK 0, with gaps between the matrices.
// CLBlast 1.5.3 reads them as if there were no gaps: all but the first product are wrong.
#define CL_TARGET_OPENCL_VERSION 120
#include <clblast_c.h>
#include <stdio.h>

enum { M = 32, N = 16, K = 16, GAP = 16, COUNT = 3 };
enum { STRIDE_A = M * K + GAP, STRIDE_B = K * N + GAP, STRIDE_C = M * N + GAP };
static float a[COUNT * STRIDE_A], b[COUNT * STRIDE_B], c[COUNT * STRIDE_C];
static cl_context context;

static cl_mem buffer(float *values, size_t bytes) {
  return clCreateBuffer(context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR, bytes, values, NULL);
}

int main(void) {
  cl_platform_id platform;
  cl_device_id device;
  if (clGetPlatformIDs(1, &platform, NULL) ||
      clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 1, &device, NULL))
    return 2;
  context = clCreateContext(NULL, 1, &device, NULL, NULL, NULL);
  cl_command_queue queue = clCreateCommandQueue(context, device, 0, NULL);
  const char *names[] = {"GEMMK", "KREG",  "MWG", "NWG", "KWG",  "KWI",  "MDIMC", "NDIMC",
                         "MDIMA", "NDIMB", "VWM", "VWN", "STRM", "STRN", "SA",    "SB"};
  const size_t values[] = {0, 1, 16, 8, 4, 2, 2, 1, 2, 1, 2, 4, 0, 0, 0, 0}, zero = 0;
  const char *least = "XGEMM_MIN_INDIRECT_SIZE";  // Xgemm for products of every size
  if (CLBlastOverrideParameters(device, "Xgemm", CLBlastPrecisionSingle, 16, names, values) ||
      CLBlastOverrideParameters(device, "GemmRoutine", CLBlastPrecisionSingle, 1, &least, &zero))
    return 2;
  for (int i = 0; i < COUNT * STRIDE_A; i++) a[i] = (float)(i * 7 % 9 - 4);
  for (int i = 0; i < COUNT * STRIDE_B; i++) b[i] = (float)(i * 5 % 7 - 3);
  cl_mem result = buffer(c, sizeof c);
  if (CLBlastSgemmStridedBatched(
          CLBlastLayoutRowMajor, CLBlastTransposeYes, CLBlastTransposeNo, M, N, K, 1,
          buffer(a, sizeof a), 0, M, STRIDE_A, buffer(b, sizeof b), 0, N, STRIDE_B, 0, result, 0, N,
          STRIDE_C, COUNT, &queue, NULL) ||
      clEnqueueReadBuffer(queue, result, CL_TRUE, 0, sizeof c, c, 0, NULL, NULL))
    return 2;
  int wrong = 0;
  for (int p = 0; p < COUNT; p++)
    for (int i = 0; i < M; i++)
      for (int j = 0; j < N; j++) {
        float sum = 0;  // small integers: exact
        for (int k = 0; k < K; k++)
          sum += a[p * STRIDE_A + k * M + i] * b[p * STRIDE_B + k * N + j];
        wrong += c[p * STRIDE_C + i * N + j] != sum;
      }
  printf("expected 0 of %d elements wrong, found %d\n", COUNT * M * N, wrong);
  return wrong > 0;
}
