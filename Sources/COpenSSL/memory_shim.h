// Memory for OpenSSL: each thread keeps the blocks it freed last.
//
// A handshake takes and gives back some 700 blocks, nine of them buffers of 16 KB, and a request
// six. libc keeps seven blocks of a size for a thread, and none above 1 KB: most of these calls
// went the long way. The blocks kept here are libc's own, so that one may be freed or grown by
// whoever has it. OpenSSL wipes what is secret before it frees (OPENSSL_clear_free); nothing else
// is wiped, here or in libc.
#ifndef RINGFENCE_MEMORY_SHIM_H
#define RINGFENCE_MEMORY_SHIM_H

#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <openssl/crypto.h>

enum {
    // Sizes libc gives out: 24, 40 ... 1032 bytes; then every 256 up to 32 KB.
    RF_MEMORY_SMALL_MAX = 1032,
    RF_MEMORY_SMALL_KINDS = 64,
    RF_MEMORY_LARGE_STEP = 256,
    RF_MEMORY_LARGE_KINDS = 124,
    RF_MEMORY_KINDS = RF_MEMORY_SMALL_KINDS + RF_MEMORY_LARGE_KINDS,
    // What one thread keeps at most, of one size and in all.
    RF_MEMORY_KIND_BYTES_MAX = 65536,
    RF_MEMORY_BYTES_MAX = 393216,
};

struct rf_memory_block { struct rf_memory_block *next; };

struct rf_memory_kept {
    struct rf_memory_block *first[RF_MEMORY_KINDS];
    uint32_t bytes[RF_MEMORY_KINDS];
    uint32_t room;   // bytes more it may keep; 0 before the first block and after the thread's end
    uint8_t opened;  // the end of the thread will empty this, or has
};

// Inside functions, because Swift emits no variables of a header.
static inline struct rf_memory_kept *rf_memory_kept(void) {
    static _Thread_local struct rf_memory_kept kept;
    return &kept;
}

struct rf_memory_key {
    pthread_key_t key;
    int made;
};

static inline struct rf_memory_key *rf_memory_end_of_thread(void) {
    static struct rf_memory_key end;
    return &end;
}

static inline size_t rf_memory_size(size_t kind) {
    if (kind < RF_MEMORY_SMALL_KINDS) return 24 + 16 * kind;
    return RF_MEMORY_SMALL_MAX - 8 + RF_MEMORY_LARGE_STEP * (kind - RF_MEMORY_SMALL_KINDS + 1);
}

// The smallest kind that holds `size` bytes; RF_MEMORY_KINDS or more when none does.
static inline size_t rf_memory_kind_for(size_t size) {
    if (size <= 24) return 0;
    if (size <= RF_MEMORY_SMALL_MAX) return (size - 9) / 16;
    return RF_MEMORY_SMALL_KINDS
        + (size - (RF_MEMORY_SMALL_MAX - 8) - 1) / RF_MEMORY_LARGE_STEP;
}

// The largest kind a block of `size` usable bytes (24 or more, as libc has it) can serve.
static inline size_t rf_memory_kind_of(size_t size) {
    if (size < RF_MEMORY_SMALL_MAX - 8 + RF_MEMORY_LARGE_STEP) {
        size_t kind = (size - 24) / 16;
        return kind < RF_MEMORY_SMALL_KINDS ? kind : RF_MEMORY_SMALL_KINDS - 1;
    }
    return RF_MEMORY_SMALL_KINDS
        + (size - (RF_MEMORY_SMALL_MAX - 8)) / RF_MEMORY_LARGE_STEP - 1;
}

static inline void rf_memory_empty(void *argument) {
    struct rf_memory_kept *kept = (struct rf_memory_kept *)argument;
    kept->room = 0;  // OpenSSL may free a few more
    for (size_t kind = 0; kind < RF_MEMORY_KINDS; kind++) {
        struct rf_memory_block *block = kept->first[kind];
        kept->first[kind] = NULL;
        kept->bytes[kind] = 0;
        while (block != NULL) {
            struct rf_memory_block *next = block->next;
            free(block);
            block = next;
        }
    }
}

static inline int rf_memory_open(struct rf_memory_kept *kept) {
    const struct rf_memory_key *end = rf_memory_end_of_thread();
    if (kept->opened || !end->made || pthread_setspecific(end->key, kept) != 0) return 0;
    kept->opened = 1;
    kept->room = RF_MEMORY_BYTES_MAX;
    return 1;
}

static inline void *rf_memory_take(size_t size, const char *file, int line) {
    size_t kind = rf_memory_kind_for(size);
    (void)file;
    (void)line;
    if (size == 0) return NULL;  // what OpenSSL's own function answers
    if (kind < RF_MEMORY_KINDS) {
        struct rf_memory_kept *kept = rf_memory_kept();
        struct rf_memory_block *block = kept->first[kind];
        size = rf_memory_size(kind);
        if (block != NULL) {
            kept->first[kind] = block->next;
            kept->bytes[kind] -= (uint32_t)size;
            kept->room += (uint32_t)size;
            return block;
        }
    }
    return malloc(size);
}

static inline void rf_memory_give(void *bytes, const char *file, int line) {
    struct rf_memory_block *block = (struct rf_memory_block *)bytes;
    struct rf_memory_kept *kept;
    size_t kind, size;
    (void)file;
    (void)line;
    if (bytes == NULL) return;
    kind = rf_memory_kind_of(malloc_usable_size(bytes));
    if (kind < RF_MEMORY_KINDS) {
        kept = rf_memory_kept();
        size = rf_memory_size(kind);
        if (kept->bytes[kind] + size <= RF_MEMORY_KIND_BYTES_MAX
            && (size <= kept->room || rf_memory_open(kept))) {
            block->next = kept->first[kind];
            kept->first[kind] = block;
            kept->bytes[kind] += (uint32_t)size;
            kept->room -= (uint32_t)size;
            return;
        }
    }
    free(bytes);
}

static inline void *rf_memory_resize(void *bytes, size_t size, const char *file, int line) {
    if (bytes == NULL) return rf_memory_take(size, file, line);
    if (size == 0) {
        rf_memory_give(bytes, file, line);
        return NULL;
    }
    return realloc(bytes, size);
}

// 1 when threads can keep blocks. Once per process, before other threads.
static inline int rf_memory_prepare(void) {
    struct rf_memory_key *end = rf_memory_end_of_thread();
    end->made = pthread_key_create(&end->key, rf_memory_empty) == 0;
    return end->made;
}

// 1 when OpenSSL uses the above from now on, 0 when it has allocated before.
static inline int rf_memory_install(void) {
    return rf_memory_prepare()
        && CRYPTO_set_mem_functions(rf_memory_take, rf_memory_resize, rf_memory_give);
}

#endif
