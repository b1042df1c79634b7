#include "images.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

uint8_t* images_png_encode(const uint8_t* pixels, struct images_header header, size_t* count,
                           char* message) {
  png_image image;
  memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.width = header.width;
  image.height = header.height;
  image.format = header.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  uint8_t* bytes = malloc(size);
  if (!bytes) {
    snprintf(message, IMAGES_MESSAGE_SIZE, "too large for the memory");
    return NULL;
  }
  // libpng's simplified interface returns its errors.
  if (!png_image_write_to_memory(&image, bytes, &size, 0, pixels, 0, NULL)) {
    snprintf(message, IMAGES_MESSAGE_SIZE, "%s", image.message);
    free(bytes);
    return NULL;
  }
  *count = size;
  return bytes;
}
