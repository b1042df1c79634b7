// An OpenCL layer (CL/cl_layer.h) that lets calls fail as drivers do when something breaks.
//
// WIDECL_TEST_FAULT is "FUNCTION NUMBER CODE", with " lost" behind it when every call that comes
// later fails with CODE, too. Calls of FUNCTION are counted from 1; "any" counts all of those below.
// The calls' names go into the file WIDECL_TEST_CALLS, a line each, " failed" behind those that
// were made to fail.

#include <CL/cl_layer.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const cl_icd_dispatch *driver;
static cl_icd_dispatch layer;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char function[64];
static int number, count, calls = -1;
static cl_int code;
static bool loses, lost;

// The status that a call must fail with, CL_SUCCESS for none.
static cl_int fault(const char *name) {
  pthread_mutex_lock(&mutex);
  bool fails = lost;
  if (!strcmp(name, function) || !strcmp("any", function)) {
    fails |= ++count == number;
    lost |= loses && count == number;
  }
  if (calls >= 0) {
    char line[96];
    int length = snprintf(line, sizeof line, "%s%s\n", name, fails ? " failed" : "");
    if (write(calls, line, length) != length) abort();
  }
  pthread_mutex_unlock(&mutex);
  return fails ? code : CL_SUCCESS;
}

#define STATUS(name, parameters, arguments)              \
  static cl_int CL_API_CALL name##_ parameters {         \
    cl_int status = fault(#name);                        \
    return status ? status : driver->name arguments;     \
  }

// The last parameter is `status`, where the caller wants to know it.
#define OBJECT(type, name, parameters, arguments)        \
  static type CL_API_CALL name##_ parameters {           \
    cl_int failure = fault(#name);                       \
    if (!failure) return driver->name arguments;         \
    if (status) *status = failure;                       \
    return NULL;                                         \
  }

#define WAIT cl_uint waits, const cl_event *list, cl_event *event

OBJECT(cl_context, clCreateContext,
       (const cl_context_properties *properties, cl_uint devices, const cl_device_id *ids,
        void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *), void *data,
        cl_int *status),
       (properties, devices, ids, notify, data, status))
OBJECT(cl_command_queue, clCreateCommandQueue,
       (cl_context context, cl_device_id device, cl_command_queue_properties properties,
        cl_int *status),
       (context, device, properties, status))
OBJECT(cl_mem, clCreateBuffer,
       (cl_context context, cl_mem_flags flags, size_t size, void *host, cl_int *status),
       (context, flags, size, host, status))
OBJECT(cl_mem, clCreateSubBuffer,
       (cl_mem buffer, cl_mem_flags flags, cl_buffer_create_type type, const void *info,
        cl_int *status),
       (buffer, flags, type, info, status))
OBJECT(cl_program, clCreateProgramWithSource,
       (cl_context context, cl_uint parts, const char **texts, const size_t *lengths,
        cl_int *status),
       (context, parts, texts, lengths, status))
OBJECT(cl_kernel, clCreateKernel, (cl_program program, const char *name, cl_int *status),
       (program, name, status))
STATUS(clBuildProgram,
       (cl_program program, cl_uint devices, const cl_device_id *ids, const char *options,
        void(CL_CALLBACK *notify)(cl_program, void *), void *data),
       (program, devices, ids, options, notify, data))
STATUS(clSetKernelArg, (cl_kernel kernel, cl_uint index, size_t size, const void *value),
       (kernel, index, size, value))
STATUS(clEnqueueNDRangeKernel,
       (cl_command_queue queue, cl_kernel kernel, cl_uint dimensions, const size_t *offset,
        const size_t *global, const size_t *local, WAIT),
       (queue, kernel, dimensions, offset, global, local, waits, list, event))
STATUS(clEnqueueReadBuffer,
       (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
        void *host, WAIT),
       (queue, buffer, blocking, offset, size, host, waits, list, event))
STATUS(clEnqueueWriteBuffer,
       (cl_command_queue queue, cl_mem buffer, cl_bool blocking, size_t offset, size_t size,
        const void *host, WAIT),
       (queue, buffer, blocking, offset, size, host, waits, list, event))
STATUS(clEnqueueFillBuffer,
       (cl_command_queue queue, cl_mem buffer, const void *pattern, size_t width, size_t offset,
        size_t size, WAIT),
       (queue, buffer, pattern, width, offset, size, waits, list, event))
STATUS(clFlush, (cl_command_queue queue), (queue))
STATUS(clFinish, (cl_command_queue queue), (queue))
STATUS(clGetEventProfilingInfo,
       (cl_event event, cl_profiling_info name, size_t size, void *value, size_t *written),
       (event, name, size, value, written))

CL_API_ENTRY cl_int CL_API_CALL clGetLayerInfo(cl_layer_info name, size_t size, void *value,
                                               size_t *written) {
  if (name != CL_LAYER_API_VERSION) return CL_INVALID_VALUE;
  if (written) *written = sizeof(cl_layer_api_version);
  if (!value) return CL_SUCCESS;
  if (size < sizeof(cl_layer_api_version)) return CL_INVALID_VALUE;
  *(cl_layer_api_version *)value = CL_LAYER_API_VERSION_100;
  return CL_SUCCESS;
}

CL_API_ENTRY cl_int CL_API_CALL clInitLayer(cl_uint entries, const cl_icd_dispatch *target,
                                            cl_uint *entriesOut,
                                            const cl_icd_dispatch **dispatchOut) {
  const cl_uint own = sizeof layer / sizeof(void *);
  if (!target || !entriesOut || !dispatchOut) return CL_INVALID_VALUE;
  const char *wish = getenv("WIDECL_TEST_FAULT");
  char mode[8] = "";
  if (wish && sscanf(wish, "%63s %d %d %7s", function, &number, &code, mode) < 3) abort();
  loses = !strcmp(mode, "lost");
  const char *path = getenv("WIDECL_TEST_CALLS");
  if (path) calls = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  driver = target;
  memcpy(&layer, target, (entries < own ? entries : own) * sizeof(void *));
  layer.clCreateContext = clCreateContext_;
  layer.clCreateCommandQueue = clCreateCommandQueue_;
  layer.clCreateBuffer = clCreateBuffer_;
  layer.clCreateSubBuffer = clCreateSubBuffer_;
  layer.clCreateProgramWithSource = clCreateProgramWithSource_;
  layer.clCreateKernel = clCreateKernel_;
  layer.clBuildProgram = clBuildProgram_;
  layer.clSetKernelArg = clSetKernelArg_;
  layer.clEnqueueNDRangeKernel = clEnqueueNDRangeKernel_;
  layer.clEnqueueReadBuffer = clEnqueueReadBuffer_;
  layer.clEnqueueWriteBuffer = clEnqueueWriteBuffer_;
  layer.clEnqueueFillBuffer = clEnqueueFillBuffer_;
  layer.clFlush = clFlush_;
  layer.clFinish = clFinish_;
  layer.clGetEventProfilingInfo = clGetEventProfilingInfo_;
  *entriesOut = own;
  *dispatchOut = &layer;
  return CL_SUCCESS;
}
