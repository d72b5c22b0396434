/* Tokens for the bench, one a line, quickly: mint ALGORITHM KEY COUNT TENANTS EXPIRES
 *
 * ALGORITHM is RS256 or ES256 (KEY is a PEM file) or HS256 (KEY holds the secret, used as it is).
 * Token i acts for tenant i modulo TENANTS and is unlike all others by its `jti`.
 */
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t base64url(char *out, const unsigned char *bytes, size_t count) {
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    size_t length = 0;
    for (size_t i = 0; i < count; i += 3) {
        unsigned group = bytes[i] << 16;
        if (i + 1 < count) group |= bytes[i + 1] << 8;
        if (i + 2 < count) group |= bytes[i + 2];
        out[length++] = letters[group >> 18];
        out[length++] = letters[group >> 12 & 63];
        if (i + 1 < count) out[length++] = letters[group >> 6 & 63];
        if (i + 2 < count) out[length++] = letters[group & 63];
    }
    return length;
}

static EVP_PKEY *key_of(const char *algorithm, const char *path) {
    FILE *file = fopen(path, "r");
    if (!file) return NULL;
    EVP_PKEY *key = NULL;
    if (!strcmp(algorithm, "RS256") || !strcmp(algorithm, "ES256")) {
        key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
    } else {
        unsigned char secret[1024];
        size_t count = fread(secret, 1, sizeof secret, file);
        key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, secret, count);
    }
    fclose(file);
    return key;
}

/* R || S of RFC 7518 in place of the DER of an ECDSA signature of P-256; 0 when it is none. */
static size_t halves(unsigned char *signature, size_t length) {
    const unsigned char *place = signature;
    ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &place, length);
    int written = pair ? BN_bn2binpad(ECDSA_SIG_get0_r(pair), signature, 32) == 32 &&
                             BN_bn2binpad(ECDSA_SIG_get0_s(pair), signature + 32, 32) == 32
                       : 0;
    ECDSA_SIG_free(pair);
    return written ? 64 : 0;
}

int main(int count, char **words) {
    if (count != 6) {
        fprintf(stderr, "usage: mint RS256|ES256|HS256 KEY COUNT TENANTS EXPIRES\n");
        return 64;
    }
    EVP_PKEY *key = key_of(words[1], words[2]);
    if (!key) {
        fprintf(stderr, "mint: no key in %s\n", words[2]);
        return 1;
    }
    long tokens = atol(words[3]), tenants = atol(words[4]);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    for (long i = 0; i < tokens; i++) {
        char head[128], claims[512], token[2048];
        unsigned char signature[1024];
        size_t signed_bytes = sizeof signature;
        int head_bytes = snprintf(head, sizeof head,
                                  "{\"alg\":\"%s\",\"typ\":\"JWT\",\"kid\":\"k1\"}", words[1]);
        int claim_bytes = snprintf(
            claims, sizeof claims,
            "{\"iss\":\"https://idp.bench/\",\"aud\":\"bench\",\"sub\":\"user-%ld@example.com\","
            "\"tenant_id\":\"tenant-%07ld\",\"tier\":\"ENTERPRISE\",\"role\":\"admin\","
            "\"jti\":\"%016lx\",\"iat\":%ld,\"exp\":%s}",
            i % 1000, i % tenants, i, (long)time(NULL), words[5]);
        unsigned char *text = (unsigned char *)token;
        size_t length = base64url(token, (unsigned char *)head, head_bytes);
        token[length++] = '.';
        length += base64url(token + length, (unsigned char *)claims, claim_bytes);
        if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
            EVP_DigestSign(context, signature, &signed_bytes, text, length) != 1) {
            fprintf(stderr, "mint: signing failed\n");
            return 1;
        }
        EVP_MD_CTX_reset(context);
        if (words[1][0] == 'E' && !(signed_bytes = halves(signature, signed_bytes))) {
            fprintf(stderr, "mint: no signature of P-256\n");
            return 1;
        }
        token[length++] = '.';
        length += base64url(token + length, signature, signed_bytes);
        token[length++] = '\n';
        fwrite(token, 1, length, stdout);
    }
    return 0;
}
