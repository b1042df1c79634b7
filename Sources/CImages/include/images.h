// JPEG, PNG, WebP and TIFF files in memory as bytes. Libraries leave errors by longjmp, which must
// not cross frames of Swift: it stays inside these functions, which return a message instead.
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { IMAGES_MESSAGE_SIZE = 256 };

// What a file's header says; channels is 1 for grey and 3 for everything else.
struct images_header {
  uint32_t width;
  uint32_t height;
  int channels;
  // Of a pixel as the file has it, before it is compressed.
  int bits;
  // TIFF's: 1 to 8; 0 of other formats, which have it elsewhere.
  int orientation;
};

enum images_result {
  IMAGES_BROKEN,
  IMAGES_DONE,
  // Intact, for all that is known, and of a kind that is not read.
  IMAGES_UNSUPPORTED,
};
typedef enum images_result images_result;

// Where the result is not IMAGES_DONE, the reason is in message[IMAGES_MESSAGE_SIZE].
images_result images_jpeg_header(const uint8_t* bytes, size_t count, struct images_header* header,
                                 char* message);
images_result images_png_header(const uint8_t* bytes, size_t count, struct images_header* header,
                                char* message);
images_result images_webp_header(const uint8_t* bytes, size_t count, struct images_header* header,
                                 char* message);
images_result images_tiff_header(const uint8_t* bytes, size_t count, struct images_header* header,
                                 char* message);

// pixels has header.height * header.width * header.channels bytes, a header that was read before.
images_result images_jpeg_decode(const uint8_t* bytes, size_t count, struct images_header header,
                                 uint8_t* pixels, char* message);
images_result images_png_decode(const uint8_t* bytes, size_t count, struct images_header header,
                                uint8_t* pixels, char* message);
images_result images_webp_decode(const uint8_t* bytes, size_t count, struct images_header header,
                                 uint8_t* pixels, char* message);
images_result images_tiff_decode(const uint8_t* bytes, size_t count, struct images_header header,
                                 uint8_t* pixels, char* message);

// A PNG file of header.height * header.width * header.channels bytes of pixels, 1 or 3 channels, for
// the caller to free; its size in count. NULL with the reason in message[IMAGES_MESSAGE_SIZE].
uint8_t* images_png_encode(const uint8_t* pixels, struct images_header header, size_t* count,
                           char* message);
