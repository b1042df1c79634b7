#include "images.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// A small progressive file can ask for thousands of passes over a large image.
enum { LARGEST_SCAN = 500 };

struct failure {
  struct jpeg_error_mgr manager;
  jmp_buf target;
  char* message;
};

static void fail(j_common_ptr info) {
  struct failure* failure = (struct failure*)info->err;
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  snprintf(failure->message, IMAGES_MESSAGE_SIZE, "%s", text);
  longjmp(failure->target, 1);
}

static void note(j_common_ptr info, int level) {
  if (level >= 0) return;
  // Warnings that cost pixels are errors; others, such as stray bytes before a marker, are not.
  switch (info->err->msg_code) {
    case JWRN_JPEG_EOF:
    case JWRN_HIT_MARKER:
    case JWRN_HUFF_BAD_CODE:
    case JWRN_ARITH_BAD_CODE:
    case JWRN_MUST_RESYNC:
      fail(info);
    default:
      break;
  }
}

static void quiet(j_common_ptr info) { (void)info; }

static void count_scans(j_common_ptr info) {
  if (!info->is_decompressor || ((j_decompress_ptr)info)->input_scan_number <= LARGEST_SCAN) return;
  struct failure* failure = (struct failure*)info->err;
  snprintf(failure->message, IMAGES_MESSAGE_SIZE, "more than %d scans", LARGEST_SCAN);
  longjmp(failure->target, 1);
}

static void start(struct jpeg_decompress_struct* info, struct failure* failure, char* message) {
  memset(info, 0, sizeof *info);
  info->err = jpeg_std_error(&failure->manager);
  failure->manager.error_exit = fail;
  failure->manager.emit_message = note;
  failure->manager.output_message = quiet;
  failure->message = message;
  message[0] = 0;
}

static int channels(const struct jpeg_decompress_struct* info) {
  return info->jpeg_color_space == JCS_GRAYSCALE ? 1 : 3;
}

images_result images_jpeg_header(const uint8_t* bytes, size_t count, struct images_header* header,
                                 char* message) {
  struct jpeg_decompress_struct info;
  struct failure failure;
  start(&info, &failure, message);
  if (setjmp(failure.target)) {
    jpeg_destroy_decompress(&info);
    return IMAGES_BROKEN;
  }
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, bytes, count);
  jpeg_read_header(&info, TRUE);
  header->width = info.image_width;
  header->height = info.image_height;
  header->channels = channels(&info);
  header->bits = 8 * info.num_components;
  header->orientation = 0;
  jpeg_destroy_decompress(&info);
  return IMAGES_DONE;
}

static uint8_t product(int a, int b) { return (uint8_t)((a * b + 127) / 255); }

images_result images_jpeg_decode(const uint8_t* bytes, size_t count, struct images_header header,
                                 uint8_t* pixels, char* message) {
  struct jpeg_decompress_struct info;
  struct failure failure;
  struct jpeg_progress_mgr progress = {.progress_monitor = count_scans};
  uint8_t* volatile row = NULL;
  start(&info, &failure, message);
  if (setjmp(failure.target)) {
    jpeg_destroy_decompress(&info);
    free(row);
    return IMAGES_BROKEN;
  }
  jpeg_create_decompress(&info);
  info.progress = &progress;
  jpeg_mem_src(&info, bytes, count);
  jpeg_read_header(&info, TRUE);
  const int four = info.jpeg_color_space == JCS_CMYK || info.jpeg_color_space == JCS_YCCK;
  info.out_color_space = four ? JCS_CMYK : channels(&info) == 1 ? JCS_GRAYSCALE : JCS_RGB;
  jpeg_start_decompress(&info);
  const size_t values = (size_t)header.width * (size_t)header.channels;
  int fits = info.output_width == header.width && info.output_height == header.height &&
             channels(&info) == header.channels;
  if (four && fits) fits = (row = malloc(4 * (size_t)header.width)) != NULL;
  if (!fits) {
    snprintf(message, IMAGES_MESSAGE_SIZE, "cannot be decoded into the memory for it");
    jpeg_destroy_decompress(&info);
    free(row);
    return IMAGES_BROKEN;
  }
  while (info.output_scanline < info.output_height) {
    uint8_t* out = pixels + values * info.output_scanline;
    JSAMPROW line = four ? row : out;
    if (jpeg_read_scanlines(&info, &line, 1) != 1 || !four) continue;
    // Adobe's convention, which all writers of CMYK follow: the file holds 255 minus the ink.
    for (size_t x = 0; x < header.width; x++)
      for (size_t c = 0; c < 3; c++) out[3 * x + c] = product(line[4 * x + c], line[4 * x + 3]);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  free(row);
  return IMAGES_DONE;
}
