#include "images.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

// Chunks that do not change the pixels taken here: libpng would allocate whatever size some of them
// claim before it reads them.
static const uint8_t ignored_chunks[] =
    "bKGD\0cHRM\0eXIf\0gAMA\0hIST\0iCCP\0iTXt\0oFFs\0pCAL\0pHYs\0sBIT\0sCAL\0sPLT\0sRGB\0"
    "tEXt\0tIME\0tRNS\0zTXt";

struct source {
  const uint8_t* bytes;
  size_t left;
  char* message;
};

static void fail(png_structp png, png_const_charp text) {
  struct source* source = png_get_error_ptr(png);
  snprintf(source->message, IMAGES_MESSAGE_SIZE, "%s", text);
  png_longjmp(png, 1);
}

static void ignore(png_structp png, png_const_charp text) {
  (void)png;
  (void)text;
}

static void read_bytes(png_structp png, png_bytep out, size_t count) {
  struct source* source = png_get_io_ptr(png);
  if (count > source->left) png_error(png, "cut short");
  memcpy(out, source->bytes, count);
  source->bytes += count;
  source->left -= count;
}

static int channels(png_structp png, png_infop info) {
  return png_get_color_type(png, info) & PNG_COLOR_MASK_COLOR ? 3 : 1;
}

// The header when pixels is NULL, else the pixels, too.
static images_result decode(const uint8_t* bytes, size_t count, struct images_header* header,
                            uint8_t* pixels, char* message) {
  struct source source = {bytes, count, message};
  png_bytep* volatile rows = NULL;
  message[0] = 0;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &source, fail, ignore);
  png_infop info = png ? png_create_info_struct(png) : NULL;
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    snprintf(message, IMAGES_MESSAGE_SIZE, "libpng cannot start");
    return IMAGES_BROKEN;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    free(rows);
    return IMAGES_BROKEN;
  }
  png_set_read_fn(png, &source, read_bytes);
  png_set_user_limits(png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, ignored_chunks,
                              (int)(sizeof ignored_chunks / 5));
  png_read_info(png, info);
  const struct images_header found = {
      png_get_image_width(png, info), png_get_image_height(png, info), channels(png, info),
      png_get_channels(png, info) * png_get_bit_depth(png, info), 0};
  if (!pixels) {
    *header = found;
    png_destroy_read_struct(&png, &info, NULL);
    return IMAGES_DONE;
  }
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const size_t values = (size_t)header->width * (size_t)header->channels;
  if (found.width != header->width || found.height != header->height ||
      found.channels != header->channels || png_get_rowbytes(png, info) != values)
    png_error(png, "cannot be decoded into the memory for it");
  rows = malloc(header->height * sizeof *rows);
  if (!rows) png_error(png, "too large for the memory");
  for (size_t y = 0; y < header->height; y++) rows[y] = pixels + y * values;
  png_read_image(png, rows);
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  free(rows);
  return IMAGES_DONE;
}

images_result images_png_header(const uint8_t* bytes, size_t count, struct images_header* header,
                                char* message) {
  return decode(bytes, count, header, NULL, message);
}

images_result images_png_decode(const uint8_t* bytes, size_t count, struct images_header header,
                                uint8_t* pixels, char* message) {
  return decode(bytes, count, &header, pixels, message);
}
