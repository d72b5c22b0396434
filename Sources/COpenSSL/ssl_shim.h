// TLS: what of libssl are macros in C, and the three callbacks that must be cheap or must be C (the
// socket BIO, the message watch, the ALPN choice).
#ifndef RINGFENCE_SSL_SHIM_H
#define RINGFENCE_SSL_SHIM_H

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

// ---------------------------------------------------------------- the socket under one session

// Why the session must end although OpenSSL itself would go on; kept in rf_tls_transport.violation.
enum {
    RF_TLS_NO_VIOLATION = 0,
    RF_TLS_HANDSHAKE_TOO_LARGE = 1,
    RF_TLS_EMPTY_RECORD_FLOOD = 2,
    RF_TLS_POST_HANDSHAKE_FLOOD = 3,
    RF_TLS_ALERT_FLOOD = 4,
    RF_TLS_RENEGOTIATION = 5,
};

// One per session, shared by the BIO, the message watch and the Swift owner; never by two threads.
struct rf_tls_transport {
    int32_t descriptor;
    int32_t error;         // errno of the call that failed for good, 0 before
    uint32_t violation;
    uint8_t drained;       // the last recv came back short: no recv before the next socket event
    uint8_t end_pending;   // the peer's FIN or an error is queued: short reads prove nothing
    uint8_t ended;         // recv returned 0
    uint8_t established;   // the handshake is done
    uint8_t name_matched;  // a certificate was chosen by the server name
    uint8_t cleared;       // the session no longer serves what its context does
    uint8_t ticket_next;   // of the handshake only the ticket is left to send
    uint8_t end_next;      // nothing follows but close_notify and the end of the socket
    uint8_t more_follows;  // another record is written right behind this one

    uint32_t empty_record_bytes;  // record length of an empty message under the negotiated cipher
    uint32_t empty_records;
    uint32_t post_handshake_messages;
    uint32_t warning_alerts;

    uint32_t empty_records_max;
    uint32_t post_handshake_messages_max;
    uint32_t warning_alerts_max;
    uint32_t client_hello_bytes_max;
    uint64_t handshake_bytes_max;

    uint64_t receive_calls;
    uint64_t send_calls;
    uint64_t bytes_received;
    uint64_t bytes_sent;
};

// Empties this thread's error queue. Looking first costs an eighth of clearing what is empty.
static inline void rf_clear_errors(void) {
    if (ERR_peek_error() != 0) ERR_clear_error();
}

static inline void rf_tls_violate(struct rf_tls_transport *t, uint32_t violation) {
    if (t->violation == RF_TLS_NO_VIOLATION) t->violation = violation;
}

// MSG_DONTWAIT: a descriptor left blocking by mistake must not stop a worker thread.
static inline int rf_tls_bio_read(BIO *bio, char *out, int size) {
    struct rf_tls_transport *t = (struct rf_tls_transport *)BIO_get_data(bio);
    ssize_t count;
    BIO_clear_retry_flags(bio);
    // Ends the loop inside OpenSSL too: a fast flood would otherwise keep one SSL_read busy.
    if (t->violation != RF_TLS_NO_VIOLATION) return -1;
    if (t->drained) {
        BIO_set_retry_read(bio);
        return -1;
    }
    do {
        count = recv(t->descriptor, out, (size_t)size, MSG_DONTWAIT);
        t->receive_calls += 1;
    } while (count < 0 && errno == EINTR);
    if (count > 0) {
        t->bytes_received += (uint64_t)count;
        if (count < size && !t->end_pending) t->drained = 1;
        if (!t->established && t->bytes_received > t->handshake_bytes_max) {
            rf_tls_violate(t, RF_TLS_HANDSHAKE_TOO_LARGE);
            return -1;
        }
        return (int)count;
    }
    if (count == 0) {
        t->ended = 1;
        return 0;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        t->drained = 1;
        BIO_set_retry_read(bio);
        return -1;
    }
    t->error = errno;
    return -1;
}

static inline int rf_tls_bio_write(BIO *bio, const char *bytes, int size) {
    struct rf_tls_transport *t = (struct rf_tls_transport *)BIO_get_data(bio);
    ssize_t count;
    int flags = MSG_NOSIGNAL | MSG_DONTWAIT;
    // The kernel keeps the last piece for what follows, so that one segment carries both: a record
    // for the next one, a ticket for the first answer, the last answer for the FIN. It waits 200 ms
    // at most.
    if (t->more_follows || t->end_next || (t->ticket_next && !t->established)) flags |= MSG_MORE;
    BIO_clear_retry_flags(bio);
    do {
        count = send(t->descriptor, bytes, (size_t)size, flags);
        t->send_calls += 1;
    } while (count < 0 && errno == EINTR);
    if (count >= 0) {
        t->bytes_sent += (uint64_t)count;
        return (int)count;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
        BIO_set_retry_write(bio);
        return -1;
    }
    t->error = errno;
    return -1;
}

static inline long rf_tls_bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    (void)pointer;
    switch (command) {
    case BIO_CTRL_FLUSH: return 1;
    // How OpenSSL tells the end of the socket from an error.
    case BIO_CTRL_EOF: return ((struct rf_tls_transport *)BIO_get_data(bio))->ended;
    default: return 0;
    }
}

// Made once per process and never freed. NULL when out of memory.
static inline BIO_METHOD *rf_tls_bio_method(void) {
    int type = BIO_get_new_index();
    BIO_METHOD *method;
    if (type == -1) return NULL;
    method = BIO_meth_new(type | BIO_TYPE_SOURCE_SINK, "socket");
    if (method == NULL) return NULL;
    if (BIO_meth_set_read(method, rf_tls_bio_read) != 1
        || BIO_meth_set_write(method, rf_tls_bio_write) != 1
        || BIO_meth_set_ctrl(method, rf_tls_bio_control) != 1) {
        BIO_meth_free(method);
        return NULL;
    }
    return method;
}

// Sees every record header and message. It counts what costs us work and the peer nothing; OpenSSL
// itself stops only at runs of such messages, so one useful byte in between resets it.
static inline void rf_tls_watch(
    int sent, int version, int type, const void *buffer, size_t length, SSL *ssl, void *argument) {
    struct rf_tls_transport *t = (struct rf_tls_transport *)argument;
    const unsigned char *bytes = (const unsigned char *)buffer;
    (void)version;
    if (sent) {
        // OpenSSL answers a renegotiation with this warning and would go on.
        if (type == SSL3_RT_ALERT && length == 2 && bytes[1] == SSL_AD_NO_RENEGOTIATION)
            rf_tls_violate(t, RF_TLS_RENEGOTIATION);
        return;
    }
    switch (type) {
    case SSL3_RT_HEADER:
        if (t->established && length == SSL3_RT_HEADER_LENGTH
            && bytes[0] == SSL3_RT_APPLICATION_DATA
            && (((uint32_t)bytes[3] << 8) | bytes[4]) == t->empty_record_bytes
            && ++t->empty_records > t->empty_records_max)
            rf_tls_violate(t, RF_TLS_EMPTY_RECORD_FLOOD);
        break;
    case SSL3_RT_HANDSHAKE:
        if (t->established) {
            if (++t->post_handshake_messages > t->post_handshake_messages_max)
                rf_tls_violate(t, RF_TLS_POST_HANDSHAKE_FLOOD);
        } else if (bytes[0] == SSL3_MT_FINISHED) {
            // In TLS 1.2 the client waits for what the server then sends.
            t->ticket_next = SSL_is_server(ssl) && SSL_version(ssl) == TLS1_3_VERSION;
        } else if (length > t->client_hello_bytes_max && bytes[0] == SSL3_MT_CLIENT_HELLO) {
            rf_tls_violate(t, RF_TLS_HANDSHAKE_TOO_LARGE);
        }
        break;
    case SSL3_RT_ALERT:
        if (length == 2 && bytes[0] == SSL3_AL_WARNING && bytes[1] != SSL_AD_CLOSE_NOTIFY
            && ++t->warning_alerts > t->warning_alerts_max)
            rf_tls_violate(t, RF_TLS_ALERT_FLOOD);
        break;
    default: break;
    }
}

// Puts `transport` under `ssl`; 1 on success.
static inline int rf_tls_attach(
    SSL *ssl, const BIO_METHOD *method, struct rf_tls_transport *transport) {
    BIO *bio = BIO_new(method);
    if (bio == NULL) return 0;
    BIO_set_data(bio, transport);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl, bio, bio);
    SSL_set_msg_callback(ssl, rf_tls_watch);
    SSL_set_msg_callback_arg(ssl, transport);
    return SSL_set_app_data(ssl, transport);
}

// ---------------------------------------------------------------- contexts

// The wire form of an ALPN list (RFC 7301 section 3.1).
struct rf_tls_protocols {
    uint32_t length;
    unsigned char bytes[255];
};

// No common protocol ends the handshake (RFC 7301 section 3.2): a cross-protocol attack needs a
// server that goes on. A client without the extension never comes here.
static inline int rf_tls_choose_protocol(
    SSL *ssl, const unsigned char **out, unsigned char *out_length, const unsigned char *offered,
    unsigned int offered_length, void *argument) {
    const struct rf_tls_protocols *own = (const struct rf_tls_protocols *)argument;
    (void)ssl;
    if (SSL_select_next_proto(
            (unsigned char **)out, out_length, own->bytes, own->length, offered, offered_length)
        == OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_OK;
    return SSL_TLSEXT_ERR_ALERT_FATAL;
}

static inline void rf_tls_set_protocols(SSL_CTX *context, struct rf_tls_protocols *own) {
    SSL_CTX_set_alpn_select_cb(context, rf_tls_choose_protocol, own);
}

// SSL_OP_* and SSL_MODE_* are function-like macros. SSL_OP_IGNORE_UNEXPECTED_EOF is left out on
// purpose: truncation must be seen.
static inline void rf_tls_harden(SSL_CTX *context) {
    SSL_CTX_set_options(
        context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE
            | SSL_OP_PRIORITIZE_CHACHA);
    SSL_CTX_clear_options(context, SSL_OP_IGNORE_UNEXPECTED_EOF | SSL_OP_LEGACY_SERVER_CONNECT);
    SSL_CTX_set_mode(
        context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE
            | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context, 1);
}

static inline int rf_tls_set_versions(SSL_CTX *context, int lowest, int highest) {
    return SSL_CTX_set_min_proto_version(context, lowest)
        && SSL_CTX_set_max_proto_version(context, highest);
}

static inline int rf_tls_set_groups(SSL_CTX *context, const char *list) {
    return (int)SSL_CTX_set1_groups_list(context, list);
}

static inline void rf_tls_set_session_cache(SSL_CTX *context, int on_client) {
    SSL_CTX_set_session_cache_mode(
        context,
        on_client ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
}

typedef int (*rf_tls_name_callback)(SSL *, int *, void *);
static inline void rf_tls_set_name_callback(
    SSL_CTX *context, rf_tls_name_callback callback, void *argument) {
    SSL_CTX_set_tlsext_servername_callback(context, callback);
    SSL_CTX_set_tlsext_servername_arg(context, argument);
}

typedef int (*rf_tls_ticket_callback)(
    SSL *, unsigned char *, unsigned char *, EVP_CIPHER_CTX *, EVP_MAC_CTX *, int);
static inline int rf_tls_set_ticket_callback(SSL_CTX *context, rf_tls_ticket_callback callback) {
    return (int)SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
}

static inline int rf_tls_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline void rf_tls_refuse_ticket(SSL *ssl) { SSL_set_options(ssl, SSL_OP_NO_TICKET); }

// ---------------------------------------------------------------- tickets

struct rf_tls_ticket_key {
    unsigned char name[16];
    unsigned char cipher_key[32];
    unsigned char mac_key[32];
};

static inline int rf_tls_ticket_key_make(struct rf_tls_ticket_key *key) {
    return RAND_bytes(key->name, sizeof key->name) == 1
        && RAND_priv_bytes(key->cipher_key, sizeof key->cipher_key) == 1
        && RAND_priv_bytes(key->mac_key, sizeof key->mac_key) == 1;
}

static inline int rf_tls_ticket_key_is_named(
    const struct rf_tls_ticket_key *key, const unsigned char *name) {
    return memcmp(key->name, name, sizeof key->name) == 0;
}

// AES-256-CBC then HMAC-SHA-256, what RFC 5077 section 4 recommends and OpenSSL frames. 1 on
// success.
static inline int rf_tls_ticket_arm(
    const struct rf_tls_ticket_key *key, unsigned char *name, unsigned char *iv,
    EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac, int sealing) {
    OSSL_PARAM parameters[3];
    parameters[0] = OSSL_PARAM_construct_octet_string(
        OSSL_MAC_PARAM_KEY, (void *)key->mac_key, sizeof key->mac_key);
    parameters[1] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0);
    parameters[2] = OSSL_PARAM_construct_end();
    if (EVP_MAC_CTX_set_params(mac, parameters) != 1) return 0;
    if (sealing) {
        if (RAND_bytes(iv, 16) != 1) return 0;
        memcpy(name, key->name, sizeof key->name);
    }
    return EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), NULL, key->cipher_key, iv, sealing);
}

// ---------------------------------------------------------------- certificates and keys

// Never asks a terminal: an encrypted key is an error, noted in the int `asked` points to.
static inline int rf_pem_refuse_password(char *out, int size, int writing, void *asked) {
    (void)out;
    (void)size;
    (void)writing;
    if (asked != NULL) *(int *)asked = 1;
    return -1;
}

static inline X509 *rf_pem_read_certificate(BIO *bio) {
    return PEM_read_bio_X509(bio, NULL, rf_pem_refuse_password, NULL);
}

static inline X509_CRL *rf_pem_read_revocations(BIO *bio) {
    return PEM_read_bio_X509_CRL(bio, NULL, rf_pem_refuse_password, NULL);
}

// Every certificate of a chain is looked for in the list of whoever signed it; without such a list,
// or with one that is out of date, the chain is refused.
static inline int rf_store_check_revocations(X509_STORE *store) {
    return X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

static inline EVP_PKEY *rf_pem_read_key(BIO *bio, int *asked) {
    return PEM_read_bio_PrivateKey(bio, NULL, rf_pem_refuse_password, asked);
}

// Whether a text holds a private key block at all, readable or not: the decoder answers
// "unsupported" to both.
static inline int rf_pem_has_key(BIO *bio) {
    static const char kind[] = "PRIVATE KEY";
    const size_t kind_length = sizeof kind - 1;
    char *name = NULL, *header = NULL;
    unsigned char *bytes = NULL;
    long length = 0;
    int found = 0;
    ERR_set_mark();
    while (!found && PEM_read_bio(bio, &name, &header, &bytes, &length) == 1) {
        size_t name_length = strlen(name);
        found = name_length >= kind_length
            && strcmp(name + name_length - kind_length, kind) == 0;
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_clear_free(bytes, (size_t)length);
    }
    // A block that is cut or garbled is there as well.
    if (!found) found = ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE;
    ERR_pop_to_mark();
    return found;
}

static inline long rf_bio_content(BIO *bio, char **bytes) { return BIO_get_mem_data(bio, bytes); }

typedef STACK_OF(X509) rf_x509_chain;
static inline rf_x509_chain *rf_x509_chain_new(void) { return sk_X509_new_null(); }
static inline int rf_x509_chain_count(const rf_x509_chain *chain) { return sk_X509_num(chain); }
// Takes `certificate` over on success.
static inline int rf_x509_chain_push(rf_x509_chain *chain, X509 *certificate) {
    return sk_X509_push(chain, certificate) > 0;
}
static inline void rf_x509_chain_free(rf_x509_chain *chain) { sk_X509_pop_free(chain, X509_free); }

// Seconds since 1970; 1 on success.
static inline int rf_asn1_seconds(const ASN1_TIME *time, int64_t *seconds) {
    struct tm parts;
    memset(&parts, 0, sizeof parts);
    if (ASN1_TIME_to_tm(time, &parts) != 1) return 0;
    *seconds = (int64_t)timegm(&parts);
    return 1;
}

typedef GENERAL_NAMES rf_names;
static inline rf_names *rf_names_of(const X509 *certificate) {
    return (rf_names *)X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
}
static inline int rf_names_count(const rf_names *names) { return sk_GENERAL_NAME_num(names); }
// The bytes of one DNS name, NULL when the entry is of another kind.
static inline const unsigned char *rf_names_dns(const rf_names *names, int index, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (name == NULL || name->type != GEN_DNS) return NULL;
    *length = ASN1_STRING_length(name->d.dNSName);
    return ASN1_STRING_get0_data(name->d.dNSName);
}
// The bytes of one URI, NULL when the entry is of another kind.
static inline const unsigned char *rf_names_uri(const rf_names *names, int index, int *length) {
    const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, index);
    if (name == NULL || name->type != GEN_URI) return NULL;
    *length = ASN1_STRING_length(name->d.uniformResourceIdentifier);
    return ASN1_STRING_get0_data(name->d.uniformResourceIdentifier);
}
static inline void rf_names_free(rf_names *names) { GENERAL_NAMES_free(names); }
static inline rf_names *rf_names_new(void) { return sk_GENERAL_NAME_new_null(); }

// Adds an IP address when `text` is one, else a DNS name; 1 on success.
static inline int rf_names_push(rf_names *names, const char *text) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_OCTET_STRING *address;
    if (name == NULL) return 0;
    ERR_set_mark();
    address = a2i_IPADDRESS(text);
    ERR_pop_to_mark();
    if (address != NULL) {
        GENERAL_NAME_set0_value(name, GEN_IPADD, address);
    } else {
        ASN1_IA5STRING *dns = ASN1_IA5STRING_new();
        if (dns == NULL || ASN1_STRING_set(dns, text, -1) != 1) {
            ASN1_IA5STRING_free(dns);
            GENERAL_NAME_free(name);
            return 0;
        }
        GENERAL_NAME_set0_value(name, GEN_DNS, dns);
    }
    if (sk_GENERAL_NAME_push(names, name) > 0) return 1;
    GENERAL_NAME_free(name);
    return 0;
}

static inline int rf_is_ip_address(const char *text) {
    ASN1_OCTET_STRING *address;
    ERR_set_mark();
    address = a2i_IPADDRESS(text);
    ERR_pop_to_mark();
    ASN1_OCTET_STRING_free(address);
    return address != NULL;
}

static inline int rf_x509_set_names(X509 *certificate, rf_names *names) {
    return X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT);
}

// `value` is ours, never the user's: the syntax of openssl.cnf has its own escapes.
static inline int rf_x509_set_extension(X509 *certificate, int nid, const char *value) {
    X509V3_CTX context;
    X509_EXTENSION *extension;
    int result;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, certificate, certificate, NULL, NULL, 0);
    extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    if (extension == NULL) return 0;
    result = X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
    return result;
}

static inline EVP_PKEY *rf_make_p256_key(void) { return EVP_EC_gen("P-256"); }

// Adds a URI; 1 on success.
static inline int rf_names_push_uri(rf_names *names, const char *text) {
    GENERAL_NAME *name = GENERAL_NAME_new();
    ASN1_IA5STRING *uri = ASN1_IA5STRING_new();
    if (name == NULL || uri == NULL || ASN1_STRING_set(uri, text, -1) != 1) {
        ASN1_IA5STRING_free(uri);
        GENERAL_NAME_free(name);
        return 0;
    }
    GENERAL_NAME_set0_value(name, GEN_URI, uri);
    if (sk_GENERAL_NAME_push(names, name) > 0) return 1;
    GENERAL_NAME_free(name);
    return 0;
}

// Clients may show a certificate that an authority of `store` vouches for; one that shows a bad
// one is refused. The session takes a reference of `store`, and copies the names.
static inline int rf_tls_ask_certificate(
    SSL *ssl, X509_STORE *store, const STACK_OF(X509_NAME) *names, int is_required) {
    STACK_OF(X509_NAME) *copy = SSL_dup_CA_list(names);
    if (copy == NULL) return 0;
    SSL_set0_CA_list(ssl, copy);
    SSL_set_verify(
        ssl, SSL_VERIFY_PEER | (is_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
    return (int)SSL_set1_verify_cert_store(ssl, store);
}

typedef STACK_OF(X509_NAME) rf_authority_names;
static inline rf_authority_names *rf_authority_names_new(void) { return sk_X509_NAME_new_null(); }
static inline int rf_authority_names_add(rf_authority_names *names, const X509 *certificate) {
    X509_NAME *name = X509_NAME_dup(X509_get_subject_name(certificate));
    if (name == NULL) return 0;
    if (sk_X509_NAME_push(names, name) > 0) return 1;
    X509_NAME_free(name);
    return 0;
}
static inline void rf_authority_names_free(rf_authority_names *names) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
}

#endif
