// Digests, MACs and signatures: what of EVP are macros in C.
#ifndef RINGFENCE_EVP_SHIM_H
#define RINGFENCE_EVP_SHIM_H
#endif
