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

/* Is it one of the numbers (32 bytes, little-endian), the top bit aside? */
static bool is_one_of(const struct hash *key, const struct hash *numbers, size_t count)
{
    struct hash number = *key;
    number.bytes[31] &= 0x7f;
    for (size_t i = 0; i < count; i++) {
        if (hash_equal(&number, &numbers[i])) {
            return true;
        }
    }
    return false;
}

/* Canonical: y below the prime. Not of small order: the eight such points have five y: 1, -1, 0
 * and the two of order eight. Adding by libsodium refuses what is not on the curve. A key with a
 * small-order part beside a large one is not refused: verification treats it alike everywhere. */
bool sign_key_is_acceptable(const struct hash *public_key)
{
    static const struct hash small_order[] = {
        {{0}},
        {{1}},
        {{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
        {{0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
          0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
          0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05}},
        {{0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
          0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
          0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a}},
    };
    struct hash sum;
    return is_below_prime(public_key) &&
           !is_one_of(public_key, small_order, sizeof small_order / sizeof *small_order) &&
           crypto_core_ed25519_add(sum.bytes, public_key->bytes, public_key->bytes) == 0;
}

/* Canonical: top bit clear and below the prime (RFC 7748 reads others, but then one key has two
 * names). Not of small order: u is 0, 1, -1 or one of order eight (RFC 7748, section 6.1: the
 * shared secret would be zero); every other u is a point of the curve or of its twist. */
bool transport_key_is_acceptable(const struct hash *public_key)
{
    static const struct hash small_order[] = {
        {{0}},
        {{1}},
        {{0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
          0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}},
        {{0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
          0xfa, 0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
          0xb1, 0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0x00}},
        {{0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
          0x55, 0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
          0x8e, 0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57}},
    };
    return (public_key->bytes[31] & 0x80) == 0 && is_below_prime(public_key) &&
           !is_one_of(public_key, small_order, sizeof small_order / sizeof *small_order);
}

void random_bytes(void *out, size_t len)
{
    randombytes_buf(out, len);
}
