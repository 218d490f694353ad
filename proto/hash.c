/* SHA-256 by libcrypto, HMAC by libsodium. The digest is fetched once and one context is reused:
 * looking the algorithm up costs several times what hashing an entry does. */
#include "proto/hash.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <sodium.h>

static EVP_MD *sha256;         /* set once by crypto_init, for the life of the process */
static EVP_MD_CTX *sha256_run; /* reused by every call: one thread */

void crypto_init(void)
{
    if (sha256_run != NULL) {
        return;
    }
    if (sodium_init() < 0) {
        abort();
    }
    sha256 = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    sha256_run = EVP_MD_CTX_new();
    if (sha256 == NULL || sha256_run == NULL) {
        abort();
    }
}

/* After set-up these calls only compute; a failure would mean a broken library. */
static void must(int result)
{
    if (result != 1) {
        abort();
    }
}

void hash_parts(struct hash *out, const struct bytes *parts, unsigned count)
{
    assert(sha256_run != NULL); /* crypto_init comes first */
    must(EVP_DigestInit_ex2(sha256_run, sha256, NULL));
    for (unsigned i = 0; i < count; i++) {
        must(EVP_DigestUpdate(sha256_run, parts[i].data, parts[i].len));
    }
    must(EVP_DigestFinal_ex(sha256_run, out->bytes, NULL));
}

void hash_of(struct hash *out, struct bytes data)
{
    hash_parts(out, &data, 1);
}

void hash_hmac(struct hash *out, struct bytes key, struct bytes data)
{
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.data, key.len);
    crypto_auth_hmacsha256_update(&state, data.data, data.len);
    crypto_auth_hmacsha256_final(&state, out->bytes);
    sodium_memzero(&state, sizeof state);
}

int hash_compare(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_BYTES);
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return hash_compare(a, b) == 0;
}

bool hash_is_zero(const struct hash *a)
{
    static const struct hash zero;
    return hash_equal(a, &zero);
}

struct bytes hash_view(const struct hash *a)
{
    return bytes_of(a->bytes, HASH_BYTES);
}
