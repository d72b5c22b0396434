// zlib: inflateInit2 is a macro.
#ifndef RINGFENCE_CZLIB_H
#define RINGFENCE_CZLIB_H
#include <zlib.h>

static inline int rf_inflate_begin(z_stream *stream, int window_bits) {
    return inflateInit2(stream, window_bits);
}
#endif
