/* Ed25519 and X25519 keys, signatures, key derivation and randomness: libsodium. */
#include "proto/sign.h"

#include <string.h>

#include <sodium.h>

_Static_assert(SIGNATURE_BYTES == crypto_sign_BYTES, "an Ed25519 signature");
_Static_assert(SEED_BYTES == crypto_sign_SEEDBYTES, "the seed of a signing key");
_Static_assert(SEED_BYTES == crypto_kdf_KEYBYTES, "the seed that sub-keys come from");
_Static_assert(SEED_BYTES == crypto_scalarmult_SCALARBYTES, "the seed of a transport key");

void sign_key_from_seed(struct sign_key *key, const uint8_t seed[SEED_BYTES])
{
    (void)crypto_sign_seed_keypair(key->public_key.bytes, key->secret, seed);
}

void sign_key_random(struct sign_key *key)
{
    (void)crypto_sign_keypair(key->public_key.bytes, key->secret);
}

void sign_key_wipe(struct sign_key *key)
{
    sodium_memzero(key, sizeof *key);
}

/* The seed is the X25519 scalar itself, clamped where it is used (RFC 7748, section 5). */
void transport_key_from_seed(struct transport_key *key, const uint8_t seed[SEED_BYTES])
{
    memcpy(key->secret, seed, SEED_BYTES);
    (void)crypto_scalarmult_base(key->public_key.bytes, key->secret);
}

void transport_key_wipe(struct transport_key *key)
{
    sodium_memzero(key, sizeof *key);
}

void seed_derive(const uint8_t seed[SEED_BYTES], enum seed_purpose purpose, uint32_t generation,
                 uint8_t out[SEED_BYTES])
{
    uint64_t subkey = (uint64_t)purpose << 32 | generation;
    (void)crypto_kdf_derive_from_key(out, SEED_BYTES, subkey, "satcha.1", seed);
}

void sign_message(struct signature *out, const struct sign_key *key, struct bytes message)
{
    (void)crypto_sign_detached(out->bytes, NULL, message.data, message.len, key->secret);
}

bool sign_verify(const struct signature *signature, const struct hash *public_key,
                 struct bytes message)
{
    return crypto_sign_verify_detached(signature->bytes, message.data, message.len,
                                       public_key->bytes) == 0;
}

/* Are the low 255 bits, little-endian, below the field's prime 2^255 - 19? */
static bool is_below_prime(const struct hash *key)
{
    if ((key->bytes[31] & 0x7f) != 0x7f || key->bytes[0] < 0xed) {
        return true;
    }
    for (unsigned i = 1; i < 31; i++) {
        if (key->bytes[i] != 0xff) {
            return true;
        }
    }
    return false;
}

/* Canonical: y below the prime. Not of small order: eight times the point is not the neutral
 * element (y = 1). Doubling by libsodium also refuses what is not on the curve. A key with a
 * small-order part beside a large one is not refused: verification treats it alike everywhere. */
bool sign_key_is_acceptable(const struct hash *public_key)
{
    static const struct hash neutral = {{1}};
    if (!is_below_prime(public_key)) {
        return false;
    }
    struct hash point = *public_key;
    for (unsigned doubling = 0; doubling < 3; doubling++) {
        struct hash doubled;
        if (crypto_core_ed25519_add(doubled.bytes, point.bytes, point.bytes) != 0) {
            return false;
        }
        point = doubled;
    }
    return !hash_equal(&point, &neutral);
}

/* Canonical: top bit clear and below the prime (RFC 7748 reads others, but then one key has two
 * names). Not of small order: libsodium refuses when the shared secret would be zero. */
bool transport_key_is_acceptable(const struct hash *public_key)
{
    static const uint8_t scalar[crypto_scalarmult_SCALARBYTES] = {8};
    uint8_t shared[crypto_scalarmult_BYTES];
    return (public_key->bytes[31] & 0x80) == 0 && is_below_prime(public_key) &&
           crypto_scalarmult(shared, scalar, public_key->bytes) == 0;
}

void random_bytes(void *out, size_t len)
{
    randombytes_buf(out, len);
}
