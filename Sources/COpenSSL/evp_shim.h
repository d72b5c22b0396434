// What the EVP interface offers only as macros or variadics, for the target Tokens and its tests.
#ifndef RINGFENCE_EVP_SHIM_H
#define RINGFENCE_EVP_SHIM_H
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>

// EVP_PKEY_Q_keygen takes variadic arguments, EVP_RSA_gen and EVP_EC_gen are macros over it.
static inline EVP_PKEY *rf_evp_generate_rsa(size_t bits) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "RSA", bits);
}
static inline EVP_PKEY *rf_evp_generate_ec(const char *curve) {
    return EVP_PKEY_Q_keygen(NULL, NULL, "EC", curve);
}
static inline EVP_PKEY *rf_evp_generate(const char *type) {
    return EVP_PKEY_Q_keygen(NULL, NULL, type);
}
// The bytes of a memory BIO; BIO_get_mem_data is a macro over BIO_ctrl.
static inline long rf_evp_memory(BIO *bio, char **bytes) {
    return BIO_get_mem_data(bio, bytes);
}
#endif
