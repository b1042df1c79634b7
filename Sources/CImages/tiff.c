#include "images.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tiffio.h>

enum {
  // Channels beside the colours, such as alpha.
  MOST_EXTRA_CHANNELS = 8,
  FREE_MEMORY = 1 << 20,
  // No method that is read makes more bytes of one: deflate's bound.
  LARGEST_RATIO = 1032,
};

struct source {
  const uint8_t* bytes;
  uint64_t count;
  uint64_t place;
  // The first error.
  char* message;
};

static tmsize_t read_bytes(thandle_t handle, void* out, tmsize_t wanted) {
  struct source* source = handle;
  const uint64_t left = source->count - source->place;
  const uint64_t count = (uint64_t)wanted < left ? (uint64_t)wanted : left;
  memcpy(out, source->bytes + source->place, count);
  source->place += count;
  return (tmsize_t)count;
}

static tmsize_t write_bytes(thandle_t handle, void* bytes, tmsize_t count) {
  (void)handle, (void)bytes, (void)count;
  return 0;
}

static toff_t seek(thandle_t handle, toff_t offset, int whence) {
  struct source* source = handle;
  const uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? source->place : source->count;
  const uint64_t place = base + offset;
  if (place > source->count) return (toff_t)-1;
  source->place = place;
  return place;
}

static int close_source(thandle_t handle) {
  (void)handle;
  return 0;
}

static toff_t size(thandle_t handle) { return ((struct source*)handle)->count; }

// Not read through a buffer: libtiff 4.5.0 takes the buffer's size for that of a small tile.
static int map(thandle_t handle, void** bytes, toff_t* count) {
  const struct source* source = handle;
  *bytes = (void*)source->bytes;
  *count = source->count;
  return 1;
}

static void unmap(thandle_t handle, void* bytes, toff_t count) {
  (void)handle, (void)bytes, (void)count;
}

static int note_error(TIFF* tiff, void* user, const char* module, const char* format,
                      va_list arguments) {
  (void)tiff, (void)module;
  struct source* source = user;
  if (!source->message[0]) vsnprintf(source->message, IMAGES_MESSAGE_SIZE, format, arguments);
  return 1;
}

static int ignore_warning(TIFF* tiff, void* user, const char* module, const char* format,
                          va_list arguments) {
  (void)tiff, (void)user, (void)module, (void)format, (void)arguments;
  return 1;
}

// Opens the file with no more memory for one thing than its bytes can be good for.
static TIFF* open_source(struct source* source) {
  TIFFOpenOptions* options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc(
      options, (tmsize_t)(FREE_MEMORY + 4 * LARGEST_RATIO * source->count));
  TIFFOpenOptionsSetErrorHandlerExtR(options, note_error, source);
  TIFFOpenOptionsSetWarningHandlerExtR(options, ignore_warning, NULL);
  TIFF* tiff = TIFFClientOpenExt("image", "r", source, read_bytes, write_bytes, seek, close_source,
                                 size, map, unmap, options);
  TIFFOpenOptionsFree(options);
  return tiff;
}

static int is_read(uint16_t compression) {
  switch (compression) {
    case COMPRESSION_NONE:
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTFAX3:
    case COMPRESSION_CCITTFAX4:
    case COMPRESSION_LZW:
    case COMPRESSION_JPEG:
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE:
    case COMPRESSION_PACKBITS:
      return 1;
    default:
      return 0;
  }
}

static images_result read_header(TIFF* tiff, struct images_header* header, char* message) {
  uint16_t compression, depth, samples, photometric = PHOTOMETRIC_RGB, orientation, extra;
  uint16_t* kinds;
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &header->width) ||
      !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &header->height)) {
    if (!message[0]) snprintf(message, IMAGES_MESSAGE_SIZE, "no size");
    return IMAGES_BROKEN;
  }
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &depth);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_EXTRASAMPLES, &extra, &kinds);
  if (!is_read(compression)) {
    snprintf(message, IMAGES_MESSAGE_SIZE, "compressed by method %d", compression);
    return IMAGES_UNSUPPORTED;
  }
  char reason[1024] = "";
  if (extra > MOST_EXTRA_CHANNELS || !TIFFRGBAImageOK(tiff, reason)) {
    snprintf(message, IMAGES_MESSAGE_SIZE, "%s", reason[0] ? reason : "too many channels");
    return IMAGES_UNSUPPORTED;
  }
  if (extra > 0) {
    // Alpha is dropped: libtiff must not multiply the colours by it, which it does to alpha that is
    // not said to be in them.
    uint16_t associated[MOST_EXTRA_CHANNELS];
    for (int index = 0; index < extra; index++) associated[index] = EXTRASAMPLE_ASSOCALPHA;
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, extra, associated);
  }
  const int is_grey = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
  header->channels = is_grey ? 1 : 3;
  header->bits = depth * samples;
  header->orientation = orientation;
  return IMAGES_DONE;
}

images_result images_tiff_header(const uint8_t* bytes, size_t count, struct images_header* header,
                                 char* message) {
  struct source source = {bytes, count, 0, message};
  message[0] = 0;
  TIFF* tiff = open_source(&source);
  if (!tiff) {
    if (!message[0]) snprintf(message, IMAGES_MESSAGE_SIZE, "it cannot be opened");
    return IMAGES_BROKEN;
  }
  const images_result result = read_header(tiff, header, message);
  TIFFClose(tiff);
  return result;
}

// Reads as many rows at once as are compressed together.
static int read_rows(TIFF* tiff, struct images_header header, uint8_t* pixels, char* message) {
  uint32_t band = header.height;
  if (TIFFIsTiled(tiff))
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &band);
  else
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &band);
  if (band > header.height || band == 0) band = header.height;
  char reason[1024] = "";
  TIFFRGBAImage image;
  if (!TIFFRGBAImageBegin(&image, tiff, 1, reason)) {
    if (!message[0]) snprintf(message, IMAGES_MESSAGE_SIZE, "%s", reason);
    return 0;
  }
  // The pixels as they lie in the file.
  image.req_orientation = image.orientation;
  image.col_offset = 0;
  uint32_t* raster = malloc(sizeof *raster * header.width * band);
  int is_right = raster != NULL;
  for (uint32_t row = 0; is_right && row < header.height; row += band) {
    const uint32_t rows = band < header.height - row ? band : header.height - row;
    image.row_offset = (int)row;
    is_right = TIFFRGBAImageGet(&image, raster, header.width, rows);
    const size_t count = is_right ? (size_t)header.width * rows : 0;
    for (size_t index = 0; index < count; index++) {
      *pixels++ = (uint8_t)TIFFGetR(raster[index]);
      if (header.channels == 1) continue;
      *pixels++ = (uint8_t)TIFFGetG(raster[index]);
      *pixels++ = (uint8_t)TIFFGetB(raster[index]);
    }
  }
  free(raster);
  TIFFRGBAImageEnd(&image);
  return is_right;
}

images_result images_tiff_decode(const uint8_t* bytes, size_t count, struct images_header header,
                                 uint8_t* pixels, char* message) {
  struct source source = {bytes, count, 0, message};
  message[0] = 0;
  TIFF* tiff = open_source(&source);
  struct images_header found;
  images_result result = tiff ? read_header(tiff, &found, message) : IMAGES_BROKEN;
  if (result == IMAGES_DONE) {
    const int is_same = found.width == header.width && found.height == header.height &&
                        found.channels == header.channels;
    if (!is_same || !read_rows(tiff, header, pixels, message)) result = IMAGES_BROKEN;
  }
  if (tiff) TIFFClose(tiff);
  if (result != IMAGES_DONE && !message[0])
    snprintf(message, IMAGES_MESSAGE_SIZE, "it cannot be decoded");
  return result;
}
