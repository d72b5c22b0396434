// OpenSSL 3 headers, with static inline functions for what are macros in C.
#ifndef RINGFENCE_COPENSSL_H
#define RINGFENCE_COPENSSL_H
#include <openssl/ssl.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include "memory_shim.h"
#include "ssl_shim.h"
#include "evp_shim.h"
#endif
