// CLBlast's C interface sets the parameters of its kernels; only its C++ interface tells them.
#pragma once

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct _cl_device_id;

// Writes the values of the `count` parameters `names` of a kernel in single precision, as CLBlast
// uses them on a device at the moment. Returns 0 or CLBlast's status code.
int clblast_parameters(struct _cl_device_id *device, const char *kernel, size_t count,
                       const char *const *names, size_t *values);

// The path of the library that was loaded; NULL where the system does not tell.
const char *clblast_path(void);

#ifdef __cplusplus
}
#endif
