/* A ChaCha20 stream by libsodium: the same on every machine and compiler. */
#include "tests/lib/prng.h"

#include <string.h>

#include <sodium.h>

void prng_init(struct prng *prng, uint64_t seed)
{
    prng->seed = seed;
    prng->block = 0;
    prng->used = sizeof prng->bytes;
}

static void refill(struct prng *prng)
{
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    memcpy(seed, &prng->seed, sizeof prng->seed);
    memcpy(seed + sizeof prng->seed, &prng->block, sizeof prng->block);
    randombytes_buf_deterministic(prng->bytes, sizeof prng->bytes, seed);
    prng->block++;
    prng->used = 0;
}

void prng_bytes(struct prng *prng, void *out, size_t len)
{
    uint8_t *at = out;
    for (size_t i = 0; i < len; i++) {
        if (prng->used == sizeof prng->bytes) {
            refill(prng);
        }
        at[i] = prng->bytes[prng->used++];
    }
}

uint64_t prng_next(struct prng *prng)
{
    uint64_t value;
    prng_bytes(prng, &value, sizeof value);
    return value;
}

uint64_t prng_below(struct prng *prng, uint64_t bound)
{
    return prng_next(prng) % bound;
}

uint64_t prng_any_size(struct prng *prng)
{
    return prng_next(prng) >> prng_below(prng, 64);
}
