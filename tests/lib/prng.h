/* Pseudo-random values that a seed gives again: a test that fails prints its seed. */
#ifndef SATCHA_TESTS_LIB_PRNG_H
#define SATCHA_TESTS_LIB_PRNG_H

#include <stddef.h>
#include <stdint.h>

struct prng {
    uint64_t seed;
    uint64_t block; /* how many blocks were drawn */
    size_t used;    /* bytes used of `bytes` */
    uint8_t bytes[1024];
};

void prng_init(struct prng *prng, uint64_t seed);
uint64_t prng_next(struct prng *prng);
uint64_t prng_below(struct prng *prng, uint64_t bound); /* 0 .. bound - 1; bound > 0 */
/* A value whose size in bits is itself drawn, so that small and large ones are as frequent. */
uint64_t prng_any_size(struct prng *prng);
void prng_bytes(struct prng *prng, void *out, size_t len);

#endif
