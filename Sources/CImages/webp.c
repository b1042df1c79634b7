#include "images.h"

#include <stdio.h>

#include <webp/decode.h>

static images_result fail(images_result result, const char* text, char* message) {
  snprintf(message, IMAGES_MESSAGE_SIZE, "%s", text);
  return result;
}

static const char* text(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return "cut short";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "too large for the memory";
    default:
      return "the data are corrupt";
  }
}

images_result images_webp_header(const uint8_t* bytes, size_t count, struct images_header* header,
                                 char* message) {
  WebPBitstreamFeatures features;
  const VP8StatusCode status = WebPGetFeatures(bytes, count, &features);
  if (status != VP8_STATUS_OK) return fail(IMAGES_BROKEN, text(status), message);
  if (features.has_animation)
    return fail(IMAGES_UNSUPPORTED, "an animation has no one image", message);
  *header = (struct images_header){(uint32_t)features.width, (uint32_t)features.height, 3, 24, 0};
  return IMAGES_DONE;
}

images_result images_webp_decode(const uint8_t* bytes, size_t count, struct images_header header,
                                 uint8_t* pixels, char* message) {
  WebPDecoderConfig config;
  if (!WebPInitDecoderConfig(&config))
    return fail(IMAGES_BROKEN, "libwebp is of another version", message);
  config.output.colorspace = MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = pixels;
  config.output.u.RGBA.stride = 3 * (int)header.width;
  config.output.u.RGBA.size = 3 * (size_t)header.width * header.height;
  const VP8StatusCode status = WebPDecode(bytes, count, &config);
  WebPFreeDecBuffer(&config.output);
  return status == VP8_STATUS_OK ? IMAGES_DONE : fail(IMAGES_BROKEN, text(status), message);
}
