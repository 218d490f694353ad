/* Keys and signatures on libsodium: Ed25519 for heads and approvals, X25519 for transport.
 *
 * Verification is crypto_sign_verify_detached for every node alike, so that there is one verdict
 * (the CCTV vectors pin it); a small-order or non-canonical public key is refused where it is
 * declared (genesis, amend, roster). */
#ifndef SATCHA_PROTO_SIGN_H
#define SATCHA_PROTO_SIGN_H

#include "proto/err.h"
#include "proto/hash.h"

enum { SIGNATURE_BYTES = 64, SEED_BYTES = 32 };

struct signature {
    uint8_t bytes[SIGNATURE_BYTES];
};

/* An Ed25519 key pair; wiped with sign_key_wipe. */
struct sign_key {
    struct hash public_key;
    uint8_t secret[64];
};

/* An X25519 key pair for Noise. */
struct transport_key {
    struct hash public_key;
    uint8_t secret[32];
};

void sign_key_from_seed(struct sign_key *key, const uint8_t seed[SEED_BYTES]);
void sign_key_wipe(struct sign_key *key);
void transport_key_from_seed(struct transport_key *key, const uint8_t seed[SEED_BYTES]);
void transport_key_wipe(struct transport_key *key);

/* Sub-keys of a home's one 32-byte seed (crypto_kdf, context "satcha.1"): so that the recovery
 * phrase alone brings back every key. `generation` counts key changes from 0. */
enum seed_purpose { SEED_SIGNING = 1, SEED_TRANSPORT = 2, SEED_OPERATION_TAG = 3 };
void seed_derive(const uint8_t seed[SEED_BYTES], enum seed_purpose purpose, uint32_t generation,
                 uint8_t out[SEED_BYTES]);

void sign_message(struct signature *out, const struct sign_key *key, struct bytes message);
bool MUST_USE sign_verify(const struct signature *signature, const struct hash *public_key,
                          struct bytes message);
/* May this key be declared: canonical, not of small order. */
bool sign_key_is_acceptable(const struct hash *public_key);
bool transport_key_is_acceptable(const struct hash *public_key);

void random_bytes(void *out,
                  size_t len); /* the only source of randomness; proto takes it as input */

#endif
