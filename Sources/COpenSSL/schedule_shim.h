// The key schedule of TLS 1.3 (RFC 8446 section 7.1) with kept digests, as a provider of one
// algorithm inside this process.
//
// A handshake derives some twenty secrets. OpenSSL's own derivation fetches the digest anew for
// each, builds three digest contexts for an HMAC of two blocks, and throws all of it away. This one
// keeps one context per thread. The digests are OpenSSL's; here is only HMAC (RFC 2104) and HKDF
// (RFC 5869) around them, which a test compares with OpenSSL's own.
#ifndef RINGFENCE_SCHEDULE_SHIM_H
#define RINGFENCE_SCHEDULE_SHIM_H

#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <openssl/core.h>
#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/provider.h>

// Asks for this provider where it has what is wanted. Optional, so that everything else is found,
// and where an administrator demands others ("fips=yes"), they win.
#define RF_SCHEDULE_PROPERTIES "?provider=ringfence"

enum {
    RF_SCHEDULE_BLOCK_MAX = 128,  // of SHA-384
    RF_SCHEDULE_HASH_MAX = 48,
    RF_SCHEDULE_LABEL_MAX = 2 + 1 + 255 + 1 + 255,  // HkdfLabel
};

// Fetched once per process and never freed.
struct rf_schedule {
    EVP_MD *sha256;
    EVP_MD *sha384;
    pthread_key_t context_of_thread;
};

static inline struct rf_schedule *rf_schedule(void) {
    static struct rf_schedule kept;
    return &kept;
}

struct rf_schedule_hash {
    const EVP_MD *digest;
    size_t size;
    size_t block;
};

struct rf_schedule_bytes { const unsigned char *start; size_t count; };

// What one derivation is asked for.
struct rf_schedule_order {
    struct rf_schedule_hash hash;
    int mode;
    struct rf_schedule_bytes key, salt, prefix, label, data;
};

static inline int rf_schedule_choose(struct rf_schedule_hash *hash, const char *name) {
    if (name == NULL) return 0;
    if (strcasecmp(name, "SHA2-256") == 0 || strcasecmp(name, "SHA256") == 0) {
        hash->digest = rf_schedule()->sha256;
        hash->size = 32;
        hash->block = 64;
        return 1;
    }
    if (strcasecmp(name, "SHA2-384") == 0 || strcasecmp(name, "SHA384") == 0) {
        hash->digest = rf_schedule()->sha384;
        hash->size = 48;
        hash->block = 128;
        return 1;
    }
    return 0;
}

static inline void rf_schedule_forget_thread(void *context) {
    EVP_MD_CTX_free((EVP_MD_CTX *)context);
}

static inline EVP_MD_CTX *rf_schedule_context(void) {
    pthread_key_t key = rf_schedule()->context_of_thread;
    EVP_MD_CTX *context = (EVP_MD_CTX *)pthread_getspecific(key);
    if (context != NULL) return context;
    context = EVP_MD_CTX_new();
    if (context != NULL && pthread_setspecific(key, context) != 0) {
        EVP_MD_CTX_free(context);
        return NULL;
    }
    return context;
}

// HMAC of two pieces. A key in TLS 1.3 is a secret of the schedule, never longer than a block.
static inline int rf_schedule_hmac(
    const struct rf_schedule_hash *hash, struct rf_schedule_bytes key,
    struct rf_schedule_bytes first, struct rf_schedule_bytes second, unsigned char *out) {
    unsigned char pad[RF_SCHEDULE_BLOCK_MAX];
    EVP_MD_CTX *context = rf_schedule_context();
    size_t index;
    int done;
    if (context == NULL || key.count > hash->block) return 0;
    memset(pad, 0x36, hash->block);
    for (index = 0; index < key.count; index++) pad[index] ^= key.start[index];
    done = EVP_DigestInit_ex(context, hash->digest, NULL)
        && EVP_DigestUpdate(context, pad, hash->block)
        && EVP_DigestUpdate(context, first.start, first.count)
        && EVP_DigestUpdate(context, second.start, second.count)
        && EVP_DigestFinal_ex(context, out, NULL);
    if (done) {
        for (index = 0; index < hash->block; index++) pad[index] ^= 0x36 ^ 0x5c;
        done = EVP_DigestInit_ex(context, hash->digest, NULL)
            && EVP_DigestUpdate(context, pad, hash->block)
            && EVP_DigestUpdate(context, out, hash->size)
            && EVP_DigestFinal_ex(context, out, NULL);
    }
    OPENSSL_cleanse(pad, sizeof pad);
    // The context would hold what was hashed last.
    return EVP_DigestInit_ex(context, hash->digest, NULL) && done;
}

// HKDF-Expand-Label: `out` gets `count` bytes.
static inline int rf_schedule_expand(
    const struct rf_schedule_order *order, struct rf_schedule_bytes secret,
    struct rf_schedule_bytes data, unsigned char *out, size_t count) {
    unsigned char info[RF_SCHEDULE_LABEL_MAX + 1], block[RF_SCHEDULE_HASH_MAX];
    const struct rf_schedule_bytes whole = {info, 0};
    struct rf_schedule_bytes before = {block, 0}, rest = whole;
    const size_t label = order->prefix.count + order->label.count;
    unsigned char turn = 0, *at = info;
    int done = 1;
    if (label > 255 || data.count > 255 || count == 0 || count > 255 * order->hash.size) return 0;
    *at++ = (unsigned char)(count >> 8);
    *at++ = (unsigned char)count;
    *at++ = (unsigned char)label;
    if (order->prefix.count > 0) memcpy(at, order->prefix.start, order->prefix.count);
    at += order->prefix.count;
    if (order->label.count > 0) memcpy(at, order->label.start, order->label.count);
    at += order->label.count;
    *at++ = (unsigned char)data.count;
    if (data.count > 0) memcpy(at, data.start, data.count);
    at += data.count;
    rest.count = (size_t)(at - info) + 1;
    while (done && count > 0) {
        const size_t piece = count < order->hash.size ? count : order->hash.size;
        *at = ++turn;
        done = rf_schedule_hmac(&order->hash, secret, before, rest, block);
        if (done) memcpy(out, block, piece);
        before.count = order->hash.size;
        out += piece;
        count -= piece;
    }
    OPENSSL_cleanse(block, sizeof block);
    return done;
}

// The next secret of the schedule: Extract, over Derive-Secret(previous, "derived", "").
static inline int rf_schedule_extract(
    const struct rf_schedule_order *order, unsigned char *out, size_t count) {
    static const unsigned char zeros[RF_SCHEDULE_HASH_MAX];
    unsigned char empty[RF_SCHEDULE_HASH_MAX], salt[RF_SCHEDULE_HASH_MAX];
    struct rf_schedule_bytes key = order->key;
    struct rf_schedule_bytes from = {salt, 0};
    const struct rf_schedule_bytes nothing = {zeros, 0};
    int done = 1;
    if (count != order->hash.size) return 0;
    if (key.start == NULL) {
        key.start = zeros;
        key.count = order->hash.size;
    }
    if (order->salt.start != NULL) {
        struct rf_schedule_bytes data = {empty, order->hash.size};
        EVP_MD_CTX *context = rf_schedule_context();
        done = order->salt.count == order->hash.size && context != NULL
            && EVP_DigestInit_ex(context, order->hash.digest, NULL)
            && EVP_DigestFinal_ex(context, empty, NULL)
            && rf_schedule_expand(order, order->salt, data, salt, order->hash.size);
        from.count = order->hash.size;
    }
    done = done && rf_schedule_hmac(&order->hash, from, key, nothing, out);
    OPENSSL_cleanse(salt, sizeof salt);
    return done;
}

// ---------------------------------------------------------------- as OpenSSL calls it

static inline int rf_schedule_read(struct rf_schedule_order *order, const OSSL_PARAM *given) {
    order->mode = -1;
    for (; given != NULL && given->key != NULL; given++) {
        struct rf_schedule_bytes bytes = {(const unsigned char *)given->data, given->data_size};
        if (strcmp(given->key, OSSL_KDF_PARAM_MODE) == 0) {
            if (!OSSL_PARAM_get_int(given, &order->mode)) return 0;
        } else if (strcmp(given->key, OSSL_KDF_PARAM_DIGEST) == 0) {
            if (given->data_type != OSSL_PARAM_UTF8_STRING
                || !rf_schedule_choose(&order->hash, (const char *)given->data))
                return 0;
        } else if (given->data_type != OSSL_PARAM_OCTET_STRING) {
            if (strcmp(given->key, OSSL_KDF_PARAM_PROPERTIES) != 0) return 0;
        } else if (strcmp(given->key, OSSL_KDF_PARAM_KEY) == 0) {
            order->key = bytes;
        } else if (strcmp(given->key, OSSL_KDF_PARAM_SALT) == 0) {
            order->salt = bytes;
        } else if (strcmp(given->key, OSSL_KDF_PARAM_PREFIX) == 0) {
            order->prefix = bytes;
        } else if (strcmp(given->key, OSSL_KDF_PARAM_LABEL) == 0) {
            order->label = bytes;
        } else if (strcmp(given->key, OSSL_KDF_PARAM_DATA) == 0) {
            order->data = bytes;
        } else {
            return 0;
        }
    }
    return order->hash.digest != NULL;
}

static inline int rf_schedule_derive(
    void *unused, unsigned char *out, size_t count, const OSSL_PARAM *given) {
    struct rf_schedule_order order;
    (void)unused;
    memset(&order, 0, sizeof order);
    if (!rf_schedule_read(&order, given)) return 0;
    switch (order.mode) {
    case EVP_KDF_HKDF_MODE_EXTRACT_ONLY: return rf_schedule_extract(&order, out, count);
    case EVP_KDF_HKDF_MODE_EXPAND_ONLY:
        return order.key.start != NULL
            && rf_schedule_expand(&order, order.key, order.data, out, count);
    default: return 0;
    }
}

// Everything comes with `derive`: an order has no state between calls, but must have an address.
static inline void *rf_schedule_order_new(void *provider) {
    static const char order = 0;
    (void)provider;
    return (void *)&order;
}
static inline void rf_schedule_order_free(void *order) { (void)order; }
static inline void rf_schedule_order_reset(void *order) { (void)order; }

static inline const OSSL_ALGORITHM *rf_schedule_query(
    void *provider, int operation, int *no_cache) {
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_KDF_NEWCTX, (void (*)(void))rf_schedule_order_new},
        {OSSL_FUNC_KDF_FREECTX, (void (*)(void))rf_schedule_order_free},
        {OSSL_FUNC_KDF_RESET, (void (*)(void))rf_schedule_order_reset},
        {OSSL_FUNC_KDF_DERIVE, (void (*)(void))rf_schedule_derive},
        {0, NULL},
    };
    static const OSSL_ALGORITHM derivations[] = {
        {OSSL_KDF_NAME_TLS1_3_KDF, "provider=ringfence", functions, "TLS 1.3 key schedule"},
        {NULL, NULL, NULL, NULL},
    };
    (void)provider;
    *no_cache = 0;
    return operation == OSSL_OP_KDF ? derivations : NULL;
}

static inline int rf_schedule_provide(
    const OSSL_CORE_HANDLE *core, const OSSL_DISPATCH *offered, const OSSL_DISPATCH **own,
    void **provider) {
    static const OSSL_DISPATCH functions[] = {
        {OSSL_FUNC_PROVIDER_QUERY_OPERATION, (void (*)(void))rf_schedule_query},
        {0, NULL},
    };
    (void)offered;
    *own = functions;
    *provider = (void *)core;
    return 1;
}

// 1 when contexts made with RF_SCHEDULE_PROPERTIES use the above. Once per process.
static inline int rf_schedule_install(void) {
    struct rf_schedule *kept = rf_schedule();
    kept->sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    kept->sha384 = EVP_MD_fetch(NULL, "SHA2-384", NULL);
    return kept->sha256 != NULL && kept->sha384 != NULL
        && pthread_key_create(&kept->context_of_thread, rf_schedule_forget_thread) == 0
        && OSSL_PROVIDER_add_builtin(NULL, "ringfence", rf_schedule_provide) == 1
        // What is loaded by default stays so.
        && OSSL_PROVIDER_try_load(NULL, "ringfence", 1) != NULL;
}

#endif
