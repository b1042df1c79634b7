#define CL_TARGET_OPENCL_VERSION 120
#include "clblast_parameters.h"

#include <clblast.h>
#include <dlfcn.h>

#include <string>
#include <unordered_map>

int clblast_parameters(struct _cl_device_id *device, const char *kernel, size_t count,
                       const char *const *names, size_t *values) {
  try {
    std::unordered_map<std::string, size_t> found;
    const auto status =
        clblast::RetrieveParameters(device, kernel, clblast::Precision::kSingle, found);
    if (status != clblast::StatusCode::kSuccess) return static_cast<int>(status);
    for (size_t i = 0; i < count; i++) {
      const auto place = found.find(names[i]);
      if (place == found.end()) {
        return static_cast<int>(clblast::StatusCode::kMissingOverrideParameter);
      }
      values[i] = place->second;
    }
    return 0;
  } catch (...) {
    return static_cast<int>(clblast::StatusCode::kUnknownError);
  }
}

const char *clblast_path(void) {
  Dl_info about;
  const auto symbol = reinterpret_cast<void *>(&clblast::ClearCache);
  return dladdr(symbol, &about) != 0 ? about.dli_fname : nullptr;
}
