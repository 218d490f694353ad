/* SHA-256 and HMAC-SHA-256, and the 32-byte value that they give.
 *
 * SHA-256 is libcrypto's through EVP, fetched once and its context reused (0.6 us a leaf; the
 * one-shot calls cost 2.3): measured 5 to 8 times faster than libsodium's. Not thread-safe: one
 * thread uses it (the node is single-threaded). */
#ifndef SATCHA_PROTO_HASH_H
#define SATCHA_PROTO_HASH_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/bytes.h"
#include "proto/limits.h"

/* A hash, a root, a group id, a public key: 32 bytes compared as bytes. */
struct hash {
    uint8_t bytes[HASH_BYTES];
};

/* One-time set-up of libsodium and of the digest; safe to call again. Every program and test
 * calls it first. Aborts only when the libraries are unusable (a broken installation). */
void crypto_init(void);

/* SHA-256 of the concatenation of up to `count` parts. */
void hash_parts(struct hash *out, const struct bytes *parts, unsigned count);
void hash_of(struct hash *out, struct bytes data);
void hash_hmac(struct hash *out, struct bytes key, struct bytes data);

int hash_compare(const struct hash *a, const struct hash *b); /* memcmp order */
bool hash_equal(const struct hash *a, const struct hash *b);
bool hash_is_zero(const struct hash *a);
struct bytes hash_view(const struct hash *a);

#endif
